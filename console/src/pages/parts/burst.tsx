/** Shows that a burst of messages is rendered once. */
import { useRef, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { useExternal } from "../../parts/use-external.ts";

/** A store as the SDK's are: it changes by itself and tells who listens. */
class Counter {
  count = 0;
  readonly #listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): number => this.count;

  add(): void {
    this.count += 1;
    for (const listener of this.#listeners) listener();
  }
}

const burst = 1000;

export function Burst() {
  const [counter] = useState(() => new Counter());
  const count = useExternal(counter.subscribe, counter.snapshot);
  const renders = useRef(0);
  renders.current += 1;
  const send = () => {
    // Each in a task of its own, as messages of a socket are.
    const { port1, port2 } = new MessageChannel();
    renders.current = 0;
    let left = burst;
    port1.onmessage = () => {
      counter.add();
      left -= 1;
      if (left === 0) port1.close();
    };
    for (let at = 0; at < burst; at += 1) port2.postMessage(at);
  };
  return (
    <p className="row">
      <Button onClick={send}>A burst of {burst.toLocaleString("en")} messages</Button>
      <output>
        {count} came, rendered {renders.current} times
      </output>
    </p>
  );
}
