/** The files of a built single-page app. */
import { sep } from "node:path";
import { errorAnswer } from "../../kit/request.ts";
import { bytesOf, contentTypeOf, findIn, pathIn } from "./static-files.ts";

/** Compressed files that the build leaves beside the plain ones, the better first. */
const encodings = [
  { name: "br", extension: ".br" },
  { name: "gzip", extension: ".gz" },
] as const;

/** Where the app is, and how it is served. */
export interface AppFiles {
  /** The built app, with an `index.html` and, in `assets/`, files whose names change with their content. */
  readonly directory: string;
  /** The path it is served below, with a slash at both ends. */
  readonly base: `/${string}/`;
  /** The Content-Security-Policy of its pages. */
  readonly policy: string;
  /** What a person is told where it has not been built. */
  readonly missing: string;
}

/**
 * Answers a GET at or below `base`: with the file of that name, else with `index.html`, as addresses within the app are its own. What is not in
 * `assets/` is `not_found`. Files of `assets/` may be kept for good, all else is asked for again each time. A file that was compressed at build
 * time goes out compressed to whoever takes that.
 */
export async function appAnswer(
  { directory, base, policy, missing }: AppFiles,
  request: Request,
): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (!pathname.startsWith(base))
    return new Response(null, { status: 302, headers: { location: `${base}${search}` } });
  const path = pathIn(pathname.slice(base.length - 1)) ?? "index.html";
  const isAsset = path.startsWith(`assets${sep}`);
  const accepted = request.headers.get("accept-encoding") ?? "";
  const found =
    (await findEncoded(directory, path, accepted)) ??
    (isAsset ? undefined : await findEncoded(directory, "index.html", accepted));
  if (found === undefined)
    return isAsset ? errorAnswer("not_found", "there is no such file") : notBuilt(missing);
  const { file, plainPath, encoding } = found;
  return new Response(bytesOf(file), {
    headers: {
      "content-type": contentTypeOf(plainPath),
      "cache-control": isAsset ? "public, max-age=31536000, immutable" : "no-cache",
      "content-security-policy": policy,
      "referrer-policy": "same-origin",
      vary: "accept-encoding",
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
    },
  });
}

interface Found {
  /** Its real path. */
  readonly file: string;
  /** Its name without the extension of the compression. */
  readonly plainPath: string;
  readonly encoding: string | undefined;
}

async function findEncoded(
  directory: string,
  path: string,
  accepted: string,
): Promise<Found | undefined> {
  const offers = accepted.split(",").map((offer) => offer.trim().toLowerCase());
  for (const { name, extension } of encodings) {
    // A coding with a weight of its own (`br;q=0`) is left out: browsers send none.
    const file = offers.includes(name) ? await findIn(directory, path + extension) : undefined;
    if (file !== undefined) return { file, plainPath: path, encoding: name };
  }
  const file = await findIn(directory, path);
  return file === undefined ? undefined : { file, plainPath: path, encoding: undefined };
}

function notBuilt(missing: string): Response {
  return new Response(`${missing}\n`, {
    status: 404,
    headers: { "content-type": "text/plain; charset=utf-8" },
  });
}
