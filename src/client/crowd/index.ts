/** `switchboard/client/crowd`: a worker's units and live numbers. Browsers and Node. */

export type { ServerError } from "../server-error.ts";
export {
  CrowdDashboard,
  type CrowdDashboardEvents,
  type CrowdDashboardOptions,
} from "./crowd-dashboard.ts";
export type { CadUnit, CrowdUnit, NoUnit, RankingUnit, Work } from "./crowd-unit.ts";
export {
  CrowdWorker,
  type CrowdWorkerEvents,
  type CrowdWorkerOptions,
  type UnitRequest,
} from "./crowd-worker.ts";
export type { FinishedUnit, WorkerStats } from "./worker-stats.ts";
