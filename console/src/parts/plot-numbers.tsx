/** What a plot shows, as a table. */
import { useState } from "react";
import type uPlot from "uplot";
import { type Column, DataTable } from "./data-table.tsx";
import { shortNumber } from "./figure.tsx";

interface PlotNumbersProps {
  readonly label: string;
  readonly lines: readonly string[];
  readonly data: uPlot.AlignedData;
}

interface LineNumbers {
  readonly line: string;
  readonly points: number;
  readonly last: number | undefined;
  readonly smallest: number | undefined;
  readonly largest: number | undefined;
}

const columns: readonly Column<LineNumbers>[] = [
  { key: "line", head: "Line", cell: ({ line }) => line, sortBy: ({ line }) => line },
  ...(["points", "last", "smallest", "largest"] as const).map(
    (key): Column<LineNumbers> => ({
      key,
      head: `${key.slice(0, 1).toUpperCase()}${key.slice(1)}`,
      cell: ({ [key]: value }) => (value === undefined ? "–" : shortNumber(value)),
      sortBy: ({ [key]: value }) => value,
      align: "end",
    }),
  ),
];

/** Worked out only while it is open. */
export function PlotNumbers({ label, lines, data }: PlotNumbersProps) {
  const [open, setOpen] = useState(false);
  return (
    <details className="plot-numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Numbers<span className="visually-hidden"> of {label}</span>
      </summary>
      {open && (
        <DataTable
          caption={`Numbers of ${label}`}
          columns={columns}
          rows={lines.map((line, at) => numbersOf(line, data[at + 1] ?? []))}
          rowKey={({ line }) => line}
          maxHeightPx={320}
          empty={<p className="quiet">There are no lines.</p>}
        />
      )}
    </details>
  );
}

function numbersOf(line: string, values: ArrayLike<number | null | undefined>): LineNumbers {
  let points = 0;
  let last: number | undefined;
  let smallest: number | undefined;
  let largest: number | undefined;
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (value === null || value === undefined || Number.isNaN(value)) continue;
    points += 1;
    last = value;
    smallest = smallest === undefined ? value : Math.min(smallest, value);
    largest = largest === undefined ? value : Math.max(largest, value);
  }
  return { line, points, last, smallest, largest };
}
