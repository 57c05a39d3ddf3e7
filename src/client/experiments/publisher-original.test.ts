/** The publisher against a server as it was before Switchboard: the form of its posts, and what it makes of answers. */
import { describe, expect, it } from "vitest";
import { within } from "../../../test/support/inbox.ts";
import { scopePerTest } from "../../../test/support/scope.ts";
import { ExperimentPublisher, type ExperimentPublisherOptions } from "./experiment-publisher.ts";
import { type Answer, OriginalExperiments } from "./original-experiments.fixture.ts";

const scope = scopePerTest();

function publisherAt(
  { url }: OriginalExperiments,
  options: Partial<ExperimentPublisherOptions> = {},
): ExperimentPublisher {
  return scope.own(
    new ExperimentPublisher(url, { experiment: "E1", maxDelayMs: 20, gatherMs: 1, ...options }),
    ({ connection }) => connection.destroy(),
  );
}

describe("a publisher to the original", () => {
  it("posts in its form", async () => {
    const original = await OriginalExperiments.start(scope);
    original.token = "secret";
    const publisher = publisherAt(original, { token: "secret", runId: "run", batchId: "batch" });
    publisher.samples("c", { x: [1, 2] });
    publisher.log("text");
    await within(publisher.finish(), "the end");
    const word = (message: object) => ({
      payload: {
        object_type: "experiment.text_message",
        datas: [{ group: "object_E1", type: "object_broadcast", message }],
      },
    });
    expect(original.posts).toEqual([
      {
        payload: {
          object_type: "experiment.protobuf_message",
          logs: { vars: { c: { x: [1, 2] } }, iteration: { c: [1, 2, expect.any(Number)] } },
          batch_id: "batch",
          run_id: "run",
        },
      },
      word({ action: "experiment:output", data: "text" }),
      word({ action: "experiment:finish" }),
    ]);
  });

  it.each<[string, Answer]>([
    ["500", { status: 500, body: "{}" }],
    ["503", { status: 503, body: '{"status":"error","code":"over_capacity","message":"later"}' }],
    ["429", { status: 429, body: "" }],
    ["408", { status: 408, body: "" }],
    ["a redirect", { status: 302, body: "" }],
    ["200 of somebody else", { status: 200, body: "<html>Welcome to the hotel</html>" }],
  ])(
    "takes %s for a lost connection: sends the samples again, and log text not",
    async (_, answer) => {
      const original = await OriginalExperiments.start(scope);
      original.answers.push(answer);
      const publisher = publisherAt(original);
      publisher.samples("c", { x: [1] });
      await within(publisher.finish(), "the end");
      expect(original.posts).toHaveLength(2);
      expect(publisher.notStored).toBe(0);
      original.answers.push(answer);
      expect(await within(publisher.log("once").outcome, "the outcome")).toBe("unknown");
      expect(publisher.notStored).toBe(1);
      await within(publisher.finish(), "the end");
      expect(original.log).toBe("");
    },
  );

  it("posts log text at most once where the answer is lost, and only that one is unknown", async () => {
    const original = await OriginalExperiments.start(scope);
    const publisher = publisherAt(original);
    await within(publisher.connection.whenOpen(), "open");
    original.answers.push("lost");
    const lost = publisher.log("one\n");
    await within(lost.stored, "the first");
    const later = publisher.log("two\n");
    expect([
      await within(lost.outcome, "the first"),
      await within(later.outcome, "the second"),
    ]).toEqual(["unknown", "acked"]);
    expect(original.log).toBe("one\ntwo\n");
  });

  it.each<[string, Answer]>([
    ["400", { status: 400, body: '{"status":"error","code":"BAD","message":"no"}' }],
    ["200 with an error", { status: 200, body: '{"status":"error","code":"BAD","message":"no"}' }],
  ])("takes %s for a refusal of this post alone", async (_, answer) => {
    const original = await OriginalExperiments.start(scope);
    original.answers.push(answer);
    const publisher = publisherAt(original);
    const errors: string[] = [];
    publisher.on("error", ({ code, message }) => errors.push(`${code} ${message}`));
    expect(await within(publisher.samples("c", { x: [1] }).outcome, "the outcome")).toBe("evicted");
    expect(await within(publisher.samples("c", { x: [2] }).outcome, "the next")).toBe("acked");
    expect(errors).toEqual(["BAD no"]);
    expect([...original.samples.values()]).toEqual([[2]]);
  });

  it("gives up a server that does not answer within postTimeoutMs, and tries again", async () => {
    const original = await OriginalExperiments.start(scope);
    original.answers.push("silent");
    const publisher = publisherAt(original, { postTimeoutMs: 100 });
    publisher.samples("c", { x: [1] });
    await within(publisher.finish(), "the end");
    expect(original.posts).toHaveLength(2);
  });
});
