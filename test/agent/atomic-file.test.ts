import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Renaming, writeFileAtomic } from "../../agent/atomic-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

/** A system that refuses the first `refusals` renames with `code`, and the waits between them, ms. */
function refusing(platform: NodeJS.Platform, code: string, refusals: number): Renaming & { readonly waits: number[] } {
  const waits: number[] = [];
  let left = refusals;
  const rename = (from: string, to: string) => {
    if (left-- > 0) throw Object.assign(new Error(`${code}: refused`), { code });
    renameSync(from, to);
  };
  return { platform, rename, waitMs: (ms) => void waits.push(ms), waits };
}

describe("a file that is replaced in one step", () => {
  it.each(["EPERM", "EACCES", "EBUSY"])("is tried again on Windows while another program holds it (%s)", (code) => {
    const file = join(temporaryFolder(), "config.json");
    writeFileAtomic(file, "old");
    const renaming = refusing("win32", code, 3);
    writeFileAtomic(file, "new", 0o644, renaming);
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(existsSync(`${file}.new`)).toBe(false);
    expect(renaming.waits).toHaveLength(3);
  });

  it("is really waited for", () => {
    const file = join(temporaryFolder(), "config.json");
    const { platform, rename } = refusing("win32", "EPERM", 2);
    const begunMs = performance.now();
    writeFileAtomic(file, "new", 0o644, { platform, rename });
    expect(performance.now() - begunMs).toBeGreaterThan(25);
  });

  it.each<[string, NodeJS.Platform, string, (ms: number) => boolean]>([
    ["is given up on Windows within a second when it is held for longer", "win32", "EBUSY", (ms) => ms > 100 && ms < 1_000],
    ["is given up at once on Windows for any other reason", "win32", "ENOSPC", (ms) => ms === 0],
    ["is given up at once elsewhere: there a refusal stays one", "linux", "EACCES", (ms) => ms === 0],
  ])("%s", (_name, platform, code, isRight) => {
    const file = join(temporaryFolder(), "config.json");
    writeFileAtomic(file, "old");
    const renaming = refusing(platform, code, Number.POSITIVE_INFINITY);
    expect(() => writeFileAtomic(file, "new", 0o644, renaming)).toThrow(code);
    expect(readFileSync(file, "utf8")).toBe("old");
    expect(renaming.waits.reduce((sum, ms) => sum + ms, 0)).toSatisfy(isRight);
  });
});
