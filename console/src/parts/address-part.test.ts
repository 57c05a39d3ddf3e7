/** What an address names. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { addressPart } from "./address-part.ts";

const pattern = "/console/devices/:monitorId";

it("gives back every id that was encoded into an address", () => {
  const ids = fc.oneof(
    fc.string({ minLength: 1, unit: "grapheme" }),
    fc.array(
      fc.constantFrom(
        "%",
        "2",
        "F",
        "4",
        "1",
        "/",
        ":",
        ";",
        ",",
        "?",
        "#",
        "&",
        "=",
        "+",
        "@",
        "$",
        " ",
        "é",
      ),
      { minLength: 1 },
    ),
  );
  fc.assert(
    fc.property(
      ids.map((id) => (typeof id === "string" ? id : id.join(""))),
      (id) => {
        // As the browser's address has it. No address can have these two: they are steps.
        fc.pre(id !== "." && id !== "..");
        const { pathname } = new URL(`http://localhost/console/devices/${encodeURIComponent(id)}`);
        expect(addressPart(pathname, pattern)).toBe(id);
        expect(addressPart(`${pathname}/`, pattern)).toBe(id);
      },
    ),
  );
});

it.each([
  ["/console/devices/%", "%"],
  ["/console/devices/a%2", "a%2"],
  ["/console/devices/%E0%A4/x", "%E0%A4"],
  ["/console/devices/%25", "%"],
  ["/console/devices/a%2541", "a%41"],
  ["/console/devices/", undefined],
  ["/console/devices", undefined],
])("reads %s as %s", (pathname, id) => expect(addressPart(pathname, pattern)).toBe(id));
