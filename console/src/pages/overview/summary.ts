/** What the server is doing, in one sentence. Pure. */
import { shortNumber } from "../../parts/figure.tsx";
import { grandTotal, type ServiceSum } from "./service-sums.ts";

/** `services`: those that clients use, without the admin's own, on `nodeCount` nodes; `silentCount` others are not in them. */
export function summarySentence(
  services: readonly ServiceSum[],
  nodeCount: number,
  silentCount: number,
): string {
  const { connections, slowConnections, perSecond } = grandTotal(services);
  const where = nodeCount === 1 ? "one node" : `${nodeCount} nodes`;
  const silent =
    silentCount === 0
      ? ""
      : ` ${silentCount === 1 ? "1 node is" : `${silentCount} nodes are`} silent, and not counted.`;
  if (connections === 0) return `Switchboard is ready on ${where}: nobody is connected.${silent}`;
  const live = services.filter((service) => service.connections > 0).length;
  const who = `${shortNumber(connections)} ${connections === 1 ? "client is" : "clients are"} connected to ${live} of ${services.length} services`;
  const moving = `${rateText(perSecond.messagesIn)} messages a second come in, ${rateText(perSecond.messagesOut)} go out`;
  const slow =
    slowConnections === 0
      ? "Everybody keeps up."
      : `${shortNumber(slowConnections)} ${slowConnections === 1 ? "client is" : "clients are"} slow: see below.`;
  return `${who} on ${where}. ${moving}. ${slow}${silent}`;
}

/** A rate without false precision: 0.4, 7, 31. */
export function rateText(perSecond: number): string {
  return perSecond > 0 && perSecond < 10
    ? shortNumber(Math.round(perSecond * 10) / 10)
    : shortNumber(Math.round(perSecond));
}
