/** The file that static tokens are kept in. */
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { explain } from "../../kit/explain.ts";
import { isSwitchboardError, SwitchboardError } from "../../wire/error.ts";
import { withFileLock } from "./file-lock.ts";
import { type TokenRecord, tokenRecordSchema } from "./static-token.ts";

/** Most tokens that a file may hold. */
const maxTokens = 10_000;

/** Largest file that is read. */
const maxFileBytes = 16 << 20;

const fileSchema = z.strictObject({
  version: z.literal(1),
  tokens: z.array(tokenRecordSchema).max(maxTokens),
});

/** The tokens of a file; none if there is no file. Rejects with `bad_config` if it is not what we have written. */
export async function readTokens(path: string): Promise<readonly TokenRecord[]> {
  const unusable = (why: string, cause?: unknown) =>
    new SwitchboardError(
      "bad_config",
      `the tokens file ${path} ${why}: restore it, or remove it and create the tokens anew`,
      {},
      { cause },
    );
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) throw unusable(`has ${size} bytes, more than ${maxFileBytes}`);
    const json: unknown = JSON.parse(await readFile(path, "utf8"));
    const parsed = fileSchema.safeParse(json);
    if (!parsed.success) throw unusable(`does not fit: ${explain("it", parsed.error, json)}`);
    return parsed.data.tokens;
  } catch (error) {
    if (isSwitchboardError(error)) throw error;
    if (error instanceof SyntaxError) throw unusable("is not JSON", error);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    throw new SwitchboardError(
      "bad_config",
      `the tokens file ${path} cannot be read (${code ?? message}): make it readable`,
      {},
      { cause: error },
    );
  }
}

/**
 * Reads the tokens, has them changed and writes them back, unless `change` throws. Other processes that do the same at that moment
 * wait. A reader sees the file as it was or as it is, never half of it; only this user may read it. Rejects with `log_unavailable`
 * where it cannot be written, with `conflict` if the lock cannot be had, with `over_capacity` for more than 10,000 tokens.
 */
export async function changeTokens(
  path: string,
  change: (tokens: readonly TokenRecord[]) => readonly TokenRecord[],
): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await withFileLock(path, async (lock) => {
      const tokens = change(await readTokens(path));
      if (tokens.length > maxTokens) {
        throw new SwitchboardError(
          "over_capacity",
          `${path} holds ${maxTokens} tokens, and that is the most: revoke some first`,
        );
      }
      await replace(path, `${JSON.stringify({ version: 1, tokens }, null, 2)}\n`, () =>
        lock.stillHeld(),
      );
    });
  } catch (error) {
    if (isSwitchboardError(error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new SwitchboardError(
      "log_unavailable",
      `cannot write the tokens file ${path} (${code}): make its directory writable`,
      {},
      { cause: error },
    );
  }
}

async function replace(
  path: string,
  text: string,
  beforeCommit: () => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await beforeCommit();
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}
