/** A user who sends commands to one monitor. */
import { platform } from "#platform";
import { SwitchboardError } from "../../wire/error.ts";
import type { Handshake } from "../attempt.ts";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { Emitter } from "../emitter.ts";
import type { ConnectOptions } from "../options.ts";
import type { Outcome } from "../outcome.ts";
import { serviceUrl } from "../service-url.ts";
import type { Command, CommandNews, CommandOptions, OpenCommand } from "./command.ts";
import { CommandLedger } from "./command-ledger.ts";
import { CommandRecord, type CommandResult } from "./command-record.ts";
import { eventText, parseEvent, type SocketEvent, textField } from "./event-text.ts";
import { introduce } from "./introduce.ts";
import { socketIoTransport } from "./socketio-transport.ts";

/** Which monitor, and all that a connection may be told. */
export interface DeviceUserOptions extends Omit<ConnectOptions, "identify" | "transport"> {
  /** 32 characters, unless the server is configured otherwise. One that the server finds invalid ends the connection (`failed`). */
  readonly monitorId: string;
  /** Hear how other users' commands to this monitor end, as `finish` and `failed` events (an original server tells them anyway). Default false. */
  readonly watch?: boolean;
  /**
   * The server is known to be Switchboard, so that from the first command on a lost one is sent again. Default: it is when its first answer shows it;
   * before that a command is sent at most once.
   */
  readonly switchboard?: boolean;
}

/** What a user hears. */
export interface DeviceUserEvents {
  /** The server has the command. Once for each. */
  ok: CommandNews;
  /** The monitor has done it. */
  finish: CommandNews;
  /** The server refused it, the monitor failed, or its time is over. */
  failed: CommandNews & { readonly reason: string };
}

/** So many commands may be without an end. */
const maxOpen = 1000;
/** Half of the time for which a server remembers keys, unless configured: an older command is not asked about with its key. */
const askWithinMs = 12 * 3_600_000;

/**
 * Sends commands to a monitor from its construction to its `close`, over as many connections as that takes, in the order of the calls.
 *
 * On Switchboard a command is done once, whatever happens to connection and server: each has an idempotency_key, with which it is sent
 * again when a connection was lost, and asked about when it was accepted and has no end. An original server knows no keys: there a command is
 * sent at most once, one that was under way when the connection was lost is `unknown`, and answers are matched by their order, which another
 * user of the same monitor, or an answer that comes after a loss, makes wrong.
 *
 * ```ts
 * const user = new DeviceUser("http://127.0.0.1:7400", { monitorId });
 * const { result } = user.command("open the valve", { waitMs: 5000 });
 * const { status, reason } = await result;
 * ```
 */
export class DeviceUser {
  /** States, outcomes; `open` when the server has said `query ok`. A token goes as `auth.token` of the Socket.IO handshake. */
  readonly connection: Connection;
  readonly #events = new Emitter<DeviceUserEvents>();
  readonly #ledger = new CommandLedger();
  /** Those that wait in the outbox, or on the wire, to be accepted or asked about. */
  readonly #sending = new Set<string>();
  /** Those that the server is to be asked about as soon as nothing waits to be sent. Some may be over. */
  readonly #toAsk = new Set<CommandRecord>();
  #isSwitchboard: boolean;
  #ignored = 0;

