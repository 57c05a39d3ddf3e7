/** A contract that does not say who may do what is refused, also from JavaScript. */
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { installedServices } from "../gateway/services.ts";
import { demandAccess } from "./access.ts";
import type { Contract } from "./contract.ts";

/** A contract with a message and a route of these roles, as JavaScript may write it. */
function contractWith(parts: {
  readonly message?: unknown;
  readonly route?: unknown;
  readonly auth?: "message";
}): Contract {
  const { message = "any", route = "any", auth } = parts;
  return {
    name: "lab",
    doc: "",
    transport: "websocket",
    paths: ["/lab"],
    in: { move: { doc: "", schema: z.object({}), roles: message } },
    out: {},
    routes: { show: { method: "GET", path: "/show", doc: "", params: z.object({}), roles: route } },
    roles: { "lab.chief": "may do everything" },
    ...(auth === undefined ? {} : { auth }),
  } as unknown as Contract;
}

describe("demandAccess", () => {
  it.each([
    { message: "any" },
    { message: ["lab.chief"] },
    { route: "open" },
    { route: ["lab.chief"] },
    { message: "open", auth: "message" as const },
  ])("takes %j", (parts) => {
    expect(() => demandAccess(contractWith(parts))).not.toThrow();
  });

  it.each([null, "", "none", "lab.chief", [], [""], [7], {}, true])("refuses roles %j", (roles) => {
    for (const [parts, what] of [
      [{ message: roles }, 'message "move" of contract lab'],
      [{ route: roles }, 'route "show" (GET /show) of contract lab'],
    ] as const) {
      const check = () => demandAccess(contractWith(parts));
      expect(check).toThrow(TypeError);
      expect(check).toThrow(`${what} does not say who may use it`);
    }
  });

  it("refuses absent roles", () => {
    const { in: messages, ...rest } = contractWith({});
    const { roles: _, ...move } = messages.move ?? expect.fail("no message");
    const check = () => demandAccess({ ...rest, in: { move } } as unknown as Contract);
    expect(check).toThrow('message "move" of contract lab does not say who may use it');
  });

  it.each(["lab.guest", "toString"])("refuses the undeclared role %s", (role) => {
    expect(() => demandAccess(contractWith({ message: ["lab.chief", role] }))).toThrow(
      `message "move" of contract lab needs the role "${role}", which the contract does not declare`,
    );
    expect(() => demandAccess(contractWith({ route: [role] }))).toThrow(TypeError);
  });

  it("refuses an open message on connections that need a token", () => {
    expect(() => demandAccess(contractWith({ message: "open" }))).toThrow(
      'message "move" of contract lab is open, but its connections need a token',
    );
  });

  it.each(installedServices.map(({ contract }) => contract))("takes that of $name", (contract) => {
    expect(() => demandAccess(contract)).not.toThrow();
  });
});
