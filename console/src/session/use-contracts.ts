/** What the server says of its services, messages, errors and close codes. */
import { useCallback, useEffect, useState } from "react";
import { useSession } from "./session.tsx";

/** A JSON Schema, as far as the console reads it. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A message that clients send. */
export interface MessageContract {
  readonly name: string;
  readonly doc: string;
  /** The member that says which message it is, `{type: "start"}`. Absent where it is an event with a name. */
  readonly named?: Readonly<Record<string, string>>;
  /** Who may send it while auth is on: anybody, the holder of any good token, or of one with one of these roles. */
  readonly roles: "open" | "any" | readonly string[];
  readonly schema: JsonSchema;
}

/** A service. */
export interface ServiceContract {
  readonly name: string;
  readonly doc: string;
  readonly transport: "websocket" | "socketio";
  readonly paths: readonly string[];
  /** Where a token goes: at the opening, or in a message of the protocol. */
  readonly auth: "connection" | "message";
  readonly in: readonly MessageContract[];
}

/** What a close code means, and whether a client should come back after it. */
export interface CloseMeaning {
  readonly code: number;
  readonly comeBack: "no" | "yes" | "spread" | "later" | "new-token";
  readonly meaning: string;
}

/** The answer of GET /admin/contracts. */
export interface Contracts {
  readonly services: readonly ServiceContract[];
  /** By code. */
  readonly errors: Readonly<Record<string, { readonly meaning: string; readonly retry: boolean }>>;
  readonly closes: readonly CloseMeaning[];
}

/** Asked for once, when the component appears; `retry` asks again after a failure. They do not change while the server runs. */
export function useContracts(): {
  readonly contracts: Contracts | undefined;
  readonly error: unknown;
  retry(): void;
} {
  const { fetchJson } = useSession();
  const [contracts, setContracts] = useState<Contracts>();
  const [error, setError] = useState<unknown>();
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another round asks again
  useEffect(() => {
    const left = new AbortController();
    setError(undefined);
    fetchJson<Contracts>("/admin/contracts", { signal: left.signal }).then(
      setContracts,
      (failure: unknown) => {
        if (!left.signal.aborted) setError(failure);
      },
    );
    return () => left.abort();
  }, [fetchJson, round]);
  const retry = useCallback(() => setRound((before) => before + 1), []);
  return { contracts, error, retry };
}
