/** A study as files. */
import { useState } from "react";
import { Button } from "../../parts/button.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { useToast } from "../../parts/toast.tsx";
import { useSession } from "../../session/session.tsx";
import { download } from "./download.ts";

export function ExportButtons({ study }: { readonly study: string }) {
  const { baseUrl, token } = useSession();
  const say = useToast();
  const [busy, setBusy] = useState<string>();
  const files = [
    { title: "Export JSON", path: "export?format=json", name: `${study}.json` },
    { title: "Export CSV", path: "export?format=csv", name: `${study}.csv` },
    { title: "Bonuses CSV", path: "bonuses?format=csv", name: `${study}-bonuses.csv` },
  ];
  const save = async (path: string, name: string) => {
    setBusy(name);
    try {
      await download(`${baseUrl}/crowd/studies/${encodeURIComponent(study)}/${path}`, token, name);
    } catch (error) {
      say(messageOf(error), "bad");
    }
    setBusy(undefined);
  };
  return (
    <div className="row">
      {files.map(({ title, path, name }) => (
        <Button key={name} busy={busy === name} onClick={() => void save(path, name)}>
          {title}
        </Button>
      ))}
    </div>
  );
}
