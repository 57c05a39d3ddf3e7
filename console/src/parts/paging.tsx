/** Pages of a list that the server gives in the order of its ids, each as what comes after an id. */
import { useState } from "react";
import { Button } from "./button.tsx";

export interface Paging {
  /** Behind which id the page that is shown begins. */
  readonly after: string;
  readonly isFirst: boolean;
  back(): void;
  /** To the page behind `last`, the last id of this one. */
  forth(last: string): void;
}

export function usePaging(): Paging {
  /** Behind which id each page begins, up to the one that is shown. */
  const [starts, setStarts] = useState<readonly string[]>([""]);
  return {
    after: starts.at(-1) ?? "",
    isFirst: starts.length === 1,
    back: () => setStarts(starts.slice(0, -1)),
    forth: (last) => setStarts([...starts, last]),
  };
}

interface PagingButtonsProps {
  readonly paging: Paging;
  /** What the server was asked for at most. */
  readonly pageSize: number;
  /** Of the page that is shown; undefined while it is being loaded. */
  readonly ids: readonly string[] | undefined;
}

/** Nothing where all is on one page. */
export function PagingButtons({ paging, pageSize, ids }: PagingButtonsProps) {
  const last = ids?.length === pageSize ? ids.at(-1) : undefined;
  if (last === undefined && paging.isFirst) return null;
  return (
    <div className="row">
      <Button disabled={paging.isFirst} onClick={paging.back}>
        Before
      </Button>
      <Button disabled={last === undefined} onClick={() => last !== undefined && paging.forth(last)}>
        Next {pageSize}
      </Button>
    </div>
  );
}
