/** The console. */
import { Router } from "wouter";
import { TickerProvider } from "./parts/ticker.tsx";
import { ToastProvider } from "./parts/toast.tsx";
import { SessionProvider } from "./session/session.tsx";
import { ConnectionBoardProvider } from "./shell/connection-board.tsx";
import { Shell, WaitingShell } from "./shell/shell.tsx";
import { ThemeProvider } from "./shell/theme.tsx";

/** Everything, from the theme to the page. */
export function App() {
  return (
    <Router base="/console">
      <ThemeProvider>
        <SessionProvider waiting={<WaitingShell />}>
          <ConnectionBoardProvider>
            <TickerProvider>
              <ToastProvider>
                <Shell />
              </ToastProvider>
            </TickerProvider>
          </ConnectionBoardProvider>
        </SessionProvider>
      </ThemeProvider>
    </Router>
  );
}
