/** What is around every page: header, navigation, and the place where the page is. */
import { type ReactNode, Suspense, useEffect, useRef } from "react";
import { Link, Redirect, Route, Switch, useLocation } from "wouter";
import { type PageEntry, Parts, pages } from "../pages.tsx";
import { Page } from "../parts/page.tsx";
import { useSession } from "../session/session.tsx";
import { Account } from "./account.tsx";
import { ConnectionIndicator } from "./connection-indicator.tsx";
import { ErrorBoundary } from "./error-boundary.tsx";
import { Mark } from "./mark.tsx";
import { SideNavigation, TabNavigation } from "./navigation.tsx";
import { NotFound } from "./not-found.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";
import { useFreshSession } from "./use-fresh-session.ts";
import "./shell.css";

/** The shell with the page of the present address. */
export function Shell() {
  useFreshSession();
  const { auth, roles, services } = useSession();
  const isAdmin = !auth || roles.includes("admin");
  const shown = pages.filter(
    ({ service }) => services.includes(service) && (isAdmin || service !== "admin"),
  );
  const [path] = useLocation();
  const [, first = ""] = path.split("/");
  const main = useRef<HTMLElement>(null);
  const before = useRef(first);

  // Another page begins at its top, for eyes and for screen readers; the first one is announced by the browser.
  useEffect(() => {
    if (before.current === first) return;
    before.current = first;
    window.scrollTo(0, 0);
    main.current?.focus({ preventScroll: true });
  }, [first]);

  return (
    <Frame
      tools={
        <>
          <ConnectionIndicator />
          <div className="header-wide">
            <ThemeSwitch name="theme" />
            <Account />
          </div>
        </>
      }
      side={<SideNavigation pages={shown} />}
      tabs={<TabNavigation pages={shown} />}
    >
      <main id="main" ref={main} tabIndex={-1}>
        <ErrorBoundary key={first}>
          <Suspense fallback={<Loading title={shown.find(({ name }) => name === first)?.title} />}>
            <Routes shown={shown} />
          </Suspense>
        </ErrorBoundary>
      </main>
    </Frame>
  );
}

function Routes({ shown }: { readonly shown: readonly PageEntry[] }) {
  const [start] = shown;
  return (
    <Switch>
      {shown.map(({ name, Content }) => (
        <Route key={name} path={name === "" ? "/" : `/${name}/*?`} component={Content} />
      ))}
      <Route path="/parts" component={Parts} />
      {/* Where the overview is not served, the first page is the start. */}
      {start !== undefined && start.name !== "" && (
        <Route path="/">
          <Redirect to={`/${start.name}`} replace />
        </Route>
      )}
      <Route component={NotFound} />
    </Switch>
  );
}

/** The frame while the server has not said yet who this is: nothing moves when it has. */
export function WaitingShell() {
  return (
    <Frame>
      <main id="main" aria-busy="true" />
    </Frame>
  );
}

function Loading({ title }: { readonly title: string | undefined }) {
  return title === undefined ? null : <Page title={title}>{null}</Page>;
}

interface FrameProps {
  readonly tools?: ReactNode;
  readonly side?: ReactNode;
  readonly tabs?: ReactNode;
  readonly children: ReactNode;
}

function Frame({ tools, side, tabs, children }: FrameProps) {
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <header className="header">
        <Link href="/" className="brand">
          <Mark size={26} />
          Switchboard
        </Link>
        <div className="header-tools">{tools}</div>
      </header>
      <div className="side-place">{side}</div>
      {children}
      {tabs}
    </div>
  );
}
