/** Shapes that are known to cost parsers and libraries more than their size says. */
import type { Random } from "./random.ts";

const shapes = {
  "an array of objects": (length: number) => `[${"{},".repeat(length)}{}]`,
  "an array of numbers": (length: number) => `[${"0,".repeat(length)}0]`,
  "an array of wrong elements": (length: number) => `[${'"x",'.repeat(length)}null]`,
  "deep arrays": (length: number) => "[".repeat(length) + "]".repeat(length),
  "deep objects": (length: number) => `${'{"a":'.repeat(length)}1${"}".repeat(length)}`,
  "deep arrays without an end": (length: number) => "[".repeat(length),
  "many members": (length: number) =>
    `{${Array.from({ length: Math.min(length, 50_000) }, (_, n) => `"k${n}":0,`).join("")}"z":0}`,
  "one member again and again": (length: number) => `{${'"a":0,'.repeat(length)}"a":0}`,
  "a long number": (length: number) => "9".repeat(length),
  "a long string of escapes": (length: number) => `"${"\\u0000".repeat(length)}"`,
  "a long string": (length: number) => `"${"x".repeat(length)}"`,
} as const;

/** JSON text of one of the shapes, with about `length` elements or levels. */
export function knownShape(random: Random, length: number): { name: string; text: string } {
  const name = random.pick(Object.keys(shapes) as (keyof typeof shapes)[]);
  return { name, text: shapes[name](length) };
}

/** How many elements: mostly few, and sometimes as many as have ended or frozen servers. */
export function shapeLength(random: Random): number {
  return random.pick([100, 1000, 5000, 5000, 30_000, 120_000]);
}

/** A Socket.IO event with very many arguments: libraries that apply them overflow the stack. */
export function manyArguments(event: string, random: Random): string {
  const count = random.pick([1000, 30_000, 120_000, 120_000]);
  return `42[${JSON.stringify(event)}${",0".repeat(count)}]`;
}
