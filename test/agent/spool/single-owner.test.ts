import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { adoptIdentity, pendingKey } from "../../../agent/identity.ts";
import { readSpool } from "../../../agent/spool/read-spool.ts";
import { ownFolder } from "../../../agent/spool/single-owner.ts";
import { Spool } from "../../../agent/spool/spool.ts";
import { agentCommand } from "../../support/agent-command.ts";
import { observation } from "../../support/observations.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const canMount = process.getuid?.() === 0 && existsSync("/usr/bin/mount");

/** The data folder of an agent that has run, as it is for a user who may read all of it and write nothing. */
function closedFolder(): string {
  const folder = temporaryFolder();
  pendingKey(folder);
  adoptIdentity(folder, { agent: "agt-0123456789abcdef", centre: "mot", collector: "http://127.0.0.1:1", enrolledAt: "2026-11-01T00:00:00.000Z" });
  {
    using _owner = ownFolder(folder);
    using spool = new Spool({ folder, nowMs: Date.now, log: () => {} });
    spool.append(observation(1));
  }
  execFileSync("/usr/bin/mount", ["--bind", folder, folder]);
  onTestFinished(() => {
    execFileSync("/usr/bin/umount", [folder]);
  });
  execFileSync("/usr/bin/mount", ["-o", "remount,bind,ro", folder]);
  return folder;
}

describe.skipIf(!canMount)("a data folder that may be read and not written (needs root to mount one)", () => {
  it("is nobody's: no second agent starts beside the one that owns it", async () => {
    const folder = closedFolder();
    expect(() => ownFolder(folder)).toThrow(`No right to read or write ${join(folder, "agent.lock")}`);
    expect(await agentCommand(["run"], { folder })).toMatchObject({ code: 64, err: expect.stringContaining("No right to read or write") });
  });

  it("lets its spool be read or says that the right is missing, which is no damage", () => {
    const folder = closedFolder();
    expect(() => readSpool(folder)).toThrow(`No right to read or write ${join(folder, "spool.db")}`);
  });

  it("is told so in a self-check, with what to do", async () => {
    const { out } = await agentCommand(["self-check", "--only", "self.files", "--offline", "--json"], { folder: closedFolder() });
    expect(JSON.parse(out)).toMatchObject({ checks: [{ id: "self.files", hint: { en: expect.stringContaining("No right to read or write") } }] });
  });
});
