/** Which monitor is shown: part of the address. */
import { useLocation } from "wouter";
import { useAddressPart } from "../../parts/use-address-part.ts";

/** The monitor of `/devices/ID`, and a way to another one. */
export function useMonitorAddress(): readonly [
  monitorId: string | undefined,
  show: (monitorId: string) => void,
] {
  const monitorId = useAddressPart("/devices/:monitorId");
  const [, navigate] = useLocation();
  return [monitorId, (other) => navigate(monitorAddress(other))];
}

export function monitorAddress(monitorId: string): string {
  return `/devices/${encodeURIComponent(monitorId)}`;
}
