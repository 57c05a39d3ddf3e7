/**
 * `switchboard/client/tracking`: a camera's processor and an interface, for Switchboard and for the original servers. Browsers and Node.
 */
export type { CameraView, Frame } from "./camera-board.ts";
export type { EndpointOptions } from "./endpoint.ts";
export type { TimelineEntry } from "./history.ts";
export type { InboundLimits } from "./inbound-queue.ts";
export { type Box, type BoxesInit, BoxesMessage } from "./messages/boxes-message.ts";
export { FeatureMap } from "./messages/feature-map.ts";
export { JsonNumber } from "./messages/json-number.ts";
export { NewObjectMessage } from "./messages/new-object-message.ts";
export { type Sought, StartMessage } from "./messages/start-message.ts";
export { StopMessage } from "./messages/stop-message.ts";
export { UpdateMessage } from "./messages/update-message.ts";
export type { TrackedObject } from "./object-board.ts";
export {
  TrackingInterface,
  type TrackingInterfaceEvents,
  type TrackingInterfaceOptions,
  type TrackingWish,
} from "./tracking-interface.ts";
export {
  type ProcessorOrder,
  TrackingProcessor,
  type TrackingProcessorEvents,
  type TrackingProcessorOptions,
} from "./tracking-processor.ts";
