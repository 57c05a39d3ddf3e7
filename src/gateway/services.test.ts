/** What holds of every service that is installed. */
import { expect, test } from "vitest";
import { demandBounds } from "../contract/index.ts";
import { installedServices } from "./services.ts";

test.each(installedServices.map(({ contract }) => [contract.name, contract] as const))(
  "%s: everything that clients send has a bound",
  (_name, contract) => {
    expect(() => demandBounds(contract)).not.toThrow();
  },
);
