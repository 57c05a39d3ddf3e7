/** Whatever servers, networks, tokens, stores and users do to a connection, in any order: it keeps its promises. */
import {
  type AsyncCommand,
  assert,
  asyncModelRun,
  asyncProperty,
  boolean,
  commands,
  constant,
  constantFrom,
  integer,
  option,
  record,
} from "fast-check";
import { expect, it } from "vitest";
import { type Setting, Subject } from "./connection-model.fixture.ts";

/** What decides which steps make sense. */
interface Model {
  socket: "none" | "connecting" | "open" | "closing";
  status: string;
}

/** One step, followed by all checks. */
class Step implements AsyncCommand<Model, Subject> {
  readonly #name: string;
  readonly #act: (subject: Subject) => unknown;
  readonly #isPossible: (model: Model) => boolean;

  constructor(
    name: string,
    act: (subject: Subject) => unknown,
    isPossible: (model: Model) => boolean = () => true,
  ) {
    this.#name = name;
    this.#act = act;
    this.#isPossible = isPossible;
  }

  check(model: Readonly<Model>): boolean {
    return this.#isPossible(model);
  }

  async run(model: Model, subject: Subject): Promise<void> {
    await this.#act(subject);
    await subject.platform.settle();
    subject.check();
    model.socket = socketOf(subject);
    model.status = subject.client.status;
  }

  toString(): string {
    return this.#name;
  }
}

function socketOf({ socket }: Subject): Model["socket"] {
  return socket === undefined || socket.status === "closed" ? "none" : socket.status;
}

const whileConnecting = ({ socket }: Model) => socket === "connecting";
const whileOpen = ({ socket }: Model) => socket === "open";
const whileThere = ({ socket }: Model) => socket !== "none";
const codes = [1000, 1001, 1006, 1008, 1011, 1012, 1013, 4400, 4401, 4403, 4408, 4409, 4429, 4999];

const steps = [
  constant(new Step("accept", ({ socket }) => socket?.accept(), whileConnecting)),
  constant(
    new Step(
      "accept and welcome",
      async ({ socket, platform }) => {
        socket?.accept();
        await platform.settle();
        if (socket?.status === "open") socket.say("welcome");
      },
      whileConnecting,
    ),
  ),
  constant(
    new Step("fail to connect", ({ socket }) => socket?.breaks("ECONNREFUSED"), whileConnecting),
  ),
  constant(new Step("break", ({ socket }) => socket?.breaks(), whileThere)),
  constantFrom(...codes).map(
    (code) =>
      new Step(`server closes with ${code}`, ({ socket }) => socket?.serverCloses(code), whileOpen),
  ),
  constantFrom("welcome", "news").map(
    (text) => new Step(`server says ${text}`, ({ socket }) => socket?.say(text), whileOpen),
  ),
  constant(new Step("pong", ({ socket }) => socket?.awaitsPong && socket.pong(), whileOpen)),
  constant(
    new Step(
      "answer the close frame",
      ({ socket }) => socket?.answerClose(),
      ({ socket }) => socket === "closing",
    ),
  ),
  constantFrom(0, 20, 200, 1000, 4000, 15_000, 60_000).map(
    (ms) => new Step(`pass ${ms} ms`, ({ platform }) => platform.pass(ms)),
  ),
  record({
    resend: boolean(),
    awaitsAck: boolean(),
    expiresInMs: option(constantFrom(10, 300, 5000), { nil: undefined }),
    padding: constantFrom(0, 10, 300),
  }).map(
    ({ padding, expiresInMs, ...options }) =>
      new Step(`send ${JSON.stringify({ ...options, expiresInMs, padding })}`, (subject) =>
        subject.send({ ...options, ...(expiresInMs !== undefined && { expiresInMs }) }, padding),
      ),
  ),
  integer({ min: 0, max: 30 }).map(
    (index) => new Step(`acknowledge ${index}`, (subject) => subject.acknowledge(index)),
  ),
  constantFrom("online" as const, "offline" as const, "visible" as const).map(
    (signal) => new Step(signal, ({ platform }) => platform.signal(signal)),
  ),
  constantFrom(0, 1000, 20_000).map(
    (flushMs) => new Step(`close after ${flushMs} ms`, (subject) => subject.close(flushMs)),
  ),
  constant(new Step("destroy", ({ client }) => client.connection.destroy())),
  constantFrom(
    "old" as const,
    "new" as const,
    "none" as const,
    "throws" as const,
    "hangs" as const,
  ).map(
    (token) =>
      new Step(`token ${token}`, (subject) => {
        subject.token = token;
      }),
  ),
  constantFrom(0, 1000, 300_000).map(
    (bytes) =>
      new Step(
        `${bytes} bytes unsent`,
        ({ socket }) => {
          if (socket) socket.unsentBytes = bytes;
        },
        whileOpen,
      ),
  ),
  constant(
    new Step(
      "can be pinged",
      ({ socket }) => {
        if (socket) socket.canPing = true;
      },
      whileOpen,
    ),
  ),
  constantFrom(1, 3).map(
    (echoes) =>
      new Step(`${echoes} outcomes are answered by sending`, (subject) => {
        subject.echoes = echoes;
      }),
  ),
  constantFrom("destroy" as const, "close" as const).map(
    (act) =>
      new Step(`${act} at the next outcome`, (subject) => {
        subject.atOutcome = act;
      }),
  ),
  constant(new Step("store holds", ({ store }) => store?.hold())),
  constant(new Step("store goes on", ({ store }) => store?.release())),
  constantFrom(undefined, new Error("disk full")).map(
    (failure) =>
      new Step(`store ${failure ? "fails" : "works"}`, ({ store }) => {
        if (store) store.failure = failure;
      }),
  ),
];

const settings = record<Setting>({
  seed: integer({ min: 1, max: 1_000_000 }),
  identifies: boolean(),
  hasStore: boolean(),
  canPing: boolean(),
  token: constantFrom("none", "value", "function"),
  maxDelayMs: constantFrom(100, 3000, 30_000),
  deadlineMs: constantFrom(undefined, undefined, 20_000),
  maxMessages: constantFrom(2, 5),
  whenFull: constantFrom("refuse", "evict-oldest"),
});

it("keeps its promises in every order of events", { timeout: 120_000 }, async () => {
  await assert(
    asyncProperty(
      settings,
      commands(steps, { maxCommands: 60, size: "max" }),
      boolean(),
      async (setting, sequence, heals) => {
        const subject = new Subject(setting);
        await subject.platform.settle();
        await asyncModelRun(
          () => ({
            model: { socket: socketOf(subject), status: subject.client.status },
            real: subject,
          }),
          sequence,
        );
        if (heals) await subject.heal();
        await subject.finish();
      },
    ),
    { numRuns: Number(process.env.CONNECTION_MODEL_RUNS ?? 400) },
  );
  expect.hasAssertions();
});
