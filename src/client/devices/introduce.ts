/** Saying who one is to a devices server, on every new socket. */
import { SwitchboardError } from "../../wire/error.ts";
import type { Handshake } from "../attempt.ts";
import { eventText, parseEvent, textField } from "./event-text.ts";

/** A monitor that is still registered may be the same device's last connection, which the server has not yet found dead. */
const passing: ReadonlySet<string> = new Set(["monitor_id already registered"]);

/**
 * Sends `query` or `con` and resolves at its `… ok`. Rejects at its `… failed`: with `bad_message` for an invalid id and `forbidden` for everything
 * else, which do not pass by themselves, but for a monitor_id that is already registered with an error that lets the connection try again.
 */
export async function introduce(
  { send, next }: Handshake,
  name: "query" | "con",
  payload: { readonly monitor_id: string },
): Promise<void> {
  const answer = next((text) => {
    const event = parseEvent(text);
    return event?.name === `${name} ok` || event?.name === `${name} failed`;
  });
  send(eventText(name, payload));
  const event = parseEvent(await answer);
  if (event?.name === `${name} ok`) return;
  const reason = textField(event?.payload, "reason") ?? "no reason given";
  if (passing.has(reason)) throw new Error(`${name} failed: ${reason}`);
  if (reason === "Invalid monitor_id") {
    throw new SwitchboardError(
      "bad_message",
      `the server takes no monitor_id ${JSON.stringify(payload.monitor_id)}: it has 32 characters by default`,
    );
  }
  throw new SwitchboardError("forbidden", `${name} failed: ${reason}`);
}
