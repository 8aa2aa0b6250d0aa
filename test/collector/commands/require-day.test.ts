import { expect, it } from "vitest";
import { requireDay } from "../../../collector/commands/require-day.ts";

it.each(["0000-01-01", "0026-11-30", "1999-12-31", "2100-01-01", "2026-02-30", "30/11/2026", ""])("%j is no day that anybody means", (given) => {
  expect(() => requireDay("en", "--from", given)).toThrow(`--from: "${given}" is no day`);
});

it.each(["2000-01-01", "2026-11-30", "2099-12-31"])("%j is one", (given) => {
  expect(() => requireDay("en", "--from", given)).not.toThrow();
});
