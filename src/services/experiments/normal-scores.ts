/** Rank normalisation: every value by the normal score of its rank. */
import { normalQuantile } from "./normal-quantile.ts";

const digitBits = 11;
const digits = 1 << digitBits;

/**
 * For every value the normal quantile of (r − 3/8) / (S + 1/4), r being its rank from 1 among the S values; equal values have their average rank.
 * Linear in S. The values must be finite.
 */
export function normalScores(values: Float64Array): Float64Array {
  const count = values.length;
  const order = ascending(values);
  const valueAt = (rank: number): number => values[order[rank] as number] as number;
  const scores = new Float64Array(count);
  for (let begin = 0, end = 0; begin < count; begin = end) {
    while (end < count && valueAt(end) === valueAt(begin)) end++;
    const rank = (begin + 1 + end) / 2;
    const score = normalQuantile((rank - 3 / 8) / (count + 1 / 4));
    for (let k = begin; k < end; k++) scores[order[k] as number] = score;
  }
  return scores;
}

/**
 * The indices of the values, the smallest value first: a radix sort of the numbers' bits, several times faster than sorting and
 * then looking every value up.
 */
function ascending(values: Float64Array): Uint32Array {
  const count = values.length;
  const number = new Float64Array(1);
  const words = new Uint32Array(number.buffer);
  const keys = [new Uint32Array(count), new Uint32Array(count)] as const;
  let order = new Uint32Array(count);
  let spare = new Uint32Array(count);
  for (let index = 0; index < count; index++) {
    order[index] = index;
    number[0] = values[index] as number;
    // As unsigned integers in the order of the numbers: of negative ones all bits are turned, of the others the sign's. −0 comes just below 0.
    const high = words[highWord] as number;
    const mask = high >>> 31 === 0 ? 0 : 0xffff_ffff;
    keys[0][index] = (words[1 - highWord] as number) ^ mask;
    keys[1][index] = high ^ (mask | 0x8000_0000);
  }
  for (const key of keys) {
    for (let shift = 0; shift < 32; shift += digitBits) {
      sortByDigit(order, spare, key, shift);
      [order, spare] = [spare, order];
    }
  }
  return order;
}

/** Which of a number's two words holds sign and exponent on this machine. */
const highWord = new Uint32Array(new Float64Array([1]).buffer)[0] === 0 ? 1 : 0;

/** Writes `from` into `to`, sorted by one digit of the key, those with the same digit in their order before. */
function sortByDigit(from: Uint32Array, to: Uint32Array, key: Uint32Array, shift: number): void {
  const begins = new Uint32Array(digits + 1);
  for (const word of key) {
    const digit = (word >>> shift) & (digits - 1);
    begins[digit + 1] = (begins[digit + 1] as number) + 1;
  }
  for (let digit = 1; digit < digits; digit++)
    begins[digit] = (begins[digit] as number) + (begins[digit - 1] as number);
  for (const index of from) {
    const digit = ((key[index] as number) >>> shift) & (digits - 1);
    const position = begins[digit] as number;
    begins[digit] = position + 1;
    to[position] = index;
  }
}
