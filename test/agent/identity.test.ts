import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { adoptIdentity, keyOf, pendingKey, publicKeyText, readIdentity } from "../../agent/identity.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const identity = { agent: "agt-0123456789abcdef", centre: "ia-grai", collector: "https://giam-sat.example.vn", enrolledAt: "2026-11-30T01:00:00.000Z" };

it("a key that a virus scanner of Windows holds for a moment becomes that of the identity all the same: the code is used up by then", () => {
  const folder = temporaryFolder();
  const key = pendingKey(folder);
  let tries = 0;
  const rename = (from: string, to: string) => {
    if (++tries < 3) throw Object.assign(new Error("EPERM: operation not permitted, rename"), { code: "EPERM" });
    renameSync(from, to);
  };
  adoptIdentity(folder, identity, { platform: "win32", rename, waitMs: () => {} });
  expect(tries).toBe(3);
  expect(readIdentity(folder)).toEqual(identity);
  expect(publicKeyText(keyOf(folder, identity))).toBe(publicKeyText(key));
  expect(existsSync(join(folder, "pending.key"))).toBe(false);
  expect(readFileSync(join(folder, "agent.json"), "utf8")).toContain(identity.agent);
});

it("a pending key that was damaged is made anew: it was never in use, and nobody at a PC can mend it", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "pending.key"), "half a key");
  const key = pendingKey(folder);
  expect(publicKeyText(pendingKey(folder))).toBe(publicKeyText(key));
});

it.each<[string, string | undefined]>([
  ["gone", undefined],
  ["damaged", "half a key"],
])("a key that is %s says that this PC has to be enrolled again", (_, content) => {
  const folder = temporaryFolder();
  if (content !== undefined) writeFileSync(join(folder, `${identity.agent}.key`), content);
  expect(() => keyOf(folder, identity)).toThrow(/\.key: this PC's key is lost or damaged\. .* enrol again/);
});
