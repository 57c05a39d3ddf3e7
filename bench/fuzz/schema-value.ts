/** Valid values, made by walking a JSON Schema. */
import type { Random } from "./random.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The part of JSON Schema that the contracts' schemas come out as. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
}

/** Members that stand for an optional one are there as often as this. */
const optionalShare = 0.6;

/** Makes values from one sequence of random choices. */
export class ValueMaker {
  readonly #random: Random;
  readonly #words: Vocabulary;

  constructor(random: Random, words: Vocabulary) {
    this.#random = random;
    this.#words = words;
  }

  /**
   * A value that fits the schema. Refinements and patterns are not looked at, as most of them
   * cannot be said in JSON Schema: the server refuses a few of these values.
   */
  valueOf(schema: JsonSchema, member = "", depth = 0): unknown {
    const random = this.#random;
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return random.pick(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return this.valueOf(random.pick(choices), member, depth);
    if (schema.allOf !== undefined) {
      const parts = schema.allOf.map((part) => this.valueOf(part, member, depth));
      return parts.every(isRecord) ? Object.assign({}, ...parts) : parts[0];
    }
    const { type } = schema;
    switch (typeof type === "string" || type === undefined ? type : random.pick(type)) {
      case "object":
        return this.#object(schema, depth);
      case "array":
        return this.#array(schema, member, depth);
      case "string":
        return this.#string(schema, member);
      case "number":
      case "integer":
        return this.#number(schema, member);
      case "boolean":
        return random.chance(0.5);
      case "null":
        return null;
      default:
        return this.#anything(member, depth);
    }
  }

  #object(schema: JsonSchema, depth: number): unknown {
    const { properties = {}, required = [], additionalProperties } = schema;
    const entries: [string, unknown][] = [];
    for (const [name, property] of Object.entries(properties)) {
      if (required.includes(name) || this.#random.chance(optionalShare))
        entries.push([name, this.valueOf(property, name, depth + 1)]);
    }
    if (typeof additionalProperties === "object" && Object.keys(additionalProperties).length > 0) {
      const count = this.#random.below(4);
      for (let n = 0; n < count; n++) {
        const name = this.#words.wordFor("variable", this.#random);
        entries.push([name, this.valueOf(additionalProperties, "", depth + 1)]);
      }
    }
    return Object.fromEntries(entries);
  }

  #array(schema: JsonSchema, member: string, depth: number): unknown {
    const least = schema.minItems ?? 0;
    const most = Math.max(least, Math.min(schema.maxItems ?? 4, 4));
    return Array.from({ length: this.#random.between(least, most) }, () =>
      this.valueOf(schema.items ?? {}, member, depth + 1),
    );
  }

  #string(schema: JsonSchema, member: string): string {
    let text = this.#words.wordFor(member, this.#random);
    while (text.length < (schema.minLength ?? 0)) text += "x";
    return text.slice(0, schema.maxLength);
  }

  #number(schema: JsonSchema, member: string): number {
    const least = schema.minimum ?? schema.exclusiveMinimum ?? Number.NEGATIVE_INFINITY;
    const most = schema.maximum ?? Number.POSITIVE_INFINITY;
    let value = Math.min(most, Math.max(least, this.#words.numberFor(member, this.#random)));
    if (value === schema.exclusiveMinimum) value++;
    return schema.type === "integer" ? Math.round(value) : value;
  }

  /** A value of no particular shape, a few levels deep at most. */
  #anything(member: string, depth: number): unknown {
    const random = this.#random;
    const kind = random.weighted({ word: 4, number: 4, boolean: 1, null: 1, array: 2, object: 3 });
    if (kind === "word") return this.#words.wordFor(member, random);
    if (kind === "number") return this.#words.numberFor(member, random);
    if (kind === "boolean") return random.chance(0.5);
    if (kind === "null" || depth > 3) return null;
    const items = Array.from({ length: random.below(4) }, () => this.#anything(member, depth + 1));
    if (kind === "array") return items;
    return Object.fromEntries(items.map((item) => [this.#words.wordFor("variable", random), item]));
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
