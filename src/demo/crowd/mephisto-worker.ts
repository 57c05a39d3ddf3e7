/** A worker whose page speaks in Mephisto's packets: a new agent and a new socket for each unit. */
import { Changes } from "../changes.ts";
import { ask, demand } from "../http.ts";
import type { Participant } from "../participant.ts";
import type { Random } from "../random.ts";
import { answerDeadlineMs, type Setting } from "../setting.ts";
import { type Message, TextLink } from "../text-link.ts";
import { CrowdWork, type UnitTask } from "./crowd-work.ts";
import type { StudyRun } from "./study-run.ts";

/** Between two questions for a unit, where there was none. */
const askAgainMs = 1000;

/** An agent: the server's name for a worker at one unit. */
interface Agent {
  readonly id: string;
  readonly task: UnitTask;
}

export class MephistoWorker implements Participant {
  readonly name: string;
  readonly worker: string;
  readonly work: CrowdWork;
  readonly #setting: Setting;
  readonly #changes: Changes;
  /** The update_ids of the server's live updates of the present socket: each must be new. */
  #updateIds = new Set<unknown>();
  #stats: unknown;
  #units = 0;
  #updates = 0;

  constructor(worker: string, setting: Setting, random: Random) {
    this.name = `worker ${worker} (Mephisto)`;
    this.worker = worker;
    this.work = new CrowdWork(setting, random);
    this.#setting = setting;
    this.#changes = new Changes(setting.clock);
  }

  /** Works at one unit after another until the study or the setting is over. Rejects if the server does not answer. */
  async workAt(study: StudyRun): Promise<void> {
    await demand(`${this.#setting.url}/task_config.json`);
    while (!study.isOver && !this.#setting.ending) {
      const agent = await this.#requestAgent(study);
      if (agent !== undefined) await this.#complete(study, agent);
      else {
        study.nothingFor(this.worker);
        await this.#setting.pause(askAgainMs);
      }
    }
  }

  saw(): string {
    return this.work.saw();
  }

  missed(): readonly string[] {
    return this.work.expected.missed();
  }

  /** Undefined if there is nothing to do. The study is named in the page's address, which Mephisto's client hands on. */
  async #requestAgent(study: StudyRun): Promise<Agent | undefined> {
    this.#units++;
    const provider_data = {
      worker_name: this.worker,
      agent_registration_id: `${this.worker}-${this.#units}`,
      assignment_id: `assignment-${this.#units}`,
      provider_type: "mock",
    };
    const body = { provider_data, client_timestamp: this.#seconds() };
    const { json } = await demand(`${this.#setting.url}/request_agent?study=${study.id}`, { body });
    const data = isMessage(json) && isMessage(json.data) ? json.data : {};
    return typeof data.agent_id === "string"
      ? { id: data.agent_id, task: data.init_task_data as UnitTask }
      : undefined;
  }

  async #complete(study: StudyRun, agent: Agent): Promise<void> {
    this.#updateIds = new Set();
    this.#stats = undefined;
    const { expected } = this.work;
    const link = await TextLink.open(this.#setting.wsUrl, {
      message: (message) => {
        if (message !== undefined) this.#take(message, agent);
        this.#changes.notify();
      },
      lost: (code, reason) => expected.fault(`the connection was closed with ${code} ${reason}`),
    });
    const send = (packet_type: string, data?: object) => {
      link.send({
        packet_type,
        subject_id: agent.id,
        ...(data === undefined ? {} : { data }),
        client_timestamp: this.#seconds(),
      });
    };
    const update = (message: object) =>
      send("mephisto_bound_live_update", { ...message, update_id: this.#nextUpdateId() });

    expected.due(statusOf(agent));
    send("alive", { update_id: this.#nextUpdateId() });
    expected.due(heartbeatOf(agent));
    send("heartbeat");
    await this.work.think();
    const result = this.work.do(agent.task);
    if ("cad" in result) update({ message: "set_cad", cad: result.cad });
    if ("permutation" in result)
      update({ message: "set_permutation", permutation: result.permutation.join(",") });
    if (this.work.feelsLikeIt(0.1))
      update({ message: "submit_feedback", feedback: "Nice sentences." });
    await this.work.think();

    const final_data =
      agent.task.stage === "CAD"
        ? { sentence: agent.task.original, ...result }
        : { sentences: agent.task.sentences, ...result };
    const answer = await ask(`${this.#setting.url}/submit_task`, {
      body: { USED_AGENT_ID: agent.id, final_data, client_timestamp: this.#seconds() },
    });
    if (!isMessage(answer.json) || answer.json.status !== "Submitted!")
      throw new Error(`a submit was answered with ${answer.text.slice(0, 300)}`);
    this.work.completed(result);
    study.completed(this.worker, agent.task, result);

    const stats = `the right numbers after unit ${agent.id}`;
    expected.due(stats);
    update({ message: "get_worker_stats" });
    if (await this.#changes.until(() => this.work.isRight(this.#stats), answerDeadlineMs))
      expected.seen(stats);
    await expected.settled(answerDeadlineMs);
    await link.leave();
  }

  #take({ packet_type, data, subject_id }: Message, agent: Agent): void {
    const { expected } = this.work;
    const content = isMessage(data) ? data : {};
    if (subject_id !== agent.id)
      expected.fault(`a packet for ${JSON.stringify(subject_id)} came to ${agent.id}`);
    if (packet_type === "update_status" && content.status === "in task")
      expected.seen(statusOf(agent));
    else if (packet_type === "heartbeat") this.#takeHeartbeat(content, agent);
    else if (packet_type === "client_bound_live_update") {
      // The client drops an update whose id it has seen.
      if (typeof content.update_id !== "string" || this.#updateIds.has(content.update_id))
        expected.fault("a live update without a new update_id");
      this.#updateIds.add(content.update_id);
      if (content.message === "set_worker_stats") this.#stats = content.stats;
    } else expected.fault(`a packet ${packet_type} ${JSON.stringify(data)?.slice(0, 100)}`);
  }

  /** Mephisto's client compares the echo of its own clock with its clock, and is dead at 20 s of difference. */
  #takeHeartbeat(content: Message, agent: Agent): void {
    this.work.expected.seen(heartbeatOf(agent));
    const behindMs = this.#setting.clock.now() - Number(content.last_mephisto_ping);
    if (!(behindMs >= 0 && behindMs < 20_000))
      this.work.expected.fault(`a heartbeat with the time ${content.last_mephisto_ping}`);
  }

  #nextUpdateId(): string {
    this.#updates++;
    return `${this.worker}-update-${this.#updates}`;
  }

  #seconds(): number {
    return this.#setting.clock.now() / 1000;
  }
}

function statusOf({ id }: Agent): string {
  return `the status of agent ${id}`;
}

function heartbeatOf({ id }: Agent): string {
  return `the heartbeat of agent ${id}`;
}

function isMessage(value: unknown): value is Message {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
