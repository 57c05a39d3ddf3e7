/** How the states of a camera are said. */
import type { Tone } from "../../parts/status-badge.tsx";
import type { CameraState } from "./camera-book.ts";

interface Words {
  readonly tone: Tone;
  readonly name: string;
  /** What it means and what to do. */
  readonly about: string;
}

export const cameraWords: Readonly<Record<CameraState, Words>> = {
  online: { tone: "ok", name: "Online", about: "Frames come." },
  stopped: { tone: "bad", name: "Stopped", about: "Connected, but silent: look at its processor." },
  offline: { tone: "warn", name: "Offline", about: "Not connected now: its processor has gone." },
  starting: { tone: "busy", name: "Starting", about: "Connected; no frame yet." },
  unknown: {
    tone: "idle",
    name: "Not known",
    about: "This page has no connection to the server now.",
  },
};
