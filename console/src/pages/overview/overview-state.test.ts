/** The overview's state, sums and words. */
import { describe, expect, it } from "vitest";
import type { NodeFigures, ServiceFigures } from "./figures.ts";
import { historyLength, type OverviewState, withOnly, withoutNode, withReport } from "./overview-state.ts";
import { codeRows, grandTotal, serviceSums } from "./service-sums.ts";
import { summarySentence } from "./summary.ts";

const nowMs = 1_800_000_000_000;

function lobby(figures: Partial<ServiceFigures> = {}): ServiceFigures {
  const totals = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0, skipped: 0 };
  return { service: "lobby", connections: 2, unsentBytes: 0, slowConnections: 0, errors: {}, closes: {}, ...totals, ...figures };
}

function rates(messagesIn: number, messagesOut = 0) {
  return { messagesIn, messagesOut, bytesIn: 10, bytesOut: 20, skipped: 0 };
}

function report(node: string, at: number, services: readonly ServiceFigures[], ageMs = 0): NodeFigures {
  const process = { pid: 1, host: "h", uptimeSeconds: 1, cpuShare: at / 10, rssBytes: 1 };
  return { node, at, ageMs, version: "0", draining: false, connections: 2, refused: 0, engine: { kind: "embedded" }, process, services };
}

describe("reports", () => {
  it("are remembered with their rates, the last minute of them", () => {
    let state: OverviewState = withReport([], report("a", 0, [lobby()]), nowMs);
    for (let at = 1; at <= 100; at++) state = withReport(state, report("a", at, [lobby({ perSecond: rates(at) })]), nowMs + at * 1000);
    const [view] = state;
    expect(state).toHaveLength(1);
    expect(view?.atMs).toBe(nowMs + 100_000);
    expect(view?.rates.lobby?.in).toHaveLength(historyLength);
    expect([view?.rates.lobby?.in[0], view?.rates.lobby?.in.at(-1)]).toEqual([41, 100]);
    expect(view?.cpu.at(-1)).toBe(10);
  });

  it("that are told again change nothing, so that their age grows", () => {
    const state = withReport([], report("a", 1, [lobby()]), nowMs);
    expect(withReport(state, report("a", 1, [lobby()], 3000), nowMs + 3000)).toBe(state);
  });

  it("are as old as the server says", () => {
    expect(withReport([], report("a", 1, [lobby()], 3000), nowMs)[0]?.atMs).toBe(nowMs - 3000);
  });

  it("of a node that is silent for long, or has left, are forgotten", () => {
    const both = withReport(withReport([], report("a", 1, []), nowMs), report("b", 1, []), nowMs);
    const later = withReport(both, report("b", 2, []), nowMs + 30_001);
    expect(later.map(({ figures: { node } }) => node)).toEqual(["b"]);
    expect(withoutNode(both, "b").map(({ figures: { node } }) => node)).toEqual(["a"]);
    expect(withOnly(both, "b").map(({ figures: { node } }) => node)).toEqual(["b"]);
  });
});

describe("sums", () => {
  const a = report("a", 1, [lobby({ perSecond: rates(3, 5), errors: { bad_json: 2 }, closes: { "1000": 1 }, slowConnections: 1 })]);
  const b = report("b", 1, [lobby({ perSecond: rates(4, 6), errors: { bad_json: 1, over_rate: 9 } })], 2000);
  const state = withReport(withReport([], a, nowMs), b, nowMs);

  it("are over all nodes, and as old as the oldest", () => {
    const [sum] = serviceSums(state);
    expect(sum).toMatchObject({ connections: 4, slowConnections: 1, errors: { bad_json: 3, over_rate: 9 }, closes: { "1000": 1 } });
    expect(sum?.perSecond).toMatchObject({ messagesIn: 7, messagesOut: 11, bytesIn: 20 });
    expect(sum?.history).toEqual({ in: [7], out: [11] });
    expect(sum?.atMs).toBe(nowMs - 2000);
    expect(grandTotal(serviceSums(state))).toMatchObject({ connections: 4, perSecond: { messagesOut: 11 } });
  });

  it("have the newest of histories of unequal length beside each other", () => {
    const more = withReport(state, report("a", 2, [lobby({ perSecond: rates(10) })]), nowMs + 1000);
    expect(serviceSums(more)[0]?.history.in).toEqual([3, 14]);
  });

  it("by code have the most frequent first, with the services that had it", () => {
    expect(codeRows(serviceSums(state), "errors")).toEqual([
      { code: "over_rate", count: 9, services: [{ service: "lobby", count: 9 }] },
      { code: "bad_json", count: 3, services: [{ service: "lobby", count: 3 }] },
    ]);
  });

  it("are said in a sentence", () => {
    expect(summarySentence(serviceSums(state), 2)).toBe(
      "4 clients are connected to 1 of 1 services on 2 nodes. 7 messages a second come in, 11 go out. 1 client is slow: what waits for them is listed below.",
    );
    expect(summarySentence(serviceSums(withReport([], report("a", 1, [lobby({ connections: 0 })]), nowMs)), 1)).toBe(
      "Switchboard is ready on one node: nobody is connected.",
    );
  });
});
