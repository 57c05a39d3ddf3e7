/** What workers do: get units, save drafts, complete units, give feedback. Each is stored when its promise resolves. */
import { type Log, SwitchboardError } from "../../kit/index.ts";
import type { Book } from "./book.ts";
import type { CrowdConfig } from "./config.ts";
import {
  type Draft,
  registrationRef,
  type Submitted,
  studySubject,
  studySubjects,
  type Work,
  workerRef,
  workerSubject,
} from "./crowd-event.ts";
import type { Decisions } from "./decisions.ts";
import type { Presence } from "./presence.ts";
import { type Choice, choose, type Given, isKnown, parsePermutation, workOf } from "./rules.ts";
import { type Agent, isHolder, isOpen, type Study } from "./study.ts";

/** What the desk is made of. */
export interface DeskParts {
  readonly log: Log;
  readonly book: Book;
  readonly decisions: Decisions;
  readonly presence: Presence;
  readonly config: CrowdConfig;
  newId(): string;
  /** An id that nobody can guess: it is all that an agent has to show. */
  newSecret(): string;
}

/** Who asks for a unit. */
export interface Wish {
  readonly worker: string;
  /** The agent_registration_id: with the same again the same agent is given. */
  readonly registration?: string | undefined;
  /** Only units of this study. */
  readonly study?: string | undefined;
}

/** What a client has told of when and as what it sent a message. */
export interface Stamp {
  readonly at?: number | undefined;
  readonly update?: string | undefined;
}

export class Desk {
  readonly #parts: DeskParts;

  constructor(parts: DeskParts) {
    this.#parts = parts;
  }

  /** A worker's agent: the one that has the registration, else a new one; undefined if there is nothing to do. */
  async request(wish: Wish): Promise<Agent | undefined> {
    const agent = await this.#request(wish);
    if (agent !== undefined) return agent;
    // Another node may just have loaded a study, or completed a unit.
    await this.#catchUp();
    return await this.#request(wish);
  }

  /** The unit that a worker has without a registration and has not completed, or a new one. */
  async continue(worker: string, study: string | undefined): Promise<Agent | undefined> {
    const agents = this.#parts.book.worker(workerRef(worker))?.agents ?? [];
    const isOf = ({ unit }: Agent) => study === undefined || study === unit.study.id;
    const present = agents.find(
      (agent) => agent.registration === null && isOpen(agent) && isOf(agent),
    );
    return present ?? (await this.request({ worker, study }));
  }

  /** An agent by its id; what another node has just made is known too. */
  async agent(id: string): Promise<Agent | undefined> {
    const present = this.#parts.book.agent(id);
    if (present !== undefined) return present;
    await this.#catchUp();
    return this.#parts.book.agent(id);
  }

  /** The agent of a worker that has this id, or whose unit has it. */
  async agentOf(worker: string, id: string): Promise<Agent | undefined> {
    const find = () =>
      this.#parts.book
        .worker(workerRef(worker))
        ?.agents.findLast((agent) => agent.id === id || (agent.unit.id === id && isHolder(agent)));
    const present = find();
    if (present !== undefined) return present;
    await this.#catchUp();
    return find();
  }

