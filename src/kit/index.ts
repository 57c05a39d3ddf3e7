/** The kit's public face: what a service's `rules.ts` and `service.ts` may import. */

export { type CloseName, type ComeBack, closeCodes, comeBack } from "../wire/close-codes.ts";
export { isSwitchboardError, SwitchboardError } from "../wire/error.ts";
export { type ErrorCode, errors } from "../wire/errors.ts";
export { KeptList, type ListChunk } from "../wire/kept-list.ts";
export { nullWords } from "../wire/lenient-json.ts";
export { RawJson, type RawTree, rawElements, rawMembers, rawTree } from "../wire/raw-json.ts";
export { fromSubjectToken, maxSubjectLength, subjectToken } from "../wire/subject.ts";
export type { Clock, Timer } from "./clock.ts";
export { systemClock } from "./clock.ts";
export type { Closed, Connection } from "./connection.ts";
export { tokenOf } from "./credentials.ts";
export type { Encoded } from "./encoded.ts";
export type {
  Acquired,
  AcquireOptions,
  Appended,
  AppendOptions,
  Bus,
  Engine,
  Follower,
  Following,
  Gap,
  Holder,
  Lease,
  LeaseChange,
  Leases,
  Log,
  LogEvent,
  LogOptions,
  NewEvent,
  ReadOptions,
  ReadResult,
  Session,
  Subscription,
} from "./engine.ts";
export { explain } from "./explain.ts";
export type { Logger } from "./logger.ts";
export { pathParams } from "./path-params.ts";
export { type Authenticator, anybody, hasRole, mayTouch, type Principal } from "./principal.ts";
export { type Fold, Projection } from "./projection.ts";
export { Rate } from "./rate.ts";
export {
  type AnswerInit,
  bareAnswer,
  dataAnswer,
  errorAnswer,
  type RouteRequest,
} from "./request.ts";
export type {
  EntranceView,
  ProcessFigures,
  ProcessMeter,
  ServerView,
  ServiceView,
} from "./server-view.ts";
export {
  type AnyService,
  defineService,
  type InvalidMessage,
  type Service,
  type ServiceContext,
  type ServiceHandlers,
} from "./service.ts";
export type { Tally } from "./tally.ts";
export type { Tap } from "./tap.ts";
export type { Topic } from "./topic.ts";
export { TurnQueue } from "./turn-queue.ts";
export { validate } from "./validate.ts";
