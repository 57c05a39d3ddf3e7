/** One service: who is connected to it and what flows. */
import { memo } from "react";
import { Link } from "wouter";
import { Figure, shortNumber } from "../../parts/figure.tsx";
import { Panel } from "../../parts/panel.tsx";
import { Sparkline } from "../../parts/sparkline.tsx";
import { bytesText } from "../../parts/units.ts";
import { Fact } from "./fact.tsx";
import { historyLength } from "./overview-state.ts";
import { ReportAge, useIsStale } from "./report-age.tsx";
import { countOf, type ServiceSum } from "./service-sums.ts";
import { rateText } from "./summary.ts";

interface ServiceCardProps {
  readonly title: string;
  /** What it is for, in its contract's words; undefined until they have come. */
  readonly doc: string | undefined;
  readonly sum: ServiceSum;
  /** Address of its page. */
  readonly href: string | undefined;
}

export const ServiceCard = memo(function ServiceCard({ title, doc, sum, href }: ServiceCardProps) {
  const isStale = useIsStale(sum.atMs);
  const { connections, unsentBytes, slowConnections, skipped, perSecond: rates, history } = sum;
  const rate = (value: number | undefined) => (value === undefined ? undefined : rateText(value));
  const bytes = (value: number | undefined) =>
    value === undefined ? "–" : `${bytesText(value)}/s`;
  const errors = countOf(sum.errors);
  return (
    <Panel title={title} aside={<ReportAge atMs={sum.atMs} />}>
      <div className={isStale ? "service-card is-stale" : "service-card"}>
        <p className="quiet service-doc">{doc}</p>
        <div className="service-figures">
          <Figure label="Connected" value={connections} />
          <Figure label="Messages in" value={rate(rates?.messagesIn)} unit="/s">
            <Sparkline
              label="Messages in, last minute"
              values={history.in}
              capacity={historyLength}
            />
          </Figure>
          <Figure label="Messages out" value={rate(rates?.messagesOut)} unit="/s">
            <Sparkline
              label="Messages out, last minute"
              values={history.out}
              capacity={historyLength}
            />
          </Figure>
        </div>
        <dl className="facts">
          <Fact name="Bytes in" value={bytes(rates?.bytesIn)} />
          <Fact name="Bytes out" value={bytes(rates?.bytesOut)} />
          <Fact name="Queued" value={bytesText(unsentBytes)} isNoted={unsentBytes > 0} />
          <Fact
            name="Slow clients"
            value={shortNumber(slowConnections)}
            isNoted={slowConnections > 0}
          />
          <Fact name="Skipped" value={shortNumber(skipped)} />
          <Fact name="Errors" value={shortNumber(errors)} isNoted={errors > 0} />
        </dl>
        {href !== undefined && (
          <Link className="service-link" href={href}>
            Look into {title.toLowerCase()}
          </Link>
        )}
      </div>
    </Panel>
  );
});
