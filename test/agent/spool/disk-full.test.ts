import { execFileSync } from "node:child_process";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ownFolder } from "../../../agent/spool/single-owner.ts";
import { Spool } from "../../../agent/spool/spool.ts";
import { agentCommand } from "../../support/agent-command.ts";
import { observation } from "../../support/observations.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const canMount = process.getuid?.() === 0 && existsSync("/usr/bin/mount");

/** A disk of 4 MiB. */
function smallDisk(): string {
  const folder = temporaryFolder();
  execFileSync("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder]);
  onTestFinished(() => {
    execFileSync("/usr/bin/umount", [folder]);
  });
  return folder;
}

describe.skipIf(!canMount)("a full disk (needs root to mount a small one)", () => {
  it("keeps going on the reserve and on the oldest rows, accounts for every number, and recovers by itself", () => {
    const folder = smallDisk();
    const logs: string[] = [];
    // The floor of free space would act first; here the disk itself says no.
    const diskSpace = () => ({ freeBytes: 1e12, bytes: 1e12 });
    using spool = new Spool({ folder, nowMs: Date.now, log: (message) => void logs.push(message), diskSpace });
    const given: (number | undefined)[] = [];
    for (let index = 0; index < 300; index++) given.push(spool.append(observation(index)));
    // Others fill the disk to the last byte.
    const ballast = join(folder, "ballast");
    expect(() => writeFileSync(ballast, Buffer.alloc(8 * 1024 * 1024))).toThrow("ENOSPC");
    for (let index = 300; index < 2_500; index++) given.push(spool.append(observation(index)));
    expect(existsSync(join(folder, "spool.reserve"))).toBe(false);
    execFileSync("rm", [ballast]);
    expect(spool.append(observation(2_500))).toBeGreaterThan(0);
    const { waiting, lost, lastSeq, durable } = spool.status();
    expect(durable).toBe(true);
    expect(waiting + lost).toBe(lastSeq);
    expect(lastSeq).toBe(2_501);
    expect(lost).toBeGreaterThan(0);
    spool.maintain({ clockTrusted: false });
    expect(existsSync(join(folder, "spool.reserve"))).toBe(true);
  }, 120_000);

  it("keeps no agent from starting, which is not told as a second one", () => {
    const folder = smallDisk();
    expect(() => writeFileSync(join(folder, "ballast"), Buffer.alloc(8 * 1024 * 1024))).toThrow("ENOSPC");
    using owner = ownFolder(folder);
    expect(owner).toBeDefined();
    expect(ownFolder(folder)).toBeUndefined();
  });

  it("is told a command as a full disk", async () => {
    const folder = smallDisk();
    expect(() => writeFileSync(join(folder, "ballast"), Buffer.alloc(8 * 1024 * 1024))).toThrow("ENOSPC");
    const { code, err } = await agentCommand(["creds", "add", "nvr"], { folder, terminal: { readSecret: async () => "secret" } });
    expect({ code, err }).toEqual({ code: 64, err: expect.stringContaining(`The disk is full, ${folder} cannot be written`) });
  });

  it("opens a sound spool on the reserve when the disk is full at the start: what waits there is sent", () => {
    const folder = smallDisk();
    const logs: string[] = [];
    const open = () => new Spool({ folder, nowMs: Date.now, log: (message) => void logs.push(message) });
    {
      using before = open();
      for (let index = 0; index < 300; index++) before.append(observation(index));
    }
    expect(() => writeFileSync(join(folder, "ballast"), Buffer.alloc(8 * 1024 * 1024))).toThrow("ENOSPC");
    using spool = open();
    expect(spool.status()).toMatchObject({ durable: true, waiting: 300 });
    const view = { nowMs: Date.now(), bootId: "boot-b", uptimeMs: 0, liveMs: 600_000, observationsMax: 500, bytesAim: 256 * 1024 };
    const batch = spool.next({ ...view, lane: "backlog" });
    expect(batch).toMatchObject({ from: 1, to: 300 });
    spool.settle(batch?.id ?? 0, []);
    expect(spool.status()).toMatchObject({ waiting: 0, frozen: 0, answered: 300 });
    expect(logs).toEqual([]);
  });

  it("goes to memory where the reserve is not enough, and says so", () => {
    const folder = smallDisk();
    const logs: string[] = [];
    const open = () => new Spool({ folder, nowMs: Date.now, log: (message) => void logs.push(message) });
    open()[Symbol.dispose]();
    rmSync(join(folder, "spool.reserve"));
    expect(() => writeFileSync(join(folder, "ballast"), Buffer.alloc(8 * 1024 * 1024))).toThrow("ENOSPC");
    using spool = open();
    expect(spool.status().durable).toBe(false);
    expect(logs).toEqual(["the spool cannot be written, observations are kept in memory only"]);
  });
});
