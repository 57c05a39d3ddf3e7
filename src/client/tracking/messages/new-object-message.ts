/** The news that an object is tracked. */
import { printJson } from "../../../wire/print-json.ts";
import { demandInteger, demandString, Fields } from "./fields.ts";

/** `newObject`: what interfaces that use images are told. */
export class NewObjectMessage {
  readonly objectId: number;
  /** Base64; undefined for an object that is tracked by its box in a frame. */
  readonly image: string | undefined;

  /** Throws `bad_message`. */
  constructor({ objectId, image }: { readonly objectId: number; readonly image?: string }) {
    this.objectId = demandInteger("newObject.objectId", objectId);
    this.image = image === undefined ? undefined : demandString("newObject.image", image);
  }

  toMessage(): string {
    return printJson({ type: "newObject", objectId: this.objectId, image: this.image });
  }

  /** Throws `bad_json` or `bad_message`. */
  static fromMessage(message: string | Fields): NewObjectMessage {
    const fields = Fields.of(message, "newObject");
    return new NewObjectMessage({
      objectId: fields.integer("objectId"),
      ...(fields.has("image") ? { image: fields.string("image") } : {}),
    });
  }
}
