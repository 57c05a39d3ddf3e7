/** Answers over HTTP: headers, streams, other origins. */
import { describe, expect, test } from "vitest";
import { scopePerTest } from "../../../test/support/scope.ts";
import { errorOf, serve } from "./sample-server.suite.ts";

const scope = scopePerTest();

describe("answers", () => {
  test("have the headers of an API, their own length, and those that the service gave", async () => {
    const { url } = await serve(scope);
    const data = await fetch(`${url}/boxes/ü`);
    expect(Object.fromEntries(data.headers)).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": String(Buffer.byteLength(await data.text())),
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    const text = await fetch(`${url}/text`);
    expect(Object.fromEntries(text.headers)).toMatchObject({
      "content-type": "text/plain",
      "cache-control": "max-age=60",
    });
    expect(await text.text()).toBe("hello");
    const away = await fetch(`${url}/away`, { redirect: "manual" });
    expect([away.status, away.headers.get("location")]).toEqual([
      302,
      "http://127.0.0.1/elsewhere",
    ]);
  });

  test("a fault of ours is 500 with an incident that is in the log", async () => {
    const { url, logged } = await serve(scope);
    const error = await errorOf(await fetch(`${url}/broken`));
    expect(error).toMatchObject({ status: 500, code: "internal" });
    expect(error.message).not.toContain("a fault of ours");
    const [entry] = logged as { incident: string }[];
    expect(error.message).toContain(entry?.incident);
  });

  test("streams arrive whole", async () => {
    const { url } = await serve(scope);
    const text = await (await fetch(`${url}/numbers?lines=20000`)).text();
    expect(text.split("\n").length).toBe(20_001);
  });

  test("a stream that fails is cut off, so that it cannot be taken for whole, and logged", async () => {
    const { url, logged } = await serve(scope);
    const response = await fetch(`${url}/numbers?lines=10&fail=1`);
    await expect(response.text()).rejects.toThrow();
    expect(logged).toEqual([{ route: "GET /numbers", err: new Error("the source broke") }]);
    expect((await fetch(`${url}/boxes/1`)).status).toBe(200);
  });

  test("are counted by route and status", async () => {
    const { url, requests } = await serve(scope);
    for (const path of ["/boxes/1", "/boxes/2", "/nowhere", "/broken", "/boxes/%zz"])
      await (await fetch(`${url}${path}`)).text();
    expect([...requests.entries()]).toEqual([
      ["GET /boxes/:id", "200", 2],
      ["none", "404", 1],
      ["none", "400", 1],
      ["GET /broken", "500", 1],
    ]);
  });
});

describe("other origins", () => {
  test("all may read with *, errors too", async () => {
    const { url } = await serve(scope);
    for (const path of ["/boxes/1", "/nowhere", "/broken"]) {
      const response = await fetch(`${url}${path}`, {
        headers: { origin: "https://page.example" },
      });
      expect(response.headers.get("access-control-allow-origin")).toBe("*");
    }
  });

  test("a preflight is answered without a token", async () => {
    const { url } = await serve(scope, { auth: true });
    const response = await fetch(`${url}/boxes/1`, {
      method: "OPTIONS",
      headers: {
        origin: "https://page.example",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET,HEAD,POST,PUT,DELETE",
      "access-control-allow-headers": "authorization,content-type",
    });
  });

  test("only configured ones may, if there are any", async () => {
    const { url } = await serve(scope, { origins: ["https://page.example"] });
    const of = async (origin: string) =>
      (await fetch(`${url}/boxes/1`, { headers: { origin } })).headers;
    expect((await of("https://page.example")).get("access-control-allow-origin")).toBe(
      "https://page.example",
    );
    expect((await of("https://other.example")).get("access-control-allow-origin")).toBeNull();
    expect((await of("https://other.example")).get("vary")).toContain("Origin");
  });
});
