/** Lives of commands, and their history. */
import { describe, expect, it } from "vitest";
import { CommandHistory, pageLength } from "./command-history.ts";
import { type ListedCommand, lifeOf, type Status, tookText } from "./listed-command.ts";

function command(
  offset: number,
  status: Status,
  changes: Partial<ListedCommand> = {},
): ListedCommand {
  const attempts = status === "queued" || status === "cancelled" ? 0 : 1;
  return {
    command_id: `c${offset}`,
    command: "open",
    status,
    attempts,
    queued_at: 1000 * offset,
    retry: false,
    offset,
    ...changes,
  };
}

const words = (given: ListedCommand) => lifeOf(given).map(({ name, is }) => `${name} ${is}`);

describe("a life", () => {
  it.each([
    ["queued now, sent ahead, done ahead", command(1, "queued")],
    ["queued over, sent now, done ahead", command(1, "sent")],
    ["queued over, sent over, done now", command(1, "done")],
    ["queued over, sent 3 times over, failed now", command(1, "failed", { attempts: 3 })],
    ["queued over, sent over, done late now", command(1, "done", { late: true })],
    ["queued over, cancelled now", command(1, "cancelled")],
    ["queued over, expired now", command(1, "expired", { attempts: 0 })],
  ])("%s", (expected, given) => {
    expect(words(given).join(", ")).toBe(expected);
  });
});

describe("the history", () => {
  it("reads on from the oldest that is open, and follows it", () => {
    const history = new CommandHistory();
    history.take([command(1, "done"), command(2, "sent"), command(3, "done")]);
    expect(history.after).toBe(1);
    history.take([command(2, "failed"), command(3, "done"), command(4, "queued")]);
    expect(history.after).toBe(3);
    expect(
      history.list(undefined).map(({ command_id, status }) => `${command_id} ${status}`),
    ).toEqual(["c4 queued", "c3 done", "c2 failed", "c1 done"]);
    expect(history.list("done").map(({ command_id }) => command_id)).toEqual(["c3", "c1"]);
    expect(history.find("c2")?.status).toBe("failed");
  });

  it("stays where it is while nothing comes", () => {
    const history = new CommandHistory();
    history.take([command(7, "done")]);
    history.take([]);
    expect(history.after).toBe(7);
  });

  it("reads a long list page by page, though an old one is open, and reads that again", () => {
    const history = new CommandHistory();
    const commands = [
      command(1, "sent"),
      ...Array.from({ length: pageLength }, (_, at) => command(at + 2, "done")),
    ];
    history.take(commands.slice(0, pageLength));
    expect(history.after).toBe(pageLength);
    history.take(commands.slice(pageLength));
    expect(history.after).toBe(0);
    expect(history.list("done")[0]?.offset).toBe(pageLength + 1);
  });

  it("reads again what was answered late", () => {
    const history = new CommandHistory();
    history.take([command(1, "expired"), command(2, "done")]);
    history.reopen("c1");
    expect(history.after).toBe(0);
    history.take([command(1, "done", { late: true }), command(2, "done")]);
    expect(history.find("c1")?.late).toBe(true);
    expect(history.after).toBe(2);
  });

  it("keeps the newest of each status: many that are done do not push out the one that failed", () => {
    const history = new CommandHistory();
    history.take([
      command(1, "failed"),
      ...Array.from({ length: 800 }, (_, at) => command(at + 2, "done")),
    ]);
    expect(history.list("done")).toHaveLength(500);
    expect(history.list("done")[0]?.offset).toBe(801);
    expect(history.list("failed")).toHaveLength(1);
  });
});

it.each([
  [140, "0.1 s"],
  [14_200, "14 s"],
  [170_000, "3 min"],
  [7_200_000, "2 h"],
  [-5, "0.0 s"],
])("%d ms took %s", (ms, text) => {
  expect(tookText(1000, 1000 + ms)).toBe(text);
});