  /** Saves the unit's draft. One that is older than the saved one by the client's clock, or was saved before, does nothing. */
  async draft(
    agent: Agent,
    draft: { readonly cad: string } | { readonly permutation: readonly number[] | string },
    stamp: Stamp,
  ): Promise<void> {
    const { decisions, book, config } = this.#parts;
    await decisions.take(workerSubject(agent.worker), () => {
      demandOpen(this.#parts.book, agent);
      const checked = draftOf(agent, draft, config);
      const { at, update } = stamp;
      const isOld = at !== undefined && agent.draftAt !== undefined && at < agent.draftAt;
      const isKnownUpdate = update !== undefined && book.hasUpdate(agent.worker, agent.id, update);
      if (isOld || isKnownUpdate) return nothing;
      if (agent.draftCount >= config.maxDrafts) {
        throw new SwitchboardError(
          "conflict",
          `${config.maxDrafts} drafts of this unit are stored (services.crowd.maxDrafts): submit it`,
        );
      }
      return {
        events: [
          { type: "draft" as const, agent: agent.id, draft: checked, ...defined({ at, update }) },
        ],
        result: undefined,
      };
    });
  }

  /** Completes the agent's unit. Again, by the same agent, changes nothing. */
  async submit(agent: Agent, given: Given): Promise<void> {
    const { decisions, book, config, newId } = this.#parts;
    const { unit } = agent;
    let stored: { readonly id: string; readonly work: Work } | undefined;
    await decisions.take(studySubject(unit.study.id), async () => {
      demandHolder(book, agent);
      if (unit.done !== undefined) return nothing;
      if (stored === undefined) {
        const work = workOf(unit, given);
        demandLength(
          "cad" in work ? work.cad : "explanation" in work ? work.explanation : "",
          config,
        );
        const id = newId();
        await decisions.take(workerSubject(agent.worker), () => {
          demandHolder(book, agent);
          return {
            events: [{ type: "final" as const, id, agent: agent.id, work }],
            result: undefined,
          };
        });
        stored = { id, work };
      }
      const { id, work } = stored;
      const event: Submitted = {
        type: "submitted",
        unit: unit.id,
        agent: agent.id,
        final: id,
        outcome: outcomeOf(agent, work),
      };
      return { events: [event], result: undefined };
    });
  }

  /** Stores feedback of a worker, given from a unit or not. The same update_id again does nothing. */
  async feedback(
    worker: string,
    agent: Agent | undefined,
    text: string,
    { update }: Stamp,
  ): Promise<void> {
    const { decisions, book, config } = this.#parts;
    demandLength(text, config);
    const ref = workerRef(worker);
    await decisions.take(workerSubject(ref), () => {
      if (agent !== undefined && book.agent(agent.id) === undefined) throw noAgent();
      if (update !== undefined && book.hasUpdate(ref, agent?.id, update)) return nothing;
      if ((book.worker(ref)?.feedback.length ?? 0) >= config.maxFeedback) {
        throw new SwitchboardError(
          "conflict",
          `${config.maxFeedback} texts of this worker are stored (services.crowd.maxFeedback)`,
        );
      }
      const given = {
        type: "feedback" as const,
        text,
        ...defined({ unit: agent?.unit.id, agent: agent?.id, update }),
      };
      return { events: [...this.#naming(worker, ref), given], result: undefined };
    });
  }

  async #request({ worker, registration, study: only }: Wish): Promise<Agent | undefined> {
    const { book, presence } = this.#parts;
    const ref = workerRef(worker);
    const asked = registration === undefined ? null : registrationRef(ref, registration);
    const present = this.#registered(ref, asked);
    if (present !== undefined) {
      presence.seen(present.id);
      return present;
    }
    for (const study of book.studies.values()) {
      const isMeant = only === undefined || study.id === only;
      if (!isMeant || choose(study, ref, (unit) => presence.isAbandoned(unit)) === undefined)
        continue;
      const id = await this.#assign(study, worker, ref, asked);
      const agent = id === undefined ? undefined : book.agent(id);
      if (agent !== undefined) return agent;
    }
    return undefined;
  }

  #registered(ref: string, registration: string | null): Agent | undefined {
    if (registration === null) return undefined;
    return this.#parts.book
      .worker(ref)
      ?.agents.findLast((agent) => agent.registration === registration && isHolder(agent));
  }

  /** The id of the new agent; undefined if there is nothing to do in the study any more. */
  async #assign(
    study: Study,
    worker: string,
    ref: string,
    registration: string | null,
  ): Promise<string | undefined> {
    const { decisions, presence, newId, newSecret } = this.#parts;
    return await decisions.take(studySubject(study.id), async () => {
      const present = this.#registered(ref, registration);
      if (present !== undefined) return { events: [], result: present.id };
      const find = (): Choice | undefined =>
        choose(study, ref, (unit) => presence.isAbandoned(unit));
      if (find() === undefined) return { events: [], result: undefined };
      await decisions.take(workerSubject(ref), () => ({
        events: this.#naming(worker, ref),
        result: undefined,
      }));
      const choice = find();
      if (choice === undefined) return { events: [], result: undefined };
      const { unit = newId(), original, stage, set } = choice;
      const agent = newSecret();
      const event = {
        type: "assigned" as const,
        unit,
        agent,
        worker: ref,
        registration,
        stage,
        original: original.index,
        set,
      };
      return { events: [event], result: agent };
    });
  }

  /** What has to be stored so that the worker's name is known. */
  #naming(name: string, ref: string) {
    const { book, config } = this.#parts;
    if (book.worker(ref)?.name !== undefined) return [];
    if (book.workerCount >= config.maxWorkers) {
      throw new SwitchboardError(
        "over_capacity",
        `${config.maxWorkers} workers are known (services.crowd.maxWorkers): delete some`,
      );
    }
    return [{ type: "worker" as const, name }];
  }

  /** Resolves when everything that is stored of any study is in the book. */
  async #catchUp(): Promise<void> {
    const { log } = this.#parts;
    const subjects = await log.subjects(studySubjects);
    const last = await Promise.all(subjects.map((subject) => log.last(subject)));
    await log.caughtUp(Math.max(0, ...last));
  }
}

const nothing = { events: [], result: undefined };

function noAgent(): SwitchboardError {
  return new SwitchboardError(
    "not_found",
    "there is no such agent: it was deleted, or never was. Ask for one with POST /request_agent",
  );
}

function demandHolder(book: Book, agent: Agent): void {
  if (book.agent(agent.id) === undefined) throw noAgent();
  if (!isHolder(agent)) {
    throw new SwitchboardError(
      "conflict",
      "the unit was abandoned for longer than services.crowd.unitTimeoutMs and given to someone else",
    );
  }
}

function demandOpen(book: Book, agent: Agent): void {
  demandHolder(book, agent);
  if (agent.unit.done !== undefined)
    throw new SwitchboardError("wrong_state", "the unit is completed: there is nothing to save");
}

function demandLength(text: string, { maxTextLength }: CrowdConfig): void {
  if (text.length <= maxTextLength) return;
  throw new SwitchboardError(
    "too_large",
    `the text has ${text.length} characters, at most ${maxTextLength} are taken (services.crowd.maxTextLength)`,
  );
}

function draftOf(
  { unit }: Agent,
  draft: { readonly cad: string } | { readonly permutation: readonly number[] | string },
  config: CrowdConfig,
): Draft {
  if ("cad" in draft) {
    if (unit.stage !== "CAD")
      throw new SwitchboardError("wrong_state", "the unit is a RANKING: send set_permutation");
    demandLength(draft.cad, config);
    return draft;
  }
  if (unit.stage !== "RANKING")
    throw new SwitchboardError("wrong_state", "the unit is a CAD: send set_cad");
  return { permutation: parsePermutation(draft.permutation, unit.set.length) };
}

function outcomeOf({ unit }: Agent, work: Work): Submitted["outcome"] {
  if ("permutation" in work) return "ranking";
  if ("explanation" in work) return "skip";
  return isKnown(unit.original, work.cad) ? "duplicate" : "cad";
}

/** Without the members that are undefined. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as never;
}
