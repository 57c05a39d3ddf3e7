/** What an object looks like, for all processors. */
import { printJson } from "../../../wire/print-json.ts";
import { FeatureMap } from "./feature-map.ts";
import { demandInteger, Fields } from "./fields.ts";

/**
 * `featureMap`: the processor that has extracted an object's feature map sends it, and all processors get it, the sender too. On every
 * connect a processor gets that of each tracked object; `featureMap.floats` is undefined where there is none yet.
 */
export class UpdateMessage {
  readonly objectId: number;
  readonly featureMap: FeatureMap;

  /** Numbers are spelled as floats. Throws `bad_message` for an empty list, or one with anything else than finite numbers. */
  constructor({
    objectId,
    featureMap,
  }: { readonly objectId: number; readonly featureMap: readonly number[] | FeatureMap }) {
    this.objectId = demandInteger("featureMap.objectId", objectId);
    this.featureMap = featureMap instanceof FeatureMap ? featureMap : FeatureMap.of(featureMap);
  }

  toMessage(): string {
    return printJson({ type: "featureMap", objectId: this.objectId, featureMap: this.featureMap });
  }

  /** Throws `bad_json` or `bad_message`. */
  static fromMessage(message: string | Fields): UpdateMessage {
    const fields = Fields.of(message, "featureMap");
    return new UpdateMessage({
      objectId: fields.integer("objectId"),
      featureMap: fields.featureMap("featureMap"),
    });
  }
}
