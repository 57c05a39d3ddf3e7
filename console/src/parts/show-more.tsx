/** The end of a list of which only the first are shown. */
import { Button } from "./button.tsx";

interface ShowMoreProps {
  /** How many there are, and how many of them are shown. */
  readonly count: number;
  readonly shown: number;
  /** How many more each time. */
  readonly step: number;
  /** Of what: "rows". */
  readonly what: string;
  /** Gets how many to show from now on. */
  onMore(shown: number): void;
}

export function ShowMore({ count, shown, step, what, onMore }: ShowMoreProps) {
  if (count <= shown) return null;
  return (
    <p className="row">
      <span className="quiet">
        {shown} of {count} {what}
      </span>
      <Button look="bare" onClick={() => onMore(shown + step)}>
        Show {Math.min(step, count - shown)} more
      </Button>
    </p>
  );
}
