/** A POST that is sent again until it is answered: for requests that change nothing the second time. */
import { isSwitchboardError, messageOf, SwitchboardError } from "../../wire/error.ts";
import { type ErrorCode, errors } from "../../wire/errors.ts";
import { Backoff } from "../backoff.ts";
import { httpErrorCode } from "../http-status.ts";
import { isObject, jsonObject } from "../json-object.ts";
import type { Token } from "../options.ts";
import type { Platform } from "../platform/platform.ts";

/** A request, and how long to try. */
export interface Post {
  readonly url: string;
  readonly body: object;
  /** Sent as `Authorization: Bearer`; a function is asked on every attempt. */
  readonly token: Token | undefined;
  /** For all attempts together. */
  readonly deadlineMs: number;
  readonly attemptTimeoutMs: number;
  readonly maxDelayMs: number;
  /** Gives up. */
  readonly signal: AbortSignal;
}

const shortestMs = 10;

type Answer = Readonly<Record<string, unknown>>;

/**
 * Resolves with the object that the server answers with. Tries again, after a random delay as a connection does, when the network or the token
 * function fails, at 5xx, 429 and answers that are not the server's own (no JSON), and where another token is given for a refused one. Rejects with
 * `timeout` when `deadlineMs` is over, `connection_closed` when `signal` is aborted, and at once with the server's error where it refuses.
 */
export async function postRetried(platform: Platform, post: Post): Promise<Answer> {
  const { url, deadlineMs, attemptTimeoutMs, maxDelayMs, signal } = post;
  const backoff = new Backoff(maxDelayMs, () => platform.random());
  const endMs = platform.monotonic() + deadlineMs;
  let refused: { readonly token: string | undefined; readonly error: SwitchboardError } | undefined;
  for (;;) {
    let token: string | undefined;
    const timeoutMs = Math.min(attemptTimeoutMs, Math.max(1, endMs - platform.monotonic()));
    const result = await limited(platform, timeoutMs, signal, async (abort) => {
      token = typeof post.token === "function" ? await post.token() : post.token;
      if (refused !== undefined && refused.token === token) throw refused.error;
      return await request(post, token, abort);
    });
    if (signal.aborted)
      throw new SwitchboardError("connection_closed", `${url}: given up, as the client was closed`);
    if ("answer" in result) return result.answer;
    const { error } = result;
    let delayMs = backoff.next("yes");
    if (
      error.code === "unauthenticated" &&
      typeof post.token === "function" &&
      error !== refused?.error
    ) {
      if (refused === undefined) delayMs = 0;
      refused = { token, error };
    } else if (!errors[error.code].retry) throw error;
    const leftMs = endMs - platform.monotonic();
    // No attempt that short comes to anything.
    if (leftMs < shortestMs) {
      throw new SwitchboardError(
        "timeout",
        `${url} did not answer within ${deadlineMs} ms, last: ${error.message}`,
        {},
        { cause: error },
      );
    }
    await pause(platform, delayMs < leftMs ? delayMs : platform.random() * leftMs, signal);
  }
}

type Result = { readonly answer: Answer } | { readonly error: SwitchboardError };

/** Runs for at most so long, and not beyond `signal`. An error that is not ours is taken for one that may pass. */
async function limited(
  platform: Platform,
  timeoutMs: number,
  signal: AbortSignal,
  run: (abort: AbortSignal) => Promise<Answer>,
): Promise<Result> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  const timer = platform.after(timeoutMs, stop);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  const aborted = new Promise<Result>((resolve) => {
    const tell = () =>
      resolve({
        error: new SwitchboardError("timeout", `no answer within ${Math.round(timeoutMs)} ms`),
      });
    abort.signal.addEventListener("abort", tell);
    if (abort.signal.aborted) tell();
  });
  const answered = run(abort.signal).then(
    (answer): Result => ({ answer }),
    (error: unknown): Result => {
      if (isSwitchboardError(error)) return { error };
      return { error: new SwitchboardError("internal", messageOf(error), {}, { cause: error }) };
    },
  );
  const result = await Promise.race([aborted, answered]);
  timer.cancel();
  signal.removeEventListener("abort", stop);
  return result;
}

async function request(
  { url, body }: Post,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Answer> {
  const headers = {
    "content-type": "application/json",
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const response = await fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    signal,
  });
  const answer = jsonObject(await response.text());
  if (!response.ok) throw errorOf(response.status, answer);
  if (answer === undefined)
    throw new SwitchboardError(
      "internal",
      "the answer is not JSON: something else than the server has answered",
    );
  return answer;
}

/** Switchboard says what is wrong; of another server there is the status only. */
function errorOf(status: number, answer: Answer | undefined): SwitchboardError {
  const said = isObject(answer?.error) ? answer.error : {};
  const message = typeof said.message === "string" ? said.message : `the server answered ${status}`;
  const known = Object.hasOwn(errors, String(said.code)) ? (said.code as ErrorCode) : undefined;
  return new SwitchboardError(
    status >= 500 && (known === undefined || !errors[known].retry)
      ? "internal"
      : (known ?? httpErrorCode(status)),
    message,
    { status },
  );
}

function pause(platform: Platform, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      timer.cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = platform.after(ms, end);
    signal.addEventListener("abort", end);
  });
}
