/** Which monitor is shown: part of the address. */
import { useLocation, useRoute } from "wouter";

/** The monitor of `/devices/ID`, and a way to another one. */
export function useMonitorAddress(): readonly [monitorId: string | undefined, show: (monitorId: string) => void] {
  const [, params] = useRoute("/devices/:monitorId");
  const [, navigate] = useLocation();
  return [params?.monitorId, (monitorId) => navigate(monitorAddress(monitorId))];
}

export function monitorAddress(monitorId: string): string {
  return `/devices/${encodeURIComponent(monitorId)}`;
}
