/** The files of a directory, for pages that have to come from the server's origin. */
import { type FileHandle, open, realpath } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { Readable } from "node:stream";
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
  const file = path === undefined ? undefined : await openIn(directory, path);
  if (file === undefined) return errorAnswer("not_found", "there is no such file");
  return new Response(bytesOf(file, request), {
    headers: { "content-type": contentTypeOf(file.path), "cache-control": "no-cache" },
  });
}

/** An open file, below its directory. */
export interface OpenFile {
  readonly path: string;
  readonly handle: FileHandle;
}

/** What is in it, for the answer to this request; closes it. */
export function bytesOf({ handle }: OpenFile, request: Request): ReadableStream<Uint8Array> {
  const stream = handle.createReadStream();
  // A HEAD reads nothing of it, and a client that goes not all.
  if (request.signal.aborted) stream.destroy();
  request.signal.addEventListener("abort", () => stream.destroy(), { once: true });
  return Readable.toWeb(stream) as ReadableStream<Uint8Array>;
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

/** Opens a file at or below the directory; undefined if it is not there, or outside. */
export async function openIn(directory: string, path: string): Promise<OpenFile | undefined> {
  let handle: FileHandle | undefined;
  try {
    const root = await realpath(directory);
    const real = await realpath(join(root, path));
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined;
    handle = await open(real);
    if ((await handle.stat()).isFile()) return { path: real, handle };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (
      code === undefined ||
      !["ENOENT", "ENOTDIR", "EACCES", "EISDIR", "ELOOP", "ENAMETOOLONG"].includes(code)
    )
      throw error;
  }
  await handle?.close();
  return undefined;
}
