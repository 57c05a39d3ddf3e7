/** A table of rows that are alike. */
import { type ReactNode, useMemo, useState } from "react";
import { Button } from "./button.tsx";
import "./data-table.css";

/** One column. */
export interface Column<Row> {
  /** Unique in the table. */
  readonly key: string;
  readonly head: string;
  cell(row: Row): ReactNode;
  /** With it the column can be sorted by; without a value, rows are last in either direction. */
  readonly sortBy?: (row: Row) => string | number | undefined;
  /** `end` for numbers. Default `start`. */
  readonly align?: "start" | "end";
}

interface DataTableProps<Row> {
  /** What the table lists, for who does not see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  rowKey(row: Row): string;
  /** The row that is shown elsewhere on the page. */
  readonly selectedKey?: string | undefined;
  /** What stands here when there are no rows: an EmptyState. */
  readonly empty: ReactNode;
  /** Key of the column to sort by at first, `-KEY` downwards. Absent: as `rows` are. */
  readonly sort?: string;
  /** It scrolls within itself beyond this. Default 520. */
  readonly maxHeightPx?: number;
}

/** More rows than this are shown when asked for: a page of ten thousand rows answers no key. */
const rowsAtOnce = 200;

/** Heads sort by click and by key; it scrolls within itself both ways, and its head stays. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const {
    caption,
    columns,
    rows,
    rowKey,
    selectedKey,
    empty,
    sort: firstSort = "",
    maxHeightPx = 520,
  } = props;
  const [sort, setSort] = useState(firstSort);
  const [limit, setLimit] = useState(rowsAtOnce);
  const sorted = useMemo(() => sortedRows(rows, columns, sort), [rows, columns, sort]);

  if (rows.length === 0) return <>{empty}</>;
  const shown = sorted.slice(0, limit);
  return (
    <section
      className="table-scroll"
      style={{ maxHeight: maxHeightPx }}
      aria-label={caption}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by key
      tabIndex={0}
    >
      <table className="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ key, head, sortBy, align = "start" }) => (
              <th
                key={key}
                scope="col"
                className={`align-${align}`}
                aria-sort={sortBy === undefined ? undefined : directionOf(sort, key)}
              >
                {sortBy === undefined ? (
                  head
                ) : (
                  <button type="button" onClick={() => setSort(sort === key ? `-${key}` : key)}>
                    {head}
                    <SortSign direction={directionOf(sort, key)} />
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => {
            const key = rowKey(row);
            return (
              <tr key={key} aria-current={key === selectedKey || undefined}>
                {columns.map((column) => (
                  <td key={column.key} className={`align-${column.align ?? "start"}`}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {sorted.length > limit && (
        <p className="table-more">
          <span className="quiet">
            {limit} of {sorted.length} rows
          </span>
          <Button look="bare" onClick={() => setLimit(limit + rowsAtOnce)}>
            Show {Math.min(rowsAtOnce, sorted.length - limit)} more
          </Button>
        </p>
      )}
    </section>
  );
}

function directionOf(sort: string, key: string): "ascending" | "descending" | "none" {
  if (sort === key) return "ascending";
  return sort === `-${key}` ? "descending" : "none";
}

/** Equal rows stay in the order they came in. */
function sortedRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sort: string,
): readonly Row[] {
  const column = columns.find(({ key }) => directionOf(sort, key) !== "none");
  const sortBy = column?.sortBy;
  if (column === undefined || sortBy === undefined) return rows;
  const sign = sort === column.key ? 1 : -1;
  return rows
    .map((row) => ({ row, by: sortBy(row) }))
    .sort((a, b) => {
      if (a.by === undefined || b.by === undefined)
        return Number(a.by === undefined) - Number(b.by === undefined);
      return sign * compare(a.by, b.by);
    })
    .map(({ row }) => row);
}

function compare(a: string | number, b: string | number): number {
  return typeof a === "number" && typeof b === "number"
    ? a - b
    : String(a).localeCompare(String(b), undefined, { numeric: true });
}

function SortSign({ direction }: { readonly direction: "ascending" | "descending" | "none" }) {
  return (
    <svg
      className={`sort-${direction}`}
      width="8"
      height="12"
      viewBox="0 0 8 12"
      fill="currentColor"
      aria-hidden="true"
    >
      <path className="sort-up" d="M4 1 7 5H1z" />
      <path className="sort-down" d="M4 11 1 7h6z" />
    </svg>
  );
}
