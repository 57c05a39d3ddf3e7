/** The bystanders in a process of their own, so that no load of the bench's is in their times. */
import { devicesBystander } from "./bystander/devices-bystander.ts";
import { healthBystander } from "./bystander/health-bystander.ts";
import {
  adminBystander,
  crowdBystander,
  experimentsBystander,
  lobbyBystander,
  type Place,
  trackingBystander,
} from "./bystander/text-bystanders.ts";
import { RoundTrips } from "./round-trips.ts";

const place = JSON.parse(process.argv[2] ?? "{}") as Place;
const makers = [
  healthBystander,
  lobbyBystander,
  devicesBystander,
  experimentsBystander,
  trackingBystander,
  crowdBystander,
  adminBystander,
];
const all = makers.map((make) => new RoundTrips(make(place)));

process.on("message", (message: "report" | "stop") => {
  void (async () => {
    if (message === "stop") await Promise.all(all.map((trips) => trips.stop()));
    process.send?.({ reports: all.map((trips) => trips.report()) });
    if (message === "stop") process.disconnect();
  })();
});
process.once("disconnect", () => process.exit(0));

try {
  await Promise.all(all.map((trips) => trips.start()));
  process.send?.({ ready: true });
} catch (error) {
  process.send?.({ failure: error instanceof Error ? error.message : String(error) });
}
