/** The order to forget an object. */
import { printJson } from "../../../wire/print-json.ts";
import { demandInteger, Fields } from "./fields.ts";

/** `stop`: an interface sends it, every processor gets it, and forgets what it knows of the object. */
export class StopMessage {
  readonly objectId: number;

  /** Throws `bad_message`. */
  constructor({ objectId }: { readonly objectId: number }) {
    this.objectId = demandInteger("stop.objectId", objectId);
  }

  toMessage(): string {
    return printJson({ type: "stop", objectId: this.objectId });
  }

  /** Throws `bad_json` or `bad_message`. */
  static fromMessage(message: string | Fields): StopMessage {
    const fields = Fields.of(message, "stop");
    return new StopMessage({ objectId: fields.integer("objectId") });
  }
}
