/** Pages of a list that the server gives in the order of its ids, each as what comes after an id. */
import { useState } from "react";
import { Button } from "./button.tsx";
import { EmptyState } from "./empty-state.tsx";

export interface Paging {
  /** Rows of a page. */
  readonly size: number;
  /** What to ask the server for: one row more than a page has, so that it is known whether there is another. */
  readonly query: string;
  readonly isFirst: boolean;
  back(): void;
  /** To the page behind `last`, the last id of this one. */
  forth(last: string): void;
}

/** Begins with the first page. The server must give `size` + 1 rows when asked for them. */
export function usePaging(size: number): Paging {
  /** Behind which id each page begins, up to the one that is shown. */
  const [starts, setStarts] = useState<readonly string[]>([""]);
  return {
    size,
    query: `limit=${size + 1}&after=${encodeURIComponent(starts.at(-1) ?? "")}`,
    isFirst: starts.length === 1,
    back: () => setStarts(starts.slice(0, -1)),
    forth: (last) => setStarts([...starts, last]),
  };
}

/** Of the answer to `query` the rows that are on the page. */
export function pageRows<Row>({ size }: Paging, answer: readonly Row[]): readonly Row[] {
  return answer.slice(0, size);
}

interface PagingButtonsProps {
  readonly paging: Paging;
  /** Of all rows of the answer to `query`; undefined while it is being loaded. */
  readonly ids: readonly string[] | undefined;
}

/** Nothing where all is on one page. */
export function PagingButtons({ paging, ids = [] }: PagingButtonsProps) {
  const last = ids.length > paging.size ? ids[paging.size - 1] : undefined;
  if (last === undefined && paging.isFirst) return null;
  return (
    <div className="row">
      <Button disabled={paging.isFirst} onClick={paging.back}>
        Before
      </Button>
      <Button
        disabled={last === undefined}
        onClick={() => last !== undefined && paging.forth(last)}
      >
        Next {paging.size}
      </Button>
    </div>
  );
}

/** For a page that is not the first, when all that was on it has gone: that says nothing of the pages before. */
export function EmptyPage() {
  return (
    <EmptyState title="Nothing is on this page any more">
      What was here has gone. “Before” leads back to what there is.
    </EmptyState>
  );
}
