/** The files of a directory, for pages that have to come from the server's origin. */
import { access, constants, open, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { ReadableStream } from "node:stream/web";
import { errorAnswer } from "../../kit/request.ts";

/** Of everything else a browser is told that it is bytes. */
const contentTypes: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".gif": "image/gif",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".xml": "application/xml; charset=utf-8",
};

/**
 * Answers a GET with the file at the request's path below `directory`; of a directory with its index.html. Nothing outside of it is served, also
 * not over a symbolic link, and nothing whose name begins with a dot: these are `not_found`, like what is not there. Browsers are told to ask
 * again each time.
 */
export async function fileAnswer(directory: string, request: Request): Promise<Response> {
  const path = pathIn(new URL(request.url).pathname);
  const file = path === undefined ? undefined : await findIn(directory, path);
  if (file === undefined) return errorAnswer("not_found", "there is no such file");
  return new Response(bytesOf(file), {
    headers: { "content-type": contentTypeOf(file), "cache-control": "no-cache" },
  });
}

/** Read at once. */
const pieceBytes = 64 << 10;

/** The bytes of a file. It is opened for the first read, and closed after the last or a cancel. */
export function bytesOf(path: string): BodyInit {
  return ReadableStream.from(piecesOf(path)) as unknown as BodyInit;
}

async function* piecesOf(path: string): AsyncGenerator<Uint8Array, void> {
  const handle = await open(path);
  try {
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(pieceBytes));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

/** The content type by the name. */
export function contentTypeOf(path: string): string {
  return contentTypes[extname(path).toLowerCase()] ?? "application/octet-stream";
}

/** The path below the directory; undefined for one that no page asks for. */
export function pathIn(pathname: string): string | undefined {
  const segments = decodeURIComponent(pathname).split("/").slice(1);
  if (segments.at(-1) === "") segments[segments.length - 1] = "index.html";
  const isPlain = segments.every(
    (segment) => segment !== "" && !segment.startsWith(".") && !/[\\\0]/.test(segment),
  );
  return isPlain ? segments.join(sep) : undefined;
}

/** The real path of a file at or below the directory; undefined if it is not there, or outside. */
export async function findIn(directory: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(directory);
    const real = await realpath(join(root, path));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    await access(real, constants.R_OK);
    return (await stat(real)).isFile() ? real : undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (
      code === undefined ||
      !["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"].includes(code)
    )
      throw error;
    return undefined;
  }
}
