/** Who looks at the console, and how its parts speak to the server. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { ErrorState } from "../parts/error-state.tsx";
import { askToEnter, type Entry } from "./ask-to-enter.ts";
import { Login } from "./login.tsx";
import { type JsonAnswer, RequestError, requestJson } from "./request-error.ts";

/** The session of this page; see `useSession`. */
export interface Session {
  /** Origin of the server, `http://host:port`: what SDK clients are given. */
  readonly baseUrl: string;
  /** Undefined when auth is off. */
  readonly token: string | undefined;
  /** Options for every SDK client: `new LobbyPlayer(baseUrl, { ...clientOptions, … })`. The same object as long as the session is the same. */
  readonly clientOptions: { readonly token?: string };
  /** Whether the server asks for tokens. */
  readonly auth: boolean;
  /** Whose token it is; undefined when auth is off. */
  readonly name: string | undefined;
  /** Roles of the token; with auth off nobody needs any. */
  readonly roles: readonly string[];
  /** Names of the services that are served. */
  readonly services: readonly string[];
  readonly version: string;
  readonly node: string;
  /**
   * The JSON of an answer to a request for `path` ("/lobbies"), with the token. A string as `init.body` goes as JSON. Rejects with a
   * RequestError, whose message is for a person; a token that is no longer accepted leads back to the login.
   */
  fetchJson<T>(path: string, init?: RequestInit): Promise<T>;
  /** As `fetchJson`, with the time of the answer by the server's clock. */
  fetchAnswer<T>(path: string, init?: RequestInit): Promise<JsonAnswer<T>>;
  /** Forgets the token; with auth on, the login shows, with `problem` where there was one. */
  logOut(problem?: string): void;
}

const SessionContext = createContext<Session | undefined>(undefined);

/** The session; only below SessionProvider, which shows what is below it once there is one. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("useSession is for parts below SessionProvider");
  return session;
}

/** Where a token waits for the next page of this tab, if its owner wanted that. Never localStorage: other tabs and later days are not meant. */
const tokenKey = "switchboard.token";

type State = { readonly is: "asking" } | Entry;

/** Asks the server whether it wants a token, shows the login if so, and `children` once the server knows who this is. */
export function SessionProvider({ waiting, children }: { readonly waiting: ReactNode; readonly children: ReactNode }) {
  const [state, setState] = useState<State>({ is: "asking" });
  const baseUrl = window.location.origin;

  const enter = useCallback(
    async (token: string | undefined): Promise<Entry["is"]> => {
      const entry = await askToEnter(baseUrl, token);
      setState(entry);
      return entry.is;
    },
    [baseUrl],
  );

  const start = useCallback(async () => {
    // A server that is away or busy says nothing of the token: it is kept for the next try.
    if ((await enter(keptToken())) === "locked") keepToken(undefined);
  }, [enter]);
  useEffect(() => void start(), [start]);

  const session = useMemo((): Session | undefined => {
    if (state.is !== "open") return undefined;
    const { answer, token } = state;
    const lock = (problem?: string) => {
      keepToken(undefined);
      setState({ is: "locked", problem });
    };
    const fetchAnswer = async <T,>(path: string, init?: RequestInit): Promise<JsonAnswer<T>> => {
      try {
        return await requestJson<T>(`${baseUrl}${path}`, token, init);
      } catch (error) {
        if (error instanceof RequestError && error.status === 401) lock(`You have been logged out: ${error.message}`);
        throw error;
      }
    };
    return {
      ...answer,
      baseUrl,
      token,
      clientOptions: token === undefined ? {} : { token },
      name: answer.name,
      roles: answer.roles ?? [],
      fetchAnswer,
      fetchJson: async <T,>(path: string, init?: RequestInit) => (await fetchAnswer<T>(path, init)).json,
      logOut: lock,
    };
  }, [state, baseUrl]);

  if (session !== undefined) return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
  if (state.is === "failed") {
    return (
      <main className="alone">
        <ErrorState title={failure(state.error)} error={state.error} onRetry={() => void start()} />
      </main>
    );
  }
  if (state.is === "locked") {
    const logIn = async (token: string, keep: boolean) => {
      if ((await enter(token)) === "open") keepToken(keep ? token : undefined);
    };
    return <Login problem={state.problem} logIn={logIn} />;
  }
  return waiting;
}

function failure(error: unknown): string {
  const isOff = error instanceof RequestError && error.status === 404;
  return isOff ? "The admin service is switched off on this server, and the console needs it" : "The console cannot reach its server";
}

function keptToken(): string | undefined {
  try {
    return sessionStorage.getItem(tokenKey) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Where storage is forbidden, the token is in memory only. */
function keepToken(token: string | undefined): void {
  try {
    if (token === undefined) sessionStorage.removeItem(tokenKey);
    else sessionStorage.setItem(tokenKey, token);
  } catch {
    // See above.
  }
}
