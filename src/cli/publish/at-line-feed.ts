/** Has a CSV parser see the end of a record as soon as it is there. */

const lineFeed = 0x0a;
const quote = 0x22;
/** More than the parser looks ahead; it trims them away as the beginning of the next record. */
const padding = Buffer.from("        ");

/**
 * The same CSV for a parser that trims, and that takes a line feed for the end of a record only when it has seen some characters behind it:
 * into every piece, spaces are put behind the last line feed that ends a record. So the records of a live pipe come when they are there, not with the next
 * ones. A line feed in quotes ends none; what begins with the mark of UTF-16 is left as it is. Nothing is held back.
 */
export async function* atLineFeed(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isQuoted = false;
  let isFirst = true;
  let isUtf16 = false;
  for await (const piece of input) {
    if (isFirst) isUtf16 = piece[0] === 0xff && piece[1] === 0xfe;
    isFirst = false;
    let end = 0;
    for (let at = 0; at < piece.length; at++) {
      // An escaped quote is two, between which nothing is.
      if (piece[at] === quote) isQuoted = !isQuoted;
      else if (piece[at] === lineFeed && !isQuoted) end = at + 1;
    }
    if (end === 0 || isUtf16) yield piece;
    else yield Buffer.concat([piece.subarray(0, end), padding, piece.subarray(end)]);
  }
}
