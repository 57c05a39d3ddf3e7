/** A command's life as steps. */
import { StatusBadge, type Tone } from "../../parts/status-badge.tsx";
import { type ListedCommand, lifeOf, tookText } from "./listed-command.ts";
import "./command-life.css";

/** How a status looks. */
function toneOf(status: ListedCommand["status"]): Tone {
  if (status === "done") return "ok";
  if (status === "failed") return "bad";
  if (status === "expired") return "warn";
  return status === "cancelled" ? "idle" : "busy";
}

export function CommandLife({ command }: { readonly command: ListedCommand }) {
  const steps = lifeOf(command);
  return (
    <ol className="life" aria-label="Its life">
      {steps.map(({ name, is, atMs }, at) => {
        const before = steps[at - 1]?.atMs;
        return (
          <li key={name} className={`life-${is}`}>
            {is === "now" ? (
              <StatusBadge tone={toneOf(command.status)}>{name}</StatusBadge>
            ) : (
              <span>{name}</span>
            )}
            {atMs !== undefined && before !== undefined && <small>{tookText(before, atMs)}</small>}
          </li>
        );
      })}
    </ol>
  );
}
