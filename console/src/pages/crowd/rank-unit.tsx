/** A unit of ranking: sentences are put into order. */
import { useState } from "react";
import type { RankingUnit } from "switchboard/client/crowd";
import { Button } from "../../parts/button.tsx";
import { RankList } from "./rank-list.tsx";
import { firstOrder, turned } from "./rank-order.ts";
import { SavedMark } from "./saved-mark.tsx";
import type { DeskView, UnitDesk } from "./unit-desk.ts";

interface RankUnitProps {
  readonly unit: RankingUnit;
  readonly desk: UnitDesk;
  readonly view: DeskView;
}

/** Give it a `key` for each unit. */
export function RankUnit({ unit, desk, view }: RankUnitProps) {
  const [order, setOrder] = useState(() => firstOrder(unit.sentences.length, unit.draft));
  const isSending = view.phase.is === "sending";
  const change = (next: readonly number[]) => {
    setOrder(next);
    desk.draft({ permutation: turned(next) });
  };
  return (
    <div className="stack">
      <p>
        Put the sentences into order, <strong>the best at the top</strong>: the one that makes a
        good, natural sentence of its own.
      </p>
      <RankList sentences={unit.sentences} order={order} disabled={isSending} change={change} />
      <div className="crowd-actions">
        <Button
          look="primary"
          busy={isSending}
          onClick={() => void desk.submit({ permutation: turned(order) })}
        >
          Submit this order
        </Button>
        <SavedMark view={view} />
      </div>
    </div>
  );
}
