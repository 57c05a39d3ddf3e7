/** Sentences that are put into order: by dragging, with buttons, or with Alt and the arrow keys. The best is at the top. */
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useRef, useState } from "react";
import { type Direction, moved, placeUnder } from "./rank-order.ts";

interface RankListProps {
  readonly sentences: readonly string[];
  /** Indices of `sentences`, the best first. */
  readonly order: readonly number[];
  readonly disabled: boolean;
  change(order: readonly number[]): void;
}

interface Drag {
  readonly index: number;
  readonly pointerId: number;
  /** What a cancelled drag leads back to. */
  readonly before: readonly number[];
}

/** What is to have the focus again after its row has moved, which takes it away. */
interface Focus {
  readonly index: number;
  readonly control: string;
}

export function RankList({ sentences, order, disabled, change }: RankListProps) {
  const hintId = useId();
  const list = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const [said, setSaid] = useState("");
  const focus = useRef<Focus>();

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever rows have moved
  useEffect(() => {
    const wanted = focus.current;
    focus.current = undefined;
    if (wanted === undefined) return;
    const row = list.current?.querySelector(`[data-index="${wanted.index}"]`);
    const same = row?.querySelector<HTMLButtonElement>(`[data-control="${wanted.control}"]`);
    // A button that has become useless at the end of the list cannot have it.
    (same?.disabled === false
      ? same
      : row?.querySelector<HTMLButtonElement>('[data-control="handle"]')
    )?.focus();
  }, [order]);

  const say = (index: number, place: number) =>
    setSaid(`${sentences[index]}: now place ${place + 1} of ${order.length}`);

  const move = (index: number, direction: Direction, control: string) => {
    const from = order.indexOf(index);
    const next = moved(order, from, from + (direction === "up" ? -1 : 1));
    if (next === order || disabled) return;
    focus.current = { index, control };
    change(next);
    say(index, next.indexOf(index));
  };

  const onKeyDown = (event: KeyboardEvent, index: number) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const control = event.target instanceof HTMLElement ? event.target.dataset.control : undefined;
    move(index, event.key === "ArrowUp" ? "up" : "down", control ?? "handle");
  };

  const onPointerDown = (event: PointerEvent<HTMLOListElement>) => {
    const handle =
      event.target instanceof Element
        ? event.target.closest<HTMLElement>('[data-control="handle"]')
        : null;
    const index = Number(handle?.closest<HTMLElement>("[data-index]")?.dataset.index ?? Number.NaN);
    if (disabled || event.button !== 0 || !Number.isInteger(index)) return;
    // The list, as it does not move.
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ index, pointerId: event.pointerId, before: order });
  };

  const onPointerMove = (event: PointerEvent<HTMLOListElement>) => {
    if (drag?.pointerId !== event.pointerId) return;
    const others = [...event.currentTarget.children].filter(
      (row) => row instanceof HTMLElement && row.dataset.index !== String(drag.index),
    );
    const middles = others
      .map((row) => row.getBoundingClientRect())
      .map(({ top, height }) => top + height / 2);
    const next = moved(order, order.indexOf(drag.index), placeUnder(event.clientY, middles));
    if (next !== order) change(next);
  };

  const onPointerEnd = (event: PointerEvent<HTMLOListElement>, isKept: boolean) => {
    if (drag?.pointerId !== event.pointerId) return;
    setDrag(undefined);
    if (isKept) say(drag.index, order.indexOf(drag.index));
    else change(drag.before);
  };

  return (
    <div className="crowd-rank">
      <p id={hintId} className="quiet crowd-small">
        Drag by the grip, use the arrow buttons, or press Alt with ↑ or ↓.
      </p>
      <p className="crowd-rank-end">Best</p>
      <ol
        ref={list}
        className="crowd-rank-list"
        aria-label="Sentences, the best at the top"
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={(event) => onPointerEnd(event, true)}
        onPointerCancel={(event) => onPointerEnd(event, false)}
      >
        {order.map((index, place) => {
          const sentence = sentences[index] ?? "";
          return (
            <li
              key={index}
              data-index={index}
              className={drag?.index === index ? "crowd-rank-dragged" : undefined}
              onKeyDown={(event) => onKeyDown(event, index)}
            >
              <button
                type="button"
                className="crowd-rank-handle"
                data-control="handle"
                disabled={disabled}
                aria-label={`Place ${place + 1} of ${order.length}: ${sentence}`}
                aria-describedby={hintId}
              >
                <svg
                  width="12"
                  height="18"
                  viewBox="0 0 12 18"
                  fill="currentColor"
                  aria-hidden="true"
                >
                  {[3, 9, 15].flatMap((y) =>
                    [2.5, 9.5].map((x) => <circle key={`${x} ${y}`} cx={x} cy={y} r="1.7" />),
                  )}
                </svg>
              </button>
              <span className="crowd-rank-place" aria-hidden="true">
                {place + 1}
              </span>
              <span className="crowd-rank-text">{sentence}</span>
              <span className="crowd-rank-buttons">
                {(["up", "down"] as const).map((direction) => (
                  <button
                    key={direction}
                    type="button"
                    data-control={direction}
                    disabled={disabled || place === (direction === "up" ? 0 : order.length - 1)}
                    aria-label={`Move ${direction}: ${sentence}`}
                    onClick={() => move(index, direction, direction)}
                  >
                    <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true">
                      <path
                        d={direction === "up" ? "M2.5 9 7 4.5 11.5 9" : "M2.5 5 7 9.5 11.5 5"}
                        fill="none"
                        stroke="currentColor"
                        strokeWidth="1.8"
                        strokeLinecap="round"
                      />
                    </svg>
                  </button>
                ))}
              </span>
            </li>
          );
        })}
      </ol>
      <p className="crowd-rank-end">Worst</p>
      <p className="visually-hidden" role="status">
        {said}
      </p>
    </div>
  );
}
