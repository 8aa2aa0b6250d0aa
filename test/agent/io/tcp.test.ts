import { expect, it } from "vitest";
import { knockMs } from "../../../agent/io/tcp.ts";

it.each([
  ["Windows tells a refusal after 2.0 s: a shorter wait would be silence", 1_000, "win32", 2_600],
  ["a longer wait stays", 3_000, "win32", 3_000],
  ["elsewhere a refusal comes at once", 1_000, "linux", 1_000],
] as const)("%s", (_name, timeoutMs, system, expected) => {
  expect(knockMs(timeoutMs, system)).toBe(expected);
});
