import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ownBootId } from "../../agent/system-clock.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const at = (steadyMs: number, wallMs = 1_800_000_000_000 + steadyMs) => ({ wallMs, steadyMs });

it("a boot keeps its name from start to start of the agent, and the next boot has another", () => {
  const file = join(temporaryFolder(), "boot.json");
  const first = ownBootId(file, at(60_000));
  expect(ownBootId(file, at(90_000))).toBe(first);
  expect(ownBootId(file, at(5_000, 1_800_000_200_000))).not.toBe(first);
});

it("a boot has a name where no file takes it", () => {
  const file = join(temporaryFolder(), "boot.json");
  mkdirSync(join(file, "in-the-way"), { recursive: true });
  expect(ownBootId(file, at(60_000))).toMatch(/^[0-9a-f-]{36}$/);
});