  constructor(url: string | URL, options: DeviceUserOptions) {
    const { monitorId, watch = false, switchboard = false, ...connectOptions } = options;
    this.#isSwitchboard = switchboard;
    this.connection = connect(serviceUrl(url, "/socket.io/"), {
      ...connectOptions,
      transport: socketIoTransport((event) => this.#written(event)),
      identify: (handshake: Handshake) => {
        this.#ledger.newSocket();
        return introduce(handshake, "query", {
          monitor_id: monitorId,
          ...(watch ? { watch } : {}),
        });
      },
    });
    this.connection.on("message", (text) => this.#read(text));
    this.connection.on("outcome", ({ id, outcome }) => {
      this.#settled(id, outcome);
      // If a question was evicted, others wait, whose outcomes come; or the durable store has failed, and would fail again at once.
      if (outcome !== "evicted") this.#askSoon();
    });
    this.connection.on("state", ({ status }) => {
      if (status === "open") this.#askAgain();
      else this.#lost(status === "closed");
    });
  }

  /** Commands without an end, in the order of sending. */
  get commands(): readonly OpenCommand[] {
    return this.#ledger.open().map((record) => ({
      id: record.id,
      text: record.payload.command,
      ...(record.commandId === undefined ? {} : { commandId: record.commandId }),
      status: record.isAccepted ? "accepted" : record.isWritten ? "written" : "waiting",
    }));
  }

  /** Messages that broke the protocol, and were ignored. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls `listener` at every such event until the returned function is called. */
  on<Name extends keyof DeviceUserEvents>(
    name: Name,
    listener: (value: DeviceUserEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, listener);
  }

  /**
   * Sends a command. Throws `bad_message` for a text or key that no server takes, `conflict` for a key whose command has no end yet, `outbox_full`,
   * also when 1,000 commands have no end yet, and `connection_closed`.
   */
  command(text: string, options: CommandOptions = {}): Command {
    const { waitMs, answerMs, retry, idempotencyKey, expiresInMs } = options;
    const id = idempotencyKey ?? platform.newId();
    this.#check(text, id);
    const payload = {
      command: text,
      ...(waitMs === undefined ? {} : { wait_ms: waitMs }),
      ...(answerMs === undefined ? {} : { answer_ms: answerMs }),
      ...(retry === undefined ? {} : { retry }),
      idempotency_key: id,
    };
    const record = new CommandRecord({ id, payload, sinceMs: platform.now() });
    this.#ledger.add(record);
    try {
      const { stored } = this.#send(record, expiresInMs);
      return { id, text, stored, accepted: record.accepted, result: record.result };
    } catch (error) {
      this.#ledger.remove(record);
      throw error;
    }
  }

  /**
   * Leaves. Waits up to `flushMs` (default 0) until the server has what was sent; what has no end then is `unknown`, `unsent` or `kept`. The
   * commands that the server has are not taken back.
   */
  close(options?: { readonly flushMs?: number }): Promise<void> {
    return this.connection.close(options);
  }

  #check(text: string, id: string): void {
    if (typeof text !== "string" || text === "")
      throw new SwitchboardError("bad_message", "a command is a text that is not empty");
    if (id === "" || id.length > 200) {
      throw new SwitchboardError(
        "bad_message",
        `an idempotencyKey has 1 to 200 characters, this one has ${id.length}`,
      );
    }
    if (this.#ledger.get(id) !== undefined) {
      throw new SwitchboardError(
        "conflict",
        `the command with the idempotencyKey ${id} has no end yet: wait for its result, or use another key`,
      );
    }
    if (this.#ledger.size >= maxOpen) {
      throw new SwitchboardError(
        "outbox_full",
        `${maxOpen} commands have no end yet: wait for results before you send more`,
      );
    }
  }

  #send(record: CommandRecord, expiresInMs?: number): { readonly stored: Promise<void> } {
    this.#sending.add(record.id);
    try {
      return this.connection.send(eventText("command send", record.payload), {
        id: record.id,
        awaitsAck: true,
        resend: this.#isSwitchboard,
        ...(expiresInMs === undefined ? {} : { expiresInMs }),
      });
    } catch (error) {
      this.#sending.delete(record.id);
      throw error;
    }
  }

  /** An event leaves: also a command that an earlier run had stored. */
  #written({ name, payload }: SocketEvent): void {
    const id = textField(payload, "idempotency_key");
    const command = textField(payload, "command");
    if (name !== "command send" || id === undefined || command === undefined) return;
    let record = this.#ledger.get(id);
    if (record === undefined) {
      record = new CommandRecord({
        id,
        payload: { ...(payload as object), command },
        sinceMs: platform.now(),
      });
      this.#ledger.add(record);
      this.#sending.add(id);
    }
    this.#ledger.written(record);
  }

  #read(text: string): void {
    const event = parseEvent(text);
    if (event === undefined) return;
    const { name, payload } = event;
    if (name !== "command ok" && name !== "command finish" && name !== "command failed") return;
    const commandId = textField(payload, "command_id");
    if (commandId !== undefined) this.#isSwitchboard = true;
    const late =
      typeof payload === "object" && payload !== null && "late" in payload && payload.late === true;
    const reason = textField(payload, "reason");
    if (name === "command ok") this.#ok(commandId);
    else if (name === "command finish") this.#finished(commandId, late);
    else if (reason === undefined) this.#ignored++;
    else this.#failed(commandId, reason, late);
  }

  #ok(commandId: string | undefined): void {
    const record = this.#ledger.takeAnswered(commandId);
    if (record === undefined) {
      this.#ignored++;
      return;
    }
    const isNews = !record.isAccepted;
    if (isNews) record.accept(commandId);
    this.#has(record);
    if (isNews) this.#events.emit("ok", news(record, commandId, false));
  }

  #finished(commandId: string | undefined, late: boolean): void {
    const record = this.#ledger.ended(commandId);
    if (record !== undefined) this.#end(record, { status: "done", ...(late ? { late } : {}) });
    this.#events.emit("finish", news(record, commandId, late));
  }

  #failed(commandId: string | undefined, reason: string, late: boolean): void {
    // A refusal has no id. Elsewhere than on Switchboard a failure has none either, and is a refusal if it says so, or if nothing else can have failed.
    const ended =
      commandId === undefined && this.#isSwitchboard ? undefined : this.#ledger.ended(commandId);
    const isRefusal =
      commandId === undefined && (ended === undefined || reason === "Invalid command");
    const refused = isRefusal ? this.#ledger.takeAnswered(undefined) : undefined;
    if (refused !== undefined) {
      this.#has(refused);
      // What had been accepted was only asked about.
      this.#end(
        refused,
        refused.isAccepted ? { status: "unknown", reason } : { status: "refused", reason },
      );
    } else if (ended !== undefined) {
      const status =
        commandId !== undefined && (reason === "expired" || reason === "cancelled")
          ? reason
          : "failed";
      this.#end(ended, { status, reason, ...(late ? { late } : {}) });
    }
    this.#events.emit("failed", { ...news(refused ?? ended, commandId, late), reason });
  }

  /** The server has it. */
  #has(record: CommandRecord): void {
    this.#sending.delete(record.id);
    this.connection.acknowledge(record.id);
  }

  #end(record: CommandRecord, result: Omit<CommandResult, "commandId">, outcome?: Outcome): void {
    if (record.isOver) return;
    record.end(result, outcome);
    this.#ledger.remove(record);
  }

  /** What became of the message that carries a command. */
  #settled(id: string, outcome: Outcome): void {
    const record = this.#ledger.get(id);
    if (outcome === "acked" || record === undefined) return;
    this.#sending.delete(id);
    // A question that was not sent changes nothing.
    const isOpen =
      outcome === "unknown" ||
      (record.isWritten && (outcome === "evicted" || outcome === "expired"));
    if (
      isOpen &&
      this.#isSwitchboard &&
      this.#mayAsk(record) &&
      this.connection.state.status !== "closed"
    ) {
      this.#toAsk.add(record);
    } else if (outcome === "kept") {
      this.#end(
        record,
        {
          status: "kept",
          reason: "the connection ended; the durable outbox has it for the next run",
        },
        outcome,
      );
    } else if (record.isWritten) {
      this.#end(
        record,
        {
          status: "unknown",
          reason: "the connection was lost, or ended, before the server answered",
        },
        "unknown",
      );
    } else {
      this.#end(record, { status: "unsent", reason: unsentReason(outcome) }, outcome);
    }
  }

  /** The connection is lost, or over for good. */
  #lost(isOver: boolean): void {
    for (const record of this.#ledger.open()) {
      if (
        isOver
          ? record.isAccepted || this.#toAsk.has(record)
          : record.isAccepted && !this.#isSwitchboard
      ) {
        this.#end(
          record,
          {
            status: "unknown",
            reason: "the connection was lost, or ended, before the command did",
          },
          "unknown",
        );
      }
    }
  }

  /** All that have been accepted and have no end are to be sent again, with their keys: the server says what became of them. */
  #askAgain(): void {
    for (const record of this.#ledger.open())
      if (record.isAccepted && !this.#sending.has(record.id)) this.#toAsk.add(record);
    this.#askSoon();
  }

  /** In a moment: of a connection that has just opened or was just lost, not all of it knows yet. */
  #askSoon(): void {
    if (this.#toAsk.size > 0) queueMicrotask(() => this.#ask());
  }

  /** One after the other, and only into an empty outbox: a question takes no command's room. */
  #ask(): void {
    for (const record of this.#toAsk) {
      if (this.connection.state.status !== "open" || this.connection.waiting > 0) return;
      this.#toAsk.delete(record);
      if (record.isOver) continue;
      if (this.#mayAsk(record)) this.#askAbout(record);
      else
        this.#end(record, {
          status: "unknown",
          reason: "the connection was lost for so long that the server cannot be asked any more",
        });
    }
  }

  #mayAsk({ sinceMs }: CommandRecord): boolean {
    return platform.now() - sinceMs < askWithinMs;
  }

  #askAbout(record: CommandRecord): void {
    try {
      // Until a durable outbox has stored it, it waits. One that cannot be stored has its outcome.
      this.#send(record).stored.then(
        () => this.#askSoon(),
        () => {},
      );
    } catch (error) {
      this.#end(
        record,
        { status: "unknown", reason: `the server cannot be asked: ${String(error)}` },
        "unknown",
      );
    }
  }
}

function news(
  record: CommandRecord | undefined,
  commandId: string | undefined,
  late: boolean,
): CommandNews {
  return {
    ...(record === undefined ? {} : { id: record.id, text: record.payload.command }),
    ...(commandId === undefined ? {} : { commandId }),
    late,
  };
}

function unsentReason(outcome: Outcome): string {
  if (outcome === "expired") return "it could not be sent within its time in the outbox";
  return "newer ones needed its room in the outbox, or the connection ended";
}
