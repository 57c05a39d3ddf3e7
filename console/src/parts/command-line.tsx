/** A command to copy. */
import { Button } from "./button.tsx";
import { useToast } from "./toast.tsx";
import "./command-line.css";

/** Shows it whole, and copies it by a click. */
export function CommandLine({ text }: { readonly text: string }) {
  const say = useToast();
  const copy = () => {
    copyText(text).then(
      () => say("Copied"),
      () => say("The browser does not let this page copy: select the text instead", "bad"),
    );
  };
  return (
    <div className="command-line">
      <code>{text}</code>
      <Button look="bare" label={`Copy: ${text}`} onClick={copy}>
        Copy
      </Button>
    </div>
  );
}

/** Puts text on the clipboard; rejects where the page may not (it is not on loopback and not https). */
export async function copyText(text: string): Promise<void> {
  await navigator.clipboard.writeText(text);
}
