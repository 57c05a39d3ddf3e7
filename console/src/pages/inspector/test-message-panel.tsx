/** Sends a message as a client would, and shows what comes back. */
import { type FormEvent, useState } from "react";
import { Link } from "wouter";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { Panel } from "../../parts/panel.tsx";
import { SelectField } from "../../parts/select-field.tsx";
import { useToast } from "../../parts/toast.tsx";
import { useSession } from "../../session/session.tsx";
import type { Contracts, MessageContract, ServiceContract } from "../../session/use-contracts.ts";
import { type Draft, draftFor, draftOfMessage, filledPath, paramsOf, testable } from "./draft.ts";
import { fieldsOf, frameOf } from "./message-fields.ts";
import { MessageForm } from "./message-form.tsx";
import { type Order, TestClientView } from "./test-client-view.tsx";

export function TestMessagePanel({ contracts }: { readonly contracts: Contracts }) {
  const services = testable(contracts);
  const [first] = services;
  return (
    <Panel title="Send a test message">
      {first === undefined ? (
        <p className="quiet">No service that speaks WebSocket is served here.</p>
      ) : (
        <TestMessage services={services} first={first} contracts={contracts} />
      )}
    </Panel>
  );
}

interface TestMessageProps {
  readonly services: readonly ServiceContract[];
  readonly first: ServiceContract;
  readonly contracts: Contracts;
}

function TestMessage({ services, first, contracts }: TestMessageProps) {
  const { auth, services: served, fetchJson } = useSession();
  const say = useToast();
  const [draft, setDraft] = useState(() => draftFor(first));
  const [token, setToken] = useState("");
  const [tried, setTried] = useState(false);
  const [order, setOrder] = useState<Order>();
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));

  const service = services.find(({ name }) => name === draft.service) ?? first;
  const message = service.in.find(({ name }) => name === draft.message);
  const fields = fieldsOf(message?.schema ?? {});
  const made = frameOf(message ?? {}, fields, draft.filled);
  const text = draft.byHand ?? made.text;
  const path = filledPath(draft.path, draft.params);
  const hasProblem =
    path === undefined || (draft.byHand === undefined && Object.keys(made.problems).length > 0);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    setTried(hasProblem);
    if (path === undefined || hasProblem) return;
    const name = draft.byHand === undefined ? draft.message : "written by hand";
    try {
      // So that the server's log says who did this.
      await fetchJson("/admin/tests", {
        method: "POST",
        body: JSON.stringify({ service: service.name, path, message: name }),
      });
    } catch (error) {
      say(`Not sent: ${messageOf(error)}`, "bad");
      return;
    }
    setOrder((before) => ({ nth: (before?.nth ?? 0) + 1, path, token: token.trim(), text }));
  };
  const choose = (part: Partial<Draft>) => {
    setTried(false);
    change(part);
  };
  return (
    <div className="test-message">
      <form
        className="stack"
        aria-label="Test message"
        onSubmit={(event) => void send(event)}
        noValidate
      >
        <div className="test-where">
          <SelectField
            label="Service"
            value={service.name}
            options={services.map(({ name }) => ({ value: name, name }))}
            onChange={(name) =>
              choose(draftFor(services.find((each) => each.name === name) ?? first))
            }
          />
          <SelectField
            label="Path"
            value={draft.path}
            options={service.paths.map((each) => ({ value: each, name: each }))}
            onChange={(chosen) => choose({ path: chosen, params: {} })}
          />
          <SelectField
            label="Message"
            value={draft.message}
            options={service.in.map(({ name }) => ({ value: name, name }))}
            onChange={(name) =>
              choose(draftOfMessage(service.in.find((each) => each.name === name)))
            }
          />
        </div>
        <p className="quiet test-doc">
          {message?.doc}
          {auth && message !== undefined && ` ${needs(message.roles)}`}
        </p>
        {paramsOf(draft.path).map((name) => (
          <Field
            key={name}
            label={`${name} *`}
            hint={`Part of the path ${draft.path}`}
            value={draft.params[name] ?? ""}
            problem={tried && (draft.params[name] ?? "") === "" ? "Fill this in." : undefined}
            onChange={(value) => change({ params: { ...draft.params, [name]: value } })}
          />
        ))}
        {auth && (
          <Field
            label="Token of the test client"
            type="password"
            autoComplete="off"
            hint={
              service.auth === "message"
                ? "Sent at the opening; this service also takes one in its first message"
                : "Whoever is to be tried: your own is not used. It stays in this page's memory"
            }
            value={token}
            onChange={setToken}
          />
        )}
        {draft.byHand === undefined && (
          <MessageForm
            fields={fields}
            filled={draft.filled}
            problems={made.problems}
            showsAll={tried}
            fill={(name, value) =>
              setDraft((before) => ({ ...before, filled: { ...before.filled, [name]: value } }))
            }
          />
        )}
        {draft.byHand === undefined ? (
          <div className="field">
            <span className="test-label">The frame that will be sent</span>
            <pre className="test-frame" data-testid="frame">
              {text}
            </pre>
          </div>
        ) : (
          <Field
            label="The frame that will be sent"
            hint="Sent as it is, whatever it is: this is how to see what the server says to nonsense"
            lines={6}
            spellCheck={false}
            value={draft.byHand}
            onChange={(byHand) => change({ byHand })}
          />
        )}
        <div className="row">
          <Button type="submit" look="primary">
            Send
          </Button>
          <Button
            pressed={draft.byHand !== undefined}
            onClick={() => change({ byHand: draft.byHand === undefined ? text : undefined })}
          >
            Write it by hand
          </Button>
        </div>
        {served.includes("devices") && (
          <p className="quiet">
            Devices speaks Socket.IO: send commands on <Link href="/devices">its own page</Link>.
          </p>
        )}
      </form>
      <TestClientView order={order} contracts={contracts} />
    </div>
  );
}

function needs(roles: MessageContract["roles"]): string {
  if (roles === "open") return "Needs no token.";
  return roles === "any" ? "Needs any good token." : `Needs the role ${roles.join(" or ")}.`;
}
