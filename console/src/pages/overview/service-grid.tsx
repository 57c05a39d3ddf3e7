/** A card for every service. */
import { pages } from "../../pages.tsx";
import type { Contracts } from "../../session/use-contracts.ts";
import { ServiceCard } from "./service-card.tsx";
import type { ServiceSum } from "./service-sums.ts";

interface ServiceGridProps {
  readonly sums: readonly ServiceSum[];
  readonly contracts: Contracts | undefined;
}

export function ServiceGrid({ sums, contracts }: ServiceGridProps) {
  return (
    <div className="overview-services">
      {sums.map((sum) => {
        // Whoever has not said yet whose it is shows in the node's connections and in the tables of codes.
        if (sum.service === "none") return null;
        const page =
          sum.service === "admin"
            ? undefined
            : pages.find(({ service }) => service === sum.service);
        return (
          <ServiceCard
            key={sum.service}
            title={page?.title ?? titleOf(sum.service)}
            doc={contracts?.services.find(({ name }) => name === sum.service)?.doc}
            sum={sum}
            href={page && `/${page.name}`}
          />
        );
      })}
    </div>
  );
}

function titleOf(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
