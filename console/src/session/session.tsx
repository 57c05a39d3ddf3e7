/** Who looks at the console, and how its parts speak to the server. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
} from "react";
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
  /**
   * Asks the server again who this is, as it may have been restarted: `node`, `version`, `services` and `roles` follow. With the same token the
   * requests, `clientOptions` and so the clients stay. A token that is no longer accepted leads to the login; a failure changes nothing.
   */
  refresh(): void;
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

/** What is tried. `keep`: the token also for further pages of this tab. */
interface Attempt {
  readonly token: string | undefined;
  readonly keep: boolean;
}

type State =
  | { readonly is: "asking" }
  | Exclude<Entry, Failed>
  | (Failed & { readonly attempt: Attempt });

type Failed = Extract<Entry, { readonly is: "failed" }>;

/** Asks the server whether it wants a token, shows the login if so, and `children` once the server knows who this is. */
export function SessionProvider({
  waiting,
  children,
}: {
  readonly waiting: ReactNode;
  readonly children: ReactNode;
}) {
  const [state, setState] = useState<State>({ is: "asking" });
  const baseUrl = window.location.origin;

  const enter = useCallback(
    async (attempt: Attempt): Promise<void> => {
      const entry = await askToEnter(baseUrl, attempt.token);
      // A server that is away or busy says nothing of the token: it is kept for the next try.
      if (entry.is !== "failed")
        keepToken(entry.is === "open" && attempt.keep ? attempt.token : undefined);
      setState(entry.is === "failed" ? { ...entry, attempt } : entry);
    },
    [baseUrl],
  );
  useEffect(() => {
    const token = keptToken();
    void enter({ token, keep: token !== undefined });
  }, [enter]);

  const { answer, token } = state.is === "open" ? state : { answer: undefined, token: undefined };
  const access = useMemo(() => {
    const lock = (problem?: string) => {
      keepToken(undefined);
      setState({ is: "locked", problem });
    };
    const refresh = async (): Promise<void> => {
      const entry = await askToEnter(baseUrl, token);
      if (entry.is === "failed") return;
      // Another login may have come between: its token stays.
      if (entry.is === "locked" && keptToken() === token) keepToken(undefined);
      setState((now) => (now.is === "open" && now.token === token ? entry : now));
    };
    // The last request was not answered: the server that answers the next one may have been restarted.
    let isAway = false;
    const fetchAnswer = async <T,>(path: string, init?: RequestInit): Promise<JsonAnswer<T>> => {
      try {
        const given = await requestJson<T>(`${baseUrl}${path}`, token, init);
        if (isAway) void refresh();
        isAway = false;
        return given;
      } catch (error) {
        if (error instanceof RequestError && error.code === "unreachable") isAway = true;
        if (error instanceof RequestError && error.status === 401)
          lock(`You have been logged out: ${error.message}`);
        throw error;
      }
    };
    return {
      baseUrl,
      token,
      clientOptions: token === undefined ? {} : { token },
      fetchAnswer,
      fetchJson: async <T,>(path: string, init?: RequestInit) =>
        (await fetchAnswer<T>(path, init)).json,
      refresh: () => void refresh(),
      logOut: lock,
    };
  }, [baseUrl, token]);
  const session = useMemo(
    (): Session | undefined =>
      answer && { ...answer, name: answer.name, roles: answer.roles ?? [], ...access },
    [answer, access],
  );

  if (session !== undefined)
    return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
  if (state.is === "failed") {
    return (
      <main className="alone">
        <ErrorState
          title={failure(state.error)}
          error={state.error}
          onRetry={() => void enter(state.attempt)}
        />
      </main>
    );
  }
  if (state.is === "locked") {
    return <Login problem={state.problem} logIn={(given, keep) => enter({ token: given, keep })} />;
  }
  return waiting;
}

function failure(error: unknown): string {
  const isOff = error instanceof RequestError && error.status === 404;
  return isOff
    ? "The admin service is switched off on this server, and the console needs it"
    : "The console cannot reach its server";
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
