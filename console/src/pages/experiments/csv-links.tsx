/** The stored draws of one variable, to download: a file for each chain. */
import { type MouseEvent, useState } from "react";
import { messageOf } from "../../parts/message-of.ts";
import { useToast } from "../../parts/toast.tsx";
import { useSession } from "../../session/session.tsx";
import type { ExperimentStore } from "./experiment-store.ts";

interface CsvLinksProps {
  readonly store: ExperimentStore;
  readonly name: string;
  readonly chains: readonly string[];
}

/** With auth on the browser cannot follow the link by itself, as the token is in no address: then the page fetches the file. */
export function CsvLinks({ store, name, chains }: CsvLinksProps) {
  const { auth } = useSession();
  const say = useToast();
  const [fetching, setFetching] = useState<string>();

  const fetchFile = async (event: MouseEvent, chain: string) => {
    if (!auth) return;
    event.preventDefault();
    if (fetching !== undefined) return;
    setFetching(chain);
    try {
      const response = await store.csv(chain, name);
      save(await response.blob(), fileName(chain, name));
    } catch (error) {
      say(messageOf(error), "bad");
    } finally {
      setFetching(undefined);
    }
  };
  return (
    <details className="csv">
      <summary>
        Download<span className="visually-hidden"> the draws of {name}</span>
      </summary>
      <ul className="row">
        {chains.map((chain) => (
          <li key={chain}>
            <a
              href={store.csvPath(chain, name)}
              download={fileName(chain, name)}
              aria-busy={fetching === chain || undefined}
              onClick={(event) => void fetchFile(event, chain)}
            >
              {chain}.csv<span className="visually-hidden"> of {name}</span>
            </a>
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Only what every file system takes. */
function fileName(chain: string, name: string): string {
  return `${`${name}_${chain}`.replace(/[^\w.-]+/g, "_")}.csv`;
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // By then the browser has taken it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
