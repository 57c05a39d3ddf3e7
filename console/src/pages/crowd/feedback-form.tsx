/** A word to the requester. */
import { type FormEvent, useState } from "react";
import { Button } from "../../parts/button.tsx";
import { Field } from "../../parts/field.tsx";
import { messageOf } from "../../parts/message-of.ts";
import { useToast } from "../../parts/toast.tsx";
import type { UnitDesk } from "./unit-desk.ts";

export function FeedbackForm({ desk }: { readonly desk: UnitDesk }) {
  const say = useToast();
  const [text, setText] = useState("");
  const [isSending, setIsSending] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "" || isSending) return;
    setIsSending(true);
    try {
      await desk.sendFeedback(text.trim());
      setText("");
      say("Your feedback is with the requester");
    } catch (error) {
      say(messageOf(error), "bad");
    }
    setIsSending(false);
  };
  return (
    <form className="crowd-feedback" onSubmit={(event) => void send(event)}>
      <Field
        label="Feedback to the requester"
        hint="About this unit: what was unclear, what was good"
        value={text}
        onChange={setText}
        autoComplete="off"
      />
      <Button type="submit" disabled={text.trim() === ""} busy={isSending}>
        Send
      </Button>
    </form>
  );
}
