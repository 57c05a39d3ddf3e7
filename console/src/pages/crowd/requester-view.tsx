/** The requester's page: studies, and what became of them. */
import { useState } from "react";
import { useLocation } from "wouter";
import { usePolled } from "../../parts/use-polled.ts";
import { LoadStudy } from "./load-study.tsx";
import type { StudyCounts } from "./study-counts.ts";
import { StudyList } from "./study-list.tsx";
import { StudyView } from "./study-view.tsx";

/** All studies are counted for it, so not often. */
const everyMs = 10_000;

/** `id`: the study that the address names. */
export function RequesterView({ id }: { readonly id: string | undefined }) {
  const [, go] = useLocation();
  const polled = usePolled<readonly StudyCounts[]>("/crowd/studies", everyMs);
  const [first, setFirst] = useState<string>();
  const newest = polled.data?.at(-1)?.id;
  // Without a choice the newest is shown; a newer one does not take its place by itself.
  if (first === undefined && newest !== undefined) setFirst(newest);
  const shown = id ?? first;
  const loaded = (study: string) => {
    polled.refresh();
    go(`/crowd/requester/${encodeURIComponent(study)}`);
  };
  return (
    <>
      <div className="columns">
        <StudyList polled={polled} selected={shown} />
        <LoadStudy loaded={loaded} />
      </div>
      {shown !== undefined && <StudyView key={shown} id={shown} />}
    </>
  );
}
