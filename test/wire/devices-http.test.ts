/** devices over HTTP, for scripts. */
import { beforeAll, describe, expect, it } from "vitest";
import { DeviceSocket, newMonitorId } from "../support/device-socket.ts";
import { commandsOf, statusOf } from "../support/devices.ts";
import { dataOf, errorCodeOf, mentioning, recentTimesIn, request } from "../support/http.ts";
import { eventually } from "../support/inbox.ts";
import { scopePerFile, scopePerTest } from "../support/scope.ts";
import { type ServerProcess, startServer } from "../support/server-process.ts";

const file = scopePerFile();
const scope = scopePerTest();
let server: ServerProcess;

beforeAll(async () => {
  server = await startServer(file);
});

const path = (monitorId: string) => `/devices/${encodeURIComponent(monitorId)}/commands`;

async function post(monitorId: string, body: unknown): Promise<string> {
  const data = dataOf(await request(server.url, `POST ${path(monitorId)}`, { body }));
  if (
    typeof data === "object" &&
    data !== null &&
    "command_id" in data &&
    typeof data.command_id === "string"
  )
    return data.command_id;
  throw new Error(`the answer to POST has no command_id: ${JSON.stringify(data)}`);
}

describe("POST /devices/:monitor_id/commands", () => {
  it("sends a command, whose life GET shows", async () => {
    const monitorId = newMonitorId();
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const id = await post(monitorId, { command: "a" });
    expect(await device.next("command do")).toMatchObject({ command: "a", command_id: id });
    expect(await statusOf(server.url, monitorId, id)).toBe("sent");
    await device.call("command done");
    expect(await statusOf(server.url, monitorId, id)).toBe("done");
  });

  it("queues for a monitor that is away, behind what waits there already", async () => {
    const monitorId = newMonitorId();
    const dan = await DeviceSocket.user(scope, server.url, monitorId);
    await dan.send("by socket");
    await post(monitorId, { command: "by script" });
    await dan.send("by socket again");
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    for (const command of ["by socket", "by script", "by socket again"])
      expect(await device.next("command do")).toMatchObject({ command });
  });

  it("takes the fields of `command send`", async () => {
    const monitorId = newMonitorId();
    const id = await post(monitorId, { command: "a", wait_ms: 50, idempotency_key: "k" });
    expect(await post(monitorId, { command: "a", idempotency_key: "k" })).toBe(id);
    await eventually(
      "expired",
      () => statusOf(server.url, monitorId, id),
      (status) => status === "expired",
    );
    expect(await commandsOf(server.url, monitorId)).toHaveLength(1);
  });

  it("reads the body whatever its Content-Type", async () => {
    const monitorId = newMonitorId();
    const options = { body: '{"command":"a"}', headers: { "content-type": "text/plain" } };
    dataOf(await request(server.url, `POST ${path(monitorId)}`, options));
    expect(await commandsOf(server.url, monitorId)).toMatchObject([
      { command: "a", status: "queued" },
    ]);
  });

  it.each([
    { body: "no JSON" },
    { body: "" },
    { body: "[]" },
    { body: {} },
    { body: { command: "" } },
    { body: { command: 5 } },
    { body: { command: null } },
    { body: { command: "a", wait_ms: "soon" } },
    { body: { command: "a", wait_ms: -1 } },
    { body: { command: "a", answer_ms: {} } },
  ])("refuses $body with 400 and stores nothing", async ({ body }) => {
    const monitorId = newMonitorId();
    const answer = await request(server.url, `POST ${path(monitorId)}`, { body });
    expect(answer.status).toBe(400);
    expect(["bad_json", "bad_message"]).toContain(errorCodeOf(answer));
    expect(await commandsOf(server.url, monitorId)).toEqual([]);
  });

  it("refuses an id that no monitor can have", async () => {
    const answer = await request(server.url, `POST ${path("too short")}`, {
      body: { command: "a" },
    });
    expect([400, 404]).toContain(answer.status);
    errorCodeOf(answer);
  });

  it("takes every id of 32 characters, encoded", async () => {
    const monitorId = "a/b ü%2F..?#&=+*>".padEnd(32, "~");
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const id = await post(monitorId, { command: "a" });
    expect(await device.next("command do")).toMatchObject({ command_id: id });
    expect(await commandsOf(server.url, monitorId)).toMatchObject([{ command_id: id }]);
    expect(mentioning(dataOf(await request(server.url, "GET /devices")), monitorId)).toBeDefined();
  });
});

