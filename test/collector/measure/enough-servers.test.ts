import { expect, it } from "vitest";
import { neverConfirmed } from "../../../collector/measure/enough-servers.ts";
import { loadPolicy } from "../../../collector/policy-files.ts";

it.each([
  [0, ["R01"]],
  [1, ["R01"]],
  [2, []],
])("with %d measure servers the province's policy never confirms a breach of %j", (servers, requirements) => {
  expect(neverConfirmed(loadPolicy("gia-lai-890", Date.parse("2026-11-30T08:00:00Z")).policy, servers)).toEqual(requirements);
});
