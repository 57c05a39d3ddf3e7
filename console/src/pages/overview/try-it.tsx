/** What a newcomer can do where nobody is connected. */
import { useState } from "react";
import { CommandLine } from "../../parts/command-line.tsx";
import { Panel } from "../../parts/panel.tsx";

interface TryItProps {
  readonly baseUrl: string;
  readonly isNobodyThere: boolean;
}

/** There if nobody was connected when the page was opened, and until it is left: what comes and goes with each client makes the page jump. */
export function TryIt({ baseUrl, isNobodyThere }: TryItProps) {
  const [wasNobodyThere] = useState(isNobodyThere);
  if (!wasNobodyThere) return null;
  return (
    <Panel title="Get something to see">
      <div className="stack">
        <p className="quiet">
          In another terminal, in Switchboard's folder: two players ready up and start together.
        </p>
        <CommandLine text={`node examples/lobby.js ${baseUrl.replace(/^http/, "ws")}`} />
        <p className="quiet">
          Or stop this server and start the demo, which has simulated clients of every service:
        </p>
        <CommandLine text="npm run demo" />
      </div>
    </Panel>
  );
}
