import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseLeases, readLeases } from "../../../agent/io/leases.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const NOW = 1_795_903_000_000;
const line = (expiry: number, mac = "02:00:00:00:00:01", address = "10.0.0.101") => `${expiry} ${mac} ${address} ten-may 01:${mac}`;

describe("leases of dnsmasq", () => {
  it.each<[string, string, number]>([
    ["one that runs on", line(1_795_903_600), 1],
    ["one without an end", line(0), 1],
    ["one that has run out", line(1_795_902_999), 0],
    ["IPv6, which names no MAC", "duid 00:01:00:01\n1795903600 123 fd00::5 ten-may 00:01", 0],
    ["an address that is none", line(1_795_903_600, "02:00:00:00:00:01", "10.0.0.999"), 0],
    ["noise", "\u0000\u0001 x\n\n#", 0],
  ])("%s", (_, text, count) => {
    expect(parseLeases(text, NOW)).toHaveLength(count);
  });

  it("tell how long they still run", () => {
    expect(parseLeases(`${line(1_795_903_600)}\n${line(0)}`, NOW).map(({ leftS }) => leftS)).toEqual([600, undefined]);
  });

  it("are read from a file, and a missing one is an error", async () => {
    const file = join(temporaryFolder(), "leases");
    writeFileSync(file, `${line(1_795_903_600)}\n${line(0, "02:00:00:00:00:02", "10.0.0.102")}\n`);
    expect(await readLeases(file, NOW)).toHaveLength(2);
    await expect(readLeases(`${file}x`, NOW)).rejects.toThrow();
  });
});
