/** A worker's desk for the life of a component. */
import { useEffect, useState } from "react";
import { CrowdWorker } from "switchboard/client/crowd";
import { useSession } from "../../session/session.tsx";
import { useConnectionBoard } from "../../shell/connection-board.tsx";
import { keep, readKept } from "./kept-unit.ts";
import { UnitDesk } from "./unit-desk.ts";

/** Makes a desk for the worker, takes up the unit that this tab was at, and saves the draft when the page is left. */
export function useDesk(worker: string, study: string | undefined): UnitDesk | undefined {
  const { baseUrl, clientOptions } = useSession();
  const board = useConnectionBoard();
  const [desk, setDesk] = useState<UnitDesk>();

  useEffect(() => {
    const made = new UnitDesk({
      worker: new CrowdWorker(baseUrl, {
        ...clientOptions,
        workerName: worker,
        ...(study === undefined ? {} : { study }),
      }),
      keep: (registrationId) => keep({ worker, study, registrationId }),
      follow: (connection) => board.add(connection),
    });
    const kept = readKept();
    const isOurs = kept?.worker === worker && kept.study === study;
    if (isOurs && kept.registrationId !== undefined) void made.getUnit(kept.registrationId);
    else keep({ worker, study, registrationId: undefined });
    const save = () => made.saveNow();
    addEventListener("pagehide", save);
    setDesk(made);
    return () => {
      removeEventListener("pagehide", save);
      made.close();
      setDesk(undefined);
    };
  }, [baseUrl, clientOptions, board, worker, study]);
  return desk;
}
