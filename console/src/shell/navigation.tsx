/** The ways to the pages: a column at the side, or tabs at the bottom where the window is narrow. */
import { useEffect, useRef, useState } from "react";
import { Link, useLocation } from "wouter";
import type { PageEntry } from "../pages.tsx";
import { useSession } from "../session/session.tsx";
import { Account } from "./account.tsx";
import { ThemeSwitch } from "./theme-switch.tsx";

/** How many tabs fit beside "More" at 390 px. */
const tabCount = 4;

const moreIcon = "M4.5 10h.01M10 10h.01M15.5 10h.01";

function Icon({ path, width = 1.6 }: { readonly path: string; readonly width?: number }) {
  return (
    <svg className="icon" width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      <path
        d={path}
        fill="none"
        stroke="currentColor"
        strokeWidth={width}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}

/** The column at the side; hidden by CSS where the tabs are. */
export function SideNavigation({ pages }: { readonly pages: readonly PageEntry[] }) {
  const { version, node } = useSession();
  return (
    <nav className="side" aria-label="Pages">
      <ul>
        {pages.map((page) => (
          <li key={page.name}>
            <PageLink page={page} />
          </li>
        ))}
      </ul>
      <p className="side-foot">
        <span>Switchboard {version}</span>
        <span className="side-node" title={node}>
          node {node}
        </span>
      </p>
    </nav>
  );
}

/** The tabs at the bottom, with a sheet for what does not fit; hidden by CSS where the column is. */
export function TabNavigation({ pages }: { readonly pages: readonly PageEntry[] }) {
  const [open, setOpen] = useState(false);
  const [path] = useLocation();
  const button = useRef<HTMLButtonElement>(null);
  const rest = pages.slice(tabCount);
  const close = () => setOpen(false);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the sheet
  useEffect(close, [path]);
  useEffect(() => {
    if (!open) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [open]);

  return (
    <nav className="tabs" aria-label="Pages">
      {open && (
        <>
          <div className="sheet-shade" aria-hidden="true" onClick={close} />
          <div className="sheet" id="more">
            {rest.length > 0 && (
              <ul>
                {rest.map((page) => (
                  <li key={page.name}>
                    <PageLink page={page} />
                  </li>
                ))}
              </ul>
            )}
            <div className="sheet-foot">
              <ThemeSwitch name="theme-sheet" />
              <Account />
            </div>
          </div>
        </>
      )}
      <ul className="tabs-row">
        {pages.slice(0, tabCount).map((page) => (
          <li key={page.name}>
            <PageLink page={page} />
          </li>
        ))}
        <li>
          <button
            ref={button}
            type="button"
            className={`nav-link${rest.some((page) => isAt(path, page)) ? " nav-link-here" : ""}`}
            aria-expanded={open}
            aria-controls="more"
            onClick={() => setOpen(!open)}
          >
            <Icon path={moreIcon} width={2.6} />
            More
          </button>
        </li>
      </ul>
    </nav>
  );
}

function isAt(path: string, { name }: PageEntry): boolean {
  return name === "" ? path === "/" : path === `/${name}` || path.startsWith(`/${name}/`);
}

function PageLink({ page }: { readonly page: PageEntry }) {
  const [path] = useLocation();
  const here = isAt(path, page);
  return (
    <Link
      href={`/${page.name}`}
      className={`nav-link${here ? " nav-link-here" : ""}`}
      aria-current={here ? "page" : undefined}
    >
      <Icon path={page.icon} />
      {page.title}
    </Link>
  );
}
