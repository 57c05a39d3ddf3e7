/** What is wrong with which monitors, with links to them. */
import { Link } from "wouter";
import { StatusBadge, type Tone } from "../../parts/status-badge.tsx";
import type { ListedDevice } from "./listed-device.ts";
import { monitorAddress } from "./use-monitor-address.ts";
import { type KnownTroubled, mostNamed } from "./use-troubled.ts";

/** Its place is kept while nothing is known. The names are in one line, which scrolls within itself. */
export function TroubleLine({ known }: { readonly known: KnownTroubled | undefined }) {
  return (
    <div className="device-trouble">
      <p role="status">{known !== undefined && <TroubleText {...known} />}</p>
      {known !== undefined && known.stuck.length + known.away.length > 0 && (
        <ul className="device-troubled" aria-label="Monitors to look at">
          <Names tone="bad" devices={known.stuck} />
          <Names tone="warn" devices={known.away} />
        </ul>
      )}
    </div>
  );
}

function TroubleText({ stuck, away }: KnownTroubled) {
  if (stuck.length + away.length === 0)
    return (
      <span className="quiet">No monitor is stuck, and no command waits for one that is away.</span>
    );
  return (
    <>
      {stuck.length > 0 && <StatusBadge tone="bad">{counted(stuck)} stuck</StatusBadge>}
      {stuck.length > 0 && "connected, but a command has had no answer for 15 s or more. "}
      {away.length > 0 && <StatusBadge tone="warn">{counted(away)} away</StatusBadge>}
      {away.length > 0 && "with commands that wait for them."}
    </>
  );
}

function Names({
  tone,
  devices,
}: {
  readonly tone: Tone;
  readonly devices: readonly ListedDevice[];
}) {
  return devices.slice(0, mostNamed).map(({ monitor_id: id }) => (
    <li key={id}>
      <StatusBadge tone={tone}>
        <Link className="mono device-name" href={monitorAddress(id)} title={id}>
          {id}
        </Link>
      </StatusBadge>
    </li>
  ));
}

function counted({ length }: readonly ListedDevice[]): string {
  return length > mostNamed ? `More than ${mostNamed}` : String(length);
}
