/** `switchboard/client/devices`: users who send commands to monitors, and the monitors. Browsers and Node. */
export type { Command, CommandNews, CommandOptions, OpenCommand } from "./command.ts";
export type { CommandAcceptance, CommandResult } from "./command-record.ts";
export { DeviceUser, type DeviceUserEvents, type DeviceUserOptions } from "./device-user.ts";
export {
  Monitor,
  type MonitorAnswer,
  type MonitorCommand,
  type MonitorEvents,
  type MonitorOptions,
  type RunContext,
} from "./monitor.ts";
