/** A worker's page: a React component with the hooks of the unmodified package mephisto-task, in jsdom, against a started server. */
import { JSDOM, VirtualConsole } from "jsdom";
import { Inbox } from "./inbox.ts";
import type { Scope } from "./scope.ts";

/** What the hook gives the component, as far as a page uses it. */
export interface Task {
  readonly agentId: string | null;
  readonly initialTaskData: {
    readonly stage: string;
    readonly original?: string;
    readonly sentences?: readonly string[];
  } | null;
  readonly blockedReason: string | null;
  readonly blockedExplanation: string | null;
  readonly connectionStatus: string;
  readonly agentStatus: string | null;
  readonly isLoading: boolean;
  connect(agentId: string): void;
  destroy(): void;
  sendLiveUpdate(message: object): Promise<unknown>;
  handleSubmit(data: object): void;
}

/** A live update as the component gets it. */
export type LiveUpdate = Readonly<Record<string, unknown>>;

const chromium =
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

/** Of one page in this process at a time: the package finds its window among the globals. */
export class TaskPage {
  /** What the last rendering got. */
  task: Task | undefined;
  readonly updates = new Inbox<LiveUpdate>("live update");
  readonly statuses = new Inbox<string>("status");
  /** Every packet that came over the page's sockets. */
  readonly packets = new Inbox<Readonly<Record<string, unknown>>>("packet");
  /** What was handed to the crowd provider after a submit. */
  readonly provided = new Inbox<unknown>("submit to the provider");

  /** Renders the page of a worker; it is unmounted, and its window closed, with the scope. */
  static async open(
    scope: Scope,
    url: string,
    worker: string,
    registration: string,
  ): Promise<TaskPage> {
    const page = new TaskPage();
    // What the package tells the console is not looked at.
    const dom = new JSDOM("<!doctype html><div id=root></div>", {
      url: `${url}/?worker_id=${worker}`,
      virtualConsole: new VirtualConsole(),
    });
    const { window } = dom;
    // The package asks bowser whether the browser knows WebSockets, and bowser does not know jsdom.
    Object.defineProperty(window.navigator, "userAgent", { value: chromium });
    const packets = page.packets;
    class WatchedWebSocket extends window.WebSocket {
      constructor(address: string) {
        super(address);
        this.addEventListener("message", (event: { data: string }) =>
          packets.push(JSON.parse(event.data)),
        );
      }
    }
    window.WebSocket = WatchedWebSocket;
    const globals = {
      window,
      self: window,
      document: window.document,
      navigator: window.navigator,
      XMLHttpRequest: window.XMLHttpRequest,
      WebSocket: WatchedWebSocket,
      console: { ...console, log: () => {} },
      // What a page of the package declares in wrap_crowd_source.js.
      getWorkerName: () => worker,
      getAssignmentId: () => "assignment",
      getAgentRegistration: () => ({
        worker_name: worker,
        agent_registration_id: registration,
        assignment_id: "assignment",
        provider_type: "mock",
      }),
      handleSubmitToProvider: (data: unknown) => page.provided.push(data),
    };
    const before = Object.fromEntries(
      Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]),
    );
    for (const [name, value] of Object.entries(globals))
      Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    // Only now: both look for a window when they are loaded.
    const { default: React } = await import("react");
    const { createRoot } = await import("react-dom/client");
    const { default: mephisto } = await import("mephisto-task");
    const component = () => {
      const task: Task = mephisto.useMephistoLiveTask({
        onLiveUpdate: (update: LiveUpdate) => page.updates.push(update),
        onStatusUpdate: ({ status }: { status: string }) => page.statuses.push(status),
      });
      page.task = task;
      const { agentId } = task;
      React.useEffect(() => {
        if (agentId !== null) task.connect(agentId);
      }, [agentId]);
      return React.createElement("p", null, task.initialTaskData?.original ?? "loading");
    };
    const root = createRoot(window.document.getElementById("root"));
    root.render(React.createElement(component));
    return scope.own(page, async () => {
      // Without an agent it has not connected, and has nothing to destroy.
      if (typeof page.task?.agentId === "string") page.task.destroy();
      root.unmount();
      // React lets go of the tree in a task of its own, and needs the window for it.
      await new Promise((resolve) => setImmediate(resolve));
      window.close();
      for (const [name, descriptor] of Object.entries(before)) {
        if (descriptor === undefined) Reflect.deleteProperty(globalThis, name);
        else Object.defineProperty(globalThis, name, descriptor);
      }
    });
  }
}
