/** What the tests of the file store kill. Writes a line to stdout for each thing that has happened, at once. */
import { writeSync } from "node:fs";
import { FileOutboxStore } from "../../dist/client/file-store/index.js";
import { connect } from "../../dist/client/index.js";

const [task, path, first, url] = process.argv.slice(2);
const say = (what, id) => writeSync(1, `${what} ${id}\n`);
/** Small, so that kills hit rewriting too. */
const store = new FileOutboxStore(path, { compactAboveBytes: 4000 });

/** Stores, marks and removes, without a connection. */
async function storing() {
  await store.load();
  for (let n = Number(first); ; n++) {
    const id = `${n}`;
    const message = {
      id,
      text: "x".repeat(n % 300),
      acceptedAt: 1,
      expiresAt: null,
      resend: false,
      awaitsAck: false,
      written: false,
    };
    const put = store.put(message).then(() => say("stored", id));
    if (n % 3 !== 0) {
      store.remove(id).then(() => say("removed", id));
    } else store.markWritten(id).then(() => say("marked", id));
    if (n % 5 === 0) await put;
  }
}

/** What does not fit is rejected, with all that is written in one go with it. */
async function filling() {
  const put = (id, length) => {
    const message = {
      id,
      text: "x".repeat(length),
      acceptedAt: 1,
      expiresAt: null,
      resend: false,
      awaitsAck: false,
      written: false,
    };
    return store.put(message).then(
      () => say("stored", id),
      (error) => say("rejected", `${id} ${error.code} ${error.message}`),
    );
  };
  await put("a", 100);
  await Promise.all([put("b", 100), put("c", 100), put("large", 20_000)]);
  await put("d", 100);
  await store.close();
}

/** Sends for ever, or only what earlier runs have left. */
async function sending(acknowledged, isLast) {
  const connection = connect(url, { maxDelayMs: 20, outbox: { store } });
  connection.on("message", (id) => connection.acknowledge(id));
  connection.on("outcome", ({ id, outcome }) => say(outcome, id));
  if (isLast) {
    await connection.whenOpen();
    await connection.whenIdle();
    await connection.close();
    return;
  }
  for (let n = Number(first); ; n++) {
    const id = `${n}`;
    await connection.whenRoom();
    say("accepted", id);
    const { stored } = connection.send(id, { id, awaitsAck: acknowledged, resend: acknowledged });
    stored.then(() => say("stored", id));
    if (n % 7 === 0) await stored;
  }
}

const tasks = {
  storing,
  filling,
  acknowledged: () => sending(true, false),
  "acknowledged-last": () => sending(true, true),
  plain: () => sending(false, false),
  "plain-last": () => sending(false, true),
};
process.on("SIGXFSZ", () => {});
await tasks[task]();
