/** The services that this server comes with. A further one is added here. */
import type { AnyService } from "../kit/service.ts";
import { admin } from "../services/admin/service.ts";
import { crowd } from "../services/crowd/service.ts";
import { devices } from "../services/devices/service.ts";
import { experiments } from "../services/experiments/service.ts";
import { lobby } from "../services/lobby/service.ts";
import { tracking } from "../services/tracking/service.ts";

export const installedServices: readonly AnyService[] = [
  lobby,
  devices,
  experiments,
  tracking,
  crowd,
  admin,
];
