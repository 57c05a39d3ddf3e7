/** `switchboard/client/experiments`: watching and publishing experiments. */
export { RawJson } from "../../wire/raw-json.ts";
export {
  ExperimentPublisher,
  type ExperimentPublisherOptions,
  type PublisherEvents,
} from "./experiment-publisher.ts";
export { ExperimentViewer, type ExperimentViewerOptions } from "./experiment-viewer.ts";
export type { Publication } from "./publication.ts";
export type {
  ChainNames,
  Diagnostics,
  GapEvent,
  LogEvent,
  SamplesEvent,
  Summary,
  ViewerEvents,
} from "./viewer-events.ts";
