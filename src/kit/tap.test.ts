/** What a tap sees of a connection. */
import { describe, expect, test } from "vitest";
import type { Closed } from "./connection.ts";
import type { Encoded } from "./encoded.ts";
import { FakeLink, fakeConnection, message, settled } from "./kit.fixture.ts";
import type { Tap } from "./tap.ts";

class NotedTap implements Tap {
  readonly log: string[] = [];

  text(text: string, bytes: number): void {
    this.log.push(`in ${text} ${bytes}`);
  }

  event(name: string, payload: unknown, bytes: number): void {
    this.log.push(`in ${name} ${JSON.stringify(payload)} ${bytes}`);
  }

  wrote(messages: readonly Encoded[]): void {
    this.log.push(...messages.map(({ text }) => `out ${text}`));
  }

  closed({ code }: Closed): void {
    this.log.push(`closed ${code}`);
  }
}

/** Tells its connection of what it writes, as a transport's link does. */
class TellingLink extends FakeLink {
  connection: { wrote(messages: readonly Encoded[], bytes: number): void } | undefined;

  override write(messages: readonly Encoded[]): void {
    super.write(messages);
    this.connection?.wrote(messages, 0);
  }
}

function tapped() {
  const fakes = fakeConnection({ link: new TellingLink() });
  fakes.link.connection = fakes.connection;
  const tap = new NotedTap();
  fakes.connection.addTap(tap);
  return { ...fakes, tap };
}

describe("a tap", () => {
  test("sees what comes and what is written, in order, and the close last, behind what the close let out", async () => {
    const { connection, turn, tap } = tapped();
    connection.receiveText("hello", 5);
    connection.receiveEvent("move", { x: 1 }, 7);
    connection.deliver(message("a"));
    turn.end();
    connection.deliver(message("b"));
    connection.close("done", "");
    connection.receiveText("too late", 8);
    await settled();
    expect(tap.log).toEqual([
      "in hello 5",
      'in move {"x":1} 7',
      "out a",
      "out b",
      "in too late 8",
      "closed 1000",
    ]);
    connection.receiveText("after", 5);
    expect(tap.log).toHaveLength(6);
  });

  test("does not see what a newer message replaced in the queue", () => {
    const { connection, link, turn, tap } = tapped();
    link.slow = true;
    connection.deliver(message("fills the socket"));
    turn.end();
    connection.deliver(message("old", "k"));
    connection.deliver(message("new", "k"));
    link.unsentBytes = 0;
    connection.drained();
    expect(tap.log).toEqual(["out fills the socket", "out new"]);
  });

  test("that was taken off sees nothing more, beside one that was not", async () => {
    const { connection, tap } = tapped();
    const other = new NotedTap();
    connection.addTap(other);
    connection.removeTap(tap);
    connection.receiveText("x", 1);
    connection.peerClosed(1001, "");
    await settled();
    expect([tap.log, other.log]).toEqual([[], ["in x 1", "closed 1001"]]);
  });

  test("that comes after the end sees nothing", async () => {
    const { connection } = fakeConnection();
    connection.peerClosed(1001, "");
    const tap = new NotedTap();
    connection.addTap(tap);
    await settled();
    expect(tap.log).toEqual([]);
  });
});
