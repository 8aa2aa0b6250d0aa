import { inflateRawSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { LocalConfig } from "../../../agent/config.ts";
import { bundleFiles } from "../../../agent/selfcheck/bundle.ts";
import { zip } from "../../../agent/selfcheck/zip.ts";

const LOCAL = 0x04034b50;

/** Reads an archive from its beginning, entry by entry, as any unzip program could. */
function unzip(archive: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  let at = 0;
  while (archive.readUInt32LE(at) === LOCAL) {
    const packed = archive.readUInt32LE(at + 18);
    const nameLength = archive.readUInt16LE(at + 26);
    const start = at + 30 + nameLength + archive.readUInt16LE(at + 28);
    files.set(archive.toString("utf8", at + 30, at + 30 + nameLength), inflateRawSync(archive.subarray(start, start + packed)).toString());
    at = start + packed;
  }
  return files;
}

describe("the support bundle", () => {
  const CANARY = "cAnary-3391";
  const local = LocalConfig.parse({
    targets: [{ id: "nvr-1", role: "recorder", address: "10.1.0.9", name: `nvr ${CANARY}`, credentials: { http: "nvr" } }],
    probes: { "camera-presence": { token: CANARY } },
  });
  const files = bundleFiles({
    reportJson: "{}",
    reportText: "text",
    settings: {
      dataDir: "/d",
      collectorUrl: `https://user:${CANARY}@hcc.example/?key=${CANARY}`,
      lang: "vi",
      logLevel: "info",
      caFile: undefined,
      filesDir: "/tmp",
      local,
      file: undefined,
    },
    status: undefined,
    spool: undefined,
    config: undefined,
    logLines: [`{"msg":"recorder refused ${CANARY}"}`, '{"msg":"neighbour 00:1B:44:11:3a:b7"}'],
  });

  it("holds what was shown, with hashes, and no secret of the configuration", () => {
    const read = unzip(zip(files, Date.UTC(2026, 10, 28, 3, 4, 6)));
    expect([...read.keys()]).toEqual([
      "self-check.json",
      "self-check.txt",
      "settings.json",
      "status.json",
      "spool.json",
      "config.json",
      "agent.log",
      "manifest.json",
    ]);
    expect(JSON.parse(read.get("manifest.json") ?? "")).toHaveLength(7);
    expect(JSON.parse(read.get("settings.json") ?? "")).toMatchObject({
      collector: "https://hcc.example/",
      targets: [{ id: "nvr-1", role: "recorder", address: "10.1.0.9" }],
    });
    expect(read.get("agent.log")).toBe('{"msg":"recorder refused [redacted]"}\n{"msg":"neighbour [mac]"}\n');
    for (const content of read.values()) expect(content).not.toContain(CANARY);
  });

  it("keeps names and words of any language", () => {
    const read = unzip(zip([{ name: "tự-kiểm-tra.txt", content: "Không đạt ✗" }], 0));
    expect(read.get("tự-kiểm-tra.txt")).toBe("Không đạt ✗");
  });
});