describe("GET /devices/:monitor_id/commands", () => {
  it("lists in the order of sending, and by status", async () => {
    const monitorId = newMonitorId();
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const ids: string[] = [];
    for (const command of ["done", "failed", "sent"]) ids.push(await post(monitorId, { command }));
    await device.call("command done");
    await device.call("command error", { reason: "no" });
    expect(await commandsOf(server.url, monitorId)).toMatchObject([
      { command_id: ids[0], command: "done", status: "done" },
      { command_id: ids[1], command: "failed", status: "failed" },
      { command_id: ids[2], command: "sent", status: "sent" },
    ]);
    expect(await commandsOf(server.url, monitorId, "?status=failed")).toMatchObject([
      { command_id: ids[1] },
    ]);
    expect(await commandsOf(server.url, monitorId, "?status=sent")).toMatchObject([
      { command_id: ids[2] },
    ]);
    expect(await commandsOf(server.url, monitorId, "?status=queued")).toEqual([]);
  });

  it("is empty for a monitor that nobody has sent anything", async () => {
    expect(await commandsOf(server.url, newMonitorId())).toEqual([]);
  });
});

describe("GET /devices", () => {
  const devices = async () => dataOf(await request(server.url, "GET /devices"));

  it("shows who is connected, since when, and when last heard", async () => {
    const monitorId = newMonitorId();
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const shown = mentioning(await devices(), monitorId);
    expect(shown).toBeDefined();
    expect(recentTimesIn(shown).length).toBeGreaterThanOrEqual(2);
    device.disconnect();
    await eventually(
      "a roster without the monitor",
      devices,
      (data) => mentioning(data, monitorId) === undefined,
    );
  });

  it("shows no monitor that is only queried, nor one that was refused", async () => {
    const monitorId = newMonitorId();
    await DeviceSocket.user(scope, server.url, monitorId);
    expect(mentioning(await devices(), monitorId)).toBeUndefined();
  });
});

describe("DELETE /devices/:monitor_id/commands/:id", () => {
  it("cancels what was not yet sent: the monitor never gets it", async () => {
    const monitorId = newMonitorId();
    const kept = await post(monitorId, { command: "kept" });
    const cancelled = await post(monitorId, { command: "cancelled" });
    const last = await post(monitorId, { command: "last" });
    const answer = await request(server.url, `DELETE ${path(monitorId)}/${cancelled}`);
    expect(answer.status).toBeGreaterThanOrEqual(200);
    expect(answer.status).toBeLessThan(300);
    expect(await statusOf(server.url, monitorId, cancelled)).toBe("cancelled");
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    expect(await device.next("command do")).toMatchObject({ command_id: kept });
    expect(await device.next("command do")).toMatchObject({ command_id: last });
  });

  it("refuses what was sent, has ended, or was cancelled before", async () => {
    const monitorId = newMonitorId();
    const cancelled = await post(monitorId, { command: "x" });
    await request(server.url, `DELETE ${path(monitorId)}/${cancelled}`);
    const device = await DeviceSocket.monitor(scope, server.url, monitorId);
    const [done, sent] = [
      await post(monitorId, { command: "done" }),
      await post(monitorId, { command: "sent" }),
    ];
    await device.call("command done");
    for (const [id, status] of [
      [cancelled, "cancelled"],
      [done, "done"],
      [sent, "sent"],
    ] as const) {
      const answer = await request(server.url, `DELETE ${path(monitorId)}/${id}`);
      expect(answer.status, status).toBe(409);
      errorCodeOf(answer);
      expect(await statusOf(server.url, monitorId, id)).toBe(status);
    }
  });

  it("does not know a command that is not there, nor another monitor's", async () => {
    const [here, there] = [newMonitorId(), newMonitorId()];
    const id = await post(here, { command: "x" });
    for (const wrong of [
      `${path(there)}/${id}`,
      `${path(here)}/01890000-0000-7000-8000-000000000000`,
      `${path(here)}/__proto__`,
    ]) {
      const answer = await request(server.url, `DELETE ${wrong}`);
      expect(answer.status, wrong).toBe(404);
      expect(errorCodeOf(answer)).toBe("not_found");
    }
    expect(await statusOf(server.url, here, id)).toBe("queued");
  });
});

describe("an answer that is none", () => {
  it("has the form of an error for a path and a method that do not exist", async () => {
    const nowhere = await request(server.url, "GET /no/such/path");
    expect(nowhere.status).toBe(404);
    expect(errorCodeOf(nowhere)).toBe("not_found");
    const method = await request(server.url, "PUT /devices");
    expect(method.status).toBe(405);
    expect(errorCodeOf(method)).toBe("method_not_allowed");
  });
});
