/** Light, dark, or as the system has it. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

/** What was chosen. */
export type ThemeChoice = "system" | "light" | "dark";

interface Theme {
  readonly choice: ThemeChoice;
  /** What is seen: what a canvas has to be painted for again. */
  readonly shown: "light" | "dark";
  choose(choice: ThemeChoice): void;
}

const ThemeContext = createContext<Theme | undefined>(undefined);

// public/theme.js reads it too.
const key = "switchboard.theme";

/** The theme; only below ThemeProvider. */
export function useTheme(): Theme {
  const theme = useContext(ThemeContext);
  if (theme === undefined) throw new Error("useTheme is for parts below ThemeProvider");
  return theme;
}

export function ThemeProvider({ children }: { readonly children: ReactNode }) {
  const [choice, setChoice] = useState<ThemeChoice>(() =>
    choiceIn(document.documentElement.dataset.theme),
  );
  const [systemIsDark, setSystemIsDark] = useState(
    () => matchMedia("(prefers-color-scheme: dark)").matches,
  );

  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const listen = () => setSystemIsDark(query.matches);
    query.addEventListener("change", listen);
    return () => query.removeEventListener("change", listen);
  }, []);

  const theme = useMemo((): Theme => {
    const system = systemIsDark ? "dark" : "light";
    return {
      choice,
      shown: choice === "system" ? system : choice,
      choose(next) {
        if (next === "system") delete document.documentElement.dataset.theme;
        else document.documentElement.dataset.theme = next;
        try {
          if (next === "system") localStorage.removeItem(key);
          else localStorage.setItem(key, next);
        } catch {
          // Storage is forbidden: it holds for this page.
        }
        setChoice(next);
      },
    };
  }, [choice, systemIsDark]);

  return <ThemeContext.Provider value={theme}>{children}</ThemeContext.Provider>;
}

function choiceIn(text: string | undefined): ThemeChoice {
  return text === "light" || text === "dark" ? text : "system";
}
