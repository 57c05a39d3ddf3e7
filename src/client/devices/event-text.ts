/** Socket.IO events as the core's texts: `[name, payload]`, or `[name, payload, id]` where the server is to acknowledge it. */

import { isObject, jsonObject } from "../json-object.ts";

/** A named event with the first of its arguments. */
export interface SocketEvent {
  readonly name: string;
  readonly payload: unknown;
  /** Of a message to the server: its acknowledgement comes back as `acknowledgementText(id)`. */
  readonly id?: string;
}

/** Without a payload the event is sent without arguments. */
export function eventText(name: string, payload?: object, id?: string): string {
  if (id !== undefined) return JSON.stringify([name, payload ?? null, id]);
  return JSON.stringify(payload === undefined ? [name] : [name, payload]);
}

/** The event; undefined for a text that is none. */
export function parseEvent(text: string): SocketEvent | undefined {
  const json = parsed(text);
  if (!Array.isArray(json) || typeof json[0] !== "string") return undefined;
  return {
    name: json[0],
    payload: json[1] ?? undefined,
    ...(typeof json[2] === "string" ? { id: json[2] } : {}),
  };
}

/** What the transport tells when the server has acknowledged the event that was sent with this id: no event has this form. */
export function acknowledgementText(id: string): string {
  return JSON.stringify({ acknowledged: id });
}

/** The id; undefined for any other text. */
export function parseAcknowledgement(text: string): string | undefined {
  return textField(jsonObject(text), "acknowledged");
}

/** A payload's field where it is a text. */
export function textField(payload: unknown, name: string): string | undefined {
  const value = isObject(payload) && Object.hasOwn(payload, name) ? payload[name] : undefined;
  return typeof value === "string" ? value : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
