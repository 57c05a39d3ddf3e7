/** Short messages about what was just done, seen and read out. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { Button } from "./button.tsx";
import "./toast.css";

/** `ok` goes by itself after 6 s; `bad` stays until it is put away. */
type ToastTone = "ok" | "bad";

interface Toast {
  readonly id: number;
  readonly tone: ToastTone;
  readonly text: string;
}

/** Says something; of more than four at once the oldest goes. */
export type Say = (text: string, tone?: ToastTone) => void;

const SayContext = createContext<Say | undefined>(undefined);
const stayMs = 6000;
const maxToasts = 4;

/** `say("Command sent")`, `say(error.message, "bad")`. For what belongs to a field or a panel, use its own `problem` or ErrorState. */
export function useToast(): Say {
  const say = useContext(SayContext);
  if (say === undefined) throw new Error("useToast is for parts below ToastProvider");
  return say;
}

export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const nextId = useRef(0);
  const say = useCallback<Say>((text, tone = "ok") => {
    nextId.current += 1;
    const toast = { id: nextId.current, tone, text };
    setToasts((before) => [...before, toast].slice(-maxToasts));
  }, []);
  const dismiss = useCallback(
    (id: number) => setToasts((before) => before.filter((toast) => toast.id !== id)),
    [],
  );
  const ofTone = useMemo(
    () => (tone: ToastTone) => toasts.filter((toast) => toast.tone === tone),
    [toasts],
  );
  return (
    <SayContext.Provider value={say}>
      {children}
      {/* Both regions are there before anything is said in them: otherwise it is not read out. */}
      <div className="toasts">
        <div role="alert">
          {ofTone("bad").map((toast) => (
            <ToastCard key={toast.id} toast={toast} dismiss={dismiss} />
          ))}
        </div>
        <div role="status">
          {ofTone("ok").map((toast) => (
            <ToastCard key={toast.id} toast={toast} dismiss={dismiss} />
          ))}
        </div>
      </div>
    </SayContext.Provider>
  );
}

function ToastCard({ toast, dismiss }: { readonly toast: Toast; dismiss(id: number): void }) {
  const { id, tone, text } = toast;
  useEffect(() => {
    if (tone === "bad") return;
    const timer = setTimeout(() => dismiss(id), stayMs);
    return () => clearTimeout(timer);
  }, [id, tone, dismiss]);
  return (
    <div className={`toast toast-${tone}`}>
      <p>{text}</p>
      <Button look="bare" onClick={() => dismiss(id)}>
        Close
      </Button>
    </div>
  );
}
