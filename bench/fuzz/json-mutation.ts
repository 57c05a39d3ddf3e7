/** Changes the structure of a JSON value, and prints it, also as what no JSON.stringify prints. */
import type { Random } from "./random.ts";

/** Text that is printed as it stands in the place of a value. */
class Spelled {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Members in order, so that a name may be there twice. */
class Members {
  readonly list: readonly (readonly [string, unknown])[];
  constructor(list: readonly (readonly [string, unknown])[]) {
    this.list = list;
  }
}

/** Values that are no JSON, or that JSON.parse reads in a way of its own. */
const oddSpellings = [
  "NaN",
  "Infinity",
  "-Infinity",
  "undefined",
  "1e999",
  "-0",
  "1E400",
  "0x10",
  "01",
  "1.",
  ".5",
  "+1",
  "123456789012345678901234567890",
  "0.1000000000000000055511151231257827",
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  '"\\x41"',
  '"tab\tinside"',
  "'single'",
  "/* a comment */ 1",
  "[1,]",
  "{,}",
  '{"a":1,}',
  "tru",
  "nullnull",
] as const;

const replacements: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  2 ** 53,
  -(2 ** 63),
  1e308,
  "",
  "x",
  "1",
  [],
  {},
  [[]],
  [null],
  { toString: 1 },
  new Spelled('{"then":"x"}'),
  { length: 1e9 },
  { toJSON: {} },
];

const prototypeNames = [
  "__proto__",
  "constructor",
  "prototype",
  "hasOwnProperty",
  "toString",
  "valueOf",
  "then",
  "toJSON",
  "length",
] as const;

/** Printed sizes stay below this, so that a run is about many inputs rather than a few large ones. */
const hugeLengths = [300, 3000, 30_000, 200_000] as const;

/** The value with one to three changes of its structure. */
export function mutate(value: unknown, random: Random): unknown {
  let changed = value;
  const changes = random.between(1, 3);
  for (let n = 0; n < changes; n++) changed = somewhere(changed, random);
  return changed;
}

/** Descends to a random place and changes it there. */
function somewhere(value: unknown, random: Random): unknown {
  if (Array.isArray(value) && value.length > 0 && random.chance(0.6)) {
    const at = random.below(value.length);
    return value.with(at, somewhere(value[at], random));
  }
  const members = membersOf(value);
  if (members !== undefined && members.length > 0 && random.chance(0.7)) {
    const at = random.below(members.length);
    const [name, inner] = members[at] as readonly [string, unknown];
    return new Members(members.with(at, [name, somewhere(inner, random)]));
  }
  return here(value, random);
}

function here(value: unknown, random: Random): unknown {
  const members = membersOf(value);
  const how = random.weighted({ retype: 4, spell: 2, nest: 1, huge: 1, members: 6 });
  if (how === "spell") return new Spelled(random.pick(oddSpellings));
  if (how === "nest") return nested(value, random);
  if (how === "huge") return huge(value, random);
  if (how === "members" && members !== undefined) return otherMembers(members, random);
  if (how === "members" && Array.isArray(value)) return otherItems(value, random);
  return random.pick(replacements);
}

function otherMembers(members: readonly (readonly [string, unknown])[], random: Random): unknown {
  if (members.length === 0) return { more: random.pick(replacements) };
  const at = random.below(members.length);
  const [name, inner] = members[at] as readonly [string, unknown];
  switch (random.weighted({ drop: 4, add: 2, prototype: 2, duplicate: 2, rename: 1, array: 1 })) {
    case "drop":
      return new Members(members.toSpliced(at, 1));
    case "add":
      return new Members([...members, ["more", random.pick(replacements)]]);
    case "prototype":
      return new Members([...members, [random.pick(prototypeNames), random.pick(replacements)]]);
    case "duplicate":
      return new Members([...members, [name, random.pick([inner, ...replacements])]]);
    case "rename":
      return new Members(
        members.with(at, [random.pick([name.toUpperCase(), `${name} `, ""]), inner]),
      );
    case "array":
      return members.map(([, item]) => item);
  }
}

function otherItems(items: readonly unknown[], random: Random): unknown {
  const at = random.below(Math.max(1, items.length));
  switch (random.weighted({ drop: 2, add: 2, repeat: 2, object: 1 })) {
    case "drop":
      return items.toSpliced(at, 1);
    case "add":
      return items.toSpliced(at, 0, random.pick(replacements));
    case "repeat": {
      // Of what is large already, fewer.
      const most = Math.ceil(hugeLengths[3] / (print(items[at] ?? null).length + 1));
      const length = Math.min(random.pick([10, 100, 2000]), most);
      return Array.from({ length }, () => items[at] ?? null);
    }
    case "object":
      return { ...items };
  }
}

/** Below and above what parsers bound: 64 levels, and what overflows a stack. */
function nested(value: unknown, random: Random): unknown {
  const levels = random.pick([10, 60, 70, 500, 5000]);
  const inner = print(value);
  return random.chance(0.5)
    ? new Spelled("[".repeat(levels) + inner + "]".repeat(levels))
    : new Spelled('{"a":'.repeat(levels) + inner + "}".repeat(levels));
}

function huge(value: unknown, random: Random): unknown {
  const length = random.pick(hugeLengths);
  if (typeof value === "string") return random.pick(["x", "é", "\u0000", "🐕"]).repeat(length / 2);
  if (typeof value === "number") return new Spelled("9".repeat(Math.min(length, 5000)));
  const item = random.pick(["{}", "0", '"x"', "[]", "null"]);
  return new Spelled(`[${`${item},`.repeat(length / 4)}${item}]`);
}

function membersOf(value: unknown): readonly (readonly [string, unknown])[] | undefined {
  if (value instanceof Members) return value.list;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return value instanceof Spelled ? undefined : Object.entries(value);
}

/** The value's text. Lone surrogates are printed as escapes, as JSON.stringify does. */
export function print(value: unknown): string {
  if (value instanceof Spelled) return value.text;
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  const members = membersOf(value);
  if (members === undefined) return JSON.stringify(value) ?? "undefined";
  return `{${members.map(([name, inner]) => `${JSON.stringify(name)}:${print(inner)}`).join(",")}}`;
}
