/** What the admin service tells of an inspection; see its contract. */

export interface Inspecting {
  readonly type: "inspecting";
  readonly connection: string;
  readonly service: string;
  readonly path: string;
  readonly address: string;
  readonly since: number;
}

interface ToldFrame {
  readonly type: "frame";
  readonly connection: string;
  readonly direction: "in" | "out";
  readonly at: number;
  readonly text: string;
  readonly bytes: number;
  readonly truncated?: true;
  readonly dropped?: number;
}

export interface ClosedConnection {
  readonly type: "closed";
  readonly connection: string;
  readonly code: number;
  readonly reason: string;
  readonly byServer: boolean;
  readonly dropped?: number;
}

interface Refusal {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
}

export type InspectorMessage = Inspecting | ToldFrame | ClosedConnection | Refusal;

/** Undefined for what is none of an inspection's. */
export function parseInspectorMessage(text: string): InspectorMessage | undefined {
  const message = JSON.parse(text) as InspectorMessage;
  return ["inspecting", "frame", "closed", "error"].includes(message.type) ? message : undefined;
}
