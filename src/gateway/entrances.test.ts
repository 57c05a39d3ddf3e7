/** Which WebSocket path leads to whom. */
import { expect, it } from "vitest";
import { TestServer } from "../testing/index.ts";

it("a literal path wins over one with parameters, and what fits none is not found", async () => {
  const server = await TestServer.start();
  try {
    const subscriber = await server.open("/experiments/a%2Fb");
    subscriber.send({ action: "authorization", token: "" });
    expect(await subscriber.nextJson()).toMatchObject({ message: { action: "experiment:output" } });
    for (const path of [
      "/experiments",
      "/experiments/",
      "/experiments/a/b",
      "/experiments/%FF",
      "/mcmc/ws/sub/object",
    ]) {
      await expect(server.open(path), path).rejects.toThrow("404");
    }
  } finally {
    await server.stop();
  }
});
