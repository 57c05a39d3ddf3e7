/** Who a player is in a list that does not say it. */
import { expect, it } from "vitest";
import { ownListing } from "./own-name.ts";

const dan = { name: "dan", sinceMs: 5 };

it.each([
  ["alone", { users: ["dan"] }, undefined, "dan"],
  ["the last of its name", { users: ["dan", "also dan"] }, undefined, "also dan"],
  ["in a name that was freed", { users: ["also dan", "eve", "dan"] }, undefined, "dan"],
  [
    "not somebody whose name ends like it",
    { users: ["dan", "jordan", "really dan", "Also dan"] },
    undefined,
    "dan",
  ],
  [
    "back in its place, as the time says",
    { users: ["dan", "also dan"], since: [5, 6] },
    dan,
    "dan",
  ],
  [
    "back, while another has its place",
    { users: ["dan", "also dan"], since: [6, 7] },
    dan,
    "also dan",
  ],
  [
    "back where the server does not say since when",
    { users: ["dan", "also dan"] },
    dan,
    "also dan",
  ],
  ["not there", { users: ["eve"] }, dan, undefined],
])("is %s", (_, players, before, name) => {
  expect(ownListing("dan", players, before)?.name).toBe(name);
});
