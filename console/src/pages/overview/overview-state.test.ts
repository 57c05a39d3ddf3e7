/** The overview's state, sums and words. */
import { describe, expect, it } from "vitest";
import type { NodeFigures, ServiceFigures } from "./figures.ts";
import {
  counted,
  historyLength,
  type OverviewState,
  withOnly,
  withoutNode,
  withReport,
} from "./overview-state.ts";
import { codeRows, grandTotal, serviceSums } from "./service-sums.ts";
import { emptyTitle, slowElsewhere } from "./slow-elsewhere.ts";
import { summarySentence } from "./summary.ts";

const nowMs = 1_800_000_000_000;

function lobby(figures: Partial<ServiceFigures> = {}): ServiceFigures {
  const totals = { messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0, skipped: 0 };
  return {
    service: "lobby",
    connections: 2,
    unsentBytes: 0,
    slowConnections: 0,
    errors: {},
    closes: {},
    ...totals,
    ...figures,
  };
}

function rates(messagesIn: number, messagesOut = 0) {
  return { messagesIn, messagesOut, bytesIn: 10, bytesOut: 20, skipped: 0 };
}

function report(
  node: string,
  at: number,
  services: readonly ServiceFigures[],
  ageMs = 0,
): NodeFigures {
  const process = { pid: 1, host: "h", uptimeSeconds: 1, cpuShare: at / 10, rssBytes: 1 };
  return {
    node,
    at,
    ageMs,
    version: "0",
    draining: false,
    connections: 2,
    refused: 0,
    engine: { kind: "embedded" },
    process,
    services,
  };
}

describe("reports", () => {
  it("are remembered with their rates, the last minute of them", () => {
    let state: OverviewState = withReport([], report("a", 0, [lobby()]), nowMs);
    for (let at = 1; at <= 100; at++)
      state = withReport(
        state,
        report("a", at, [lobby({ perSecond: rates(at) })]),
        nowMs + at * 1000,
      );
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
  const a = report("a", 1, [
    lobby({
      perSecond: rates(3, 5),
      errors: { bad_json: 2 },
      closes: { "1000": 1 },
      slowConnections: 1,
    }),
  ]);
  const b = report(
    "b",
    1,
    [lobby({ perSecond: rates(4, 6), errors: { bad_json: 1, over_rate: 9 } })],
    2000,
  );
  const state = withReport(withReport([], a, nowMs), b, nowMs);

  it("are over all nodes, and as old as the oldest", () => {
    const [sum] = serviceSums(state);
    expect(sum).toMatchObject({
      connections: 4,
      slowConnections: 1,
      errors: { bad_json: 3, over_rate: 9 },
      closes: { "1000": 1 },
    });
    expect(sum?.perSecond).toMatchObject({ messagesIn: 7, messagesOut: 11, bytesIn: 20 });
    expect(sum?.history).toEqual({ in: [7], out: [11] });
    expect(sum?.atMs).toBe(nowMs - 2000);
    expect(grandTotal(serviceSums(state))).toMatchObject({
      connections: 4,
      perSecond: { messagesOut: 11 },
    });
  });

  it("have the newest of histories of unequal length beside each other", () => {
    const more = withReport(state, report("a", 2, [lobby({ perSecond: rates(10) })]), nowMs + 1000);
    expect(serviceSums(more)[0]?.history.in).toEqual([3, 14]);
  });

  it("leave a silent node out, as long as another reports; when all are silent they stay what they were", () => {
    const restarted = withReport(
      withReport([], report("before", 1, [lobby()]), nowMs),
      report("after", 1, [lobby()]),
      nowMs + 5000,
    );
    const nodes = (atMs: number) => counted(restarted, atMs).map(({ figures: { node } }) => node);
    expect(nodes(nowMs + 5000)).toEqual(["after"]);
    expect(nodes(nowMs + 20_000)).toEqual(["after"]);
    expect(serviceSums(counted(restarted, nowMs + 5000))[0]?.connections).toBe(2);
    expect(counted(state, nowMs)).toHaveLength(2);
    expect(counted(state, nowMs + 60_000)).toHaveLength(2);
    expect(counted(state.slice(0, 1), nowMs + 60_000)).toHaveLength(1);
    expect(counted([], nowMs)).toEqual([]);
    expect(summarySentence(serviceSums(counted(restarted, nowMs + 5000)), 1, 1)).toMatch(
      /^2 clients are connected .* on one node\. .* 1 node is silent, and not counted\.$/,
    );
  });

  it("by code have the most frequent first, with the services that had it", () => {
    expect(codeRows(serviceSums(state), "errors")).toEqual([
      { code: "over_rate", count: 9, services: [{ service: "lobby", count: 9 }] },
      { code: "bad_json", count: 3, services: [{ service: "lobby", count: 3 }] },
    ]);
  });

  it("are said in a sentence", () => {
    expect(summarySentence(serviceSums(state), 2, 0)).toBe(
      "4 clients are connected to 1 of 1 services on 2 nodes. 7 messages a second come in, 11 go out. 1 client is slow: see below.",
    );
    expect(
      summarySentence(
        serviceSums(withReport([], report("a", 1, [lobby({ connections: 0 })]), nowMs)),
        1,
        0,
      ),
    ).toBe("Switchboard is ready on one node: nobody is connected.");
  });
});

describe("slow clients", () => {
  const a = report("a", 1, [lobby({ slowConnections: 2 })]);
  const b = report("b", 1, [lobby({ slowConnections: 1 })]);
  const state = withReport(withReport([], a, nowMs), b, nowMs);

  it("of other nodes than the one that answers are said to be there", () => {
    expect(slowElsewhere(state, "a")).toEqual([
      "1 client is slow on node h, process 1: open that node's console to see it.",
    ]);
    expect(slowElsewhere(state, "b")).toEqual([
      "2 clients are slow on node h, process 1: open that node's console to see them.",
    ]);
    expect(slowElsewhere(state.slice(0, 1), "a")).toEqual([]);
  });

  it("are asked for until the answer has come", () => {
    expect([emptyTitle(0, false), emptyTitle(1, false), emptyTitle(1, true)]).toEqual([
      "Nobody is slow",
      "Asking who is slow",
      "Nobody is slow on the node that you look at",
    ]);
  });
});
