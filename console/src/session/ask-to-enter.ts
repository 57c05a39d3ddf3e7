/** Asks the server who this is: nobody, somebody, or not to be had from it now. */
import { RequestError, requestJson } from "./request-error.ts";

/** What `GET /admin/session` says. */
interface SessionAnswer {
  readonly auth: boolean;
  readonly name?: string;
  readonly roles?: readonly string[];
  readonly services: readonly string[];
  readonly version: string;
  readonly node: string;
}

/**
 * `open`: the server knows who this is, or does not ask. `locked`: it wants another token; `problem` says what is wrong with the one there was.
 * `failed`: it did not say (unreachable, busy, admin switched off), and the token may be good.
 */
export type Entry =
  | { readonly is: "open"; readonly answer: SessionAnswer; readonly token: string | undefined }
  | { readonly is: "locked"; readonly problem: string | undefined }
  | { readonly is: "failed"; readonly error: unknown };

/** Asks once; never rejects. Only a 401 or an answer without roles is a refusal of the token. */
export async function askToEnter(baseUrl: string, token: string | undefined): Promise<Entry> {
  try {
    const { json: answer } = await requestJson<SessionAnswer>(`${baseUrl}/admin/session`, token);
    if (!answer.auth || answer.roles !== undefined) return { is: "open", answer, token };
    return locked(token, "it is mistyped, expired or revoked");
  } catch (error) {
    if (!(error instanceof RequestError) || error.status !== 401) return { is: "failed", error };
    return locked(
      token,
      error.message === "" ? "it is mistyped, expired or revoked" : error.message,
    );
  }
}

function locked(token: string | undefined, why: string): Entry {
  return {
    is: "locked",
    problem: token === undefined ? undefined : `The server does not accept this token: ${why}.`,
  };
}
