import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLine } from "../../../collector/commands/command-line.ts";
import { readConfig } from "../../../collector/config.ts";
import { openStore } from "../../../collector/store/open.ts";
import { collectorCommand } from "../../support/collector-command.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

describe.skipIf(!requirePeer("postgres"))("collector centre close", () => {
  let postgres: ServerDatabase;
  const folder = mkdtempSync(join(tmpdir(), "hcc-closing-"));
  const environment = () => ({ DATABASE_URL: postgres.url, HCC_LANG: "en" });
  const config = () => readConfig(environment());
  const say = (...words: string[]) => collectorCommand(words, environment());
  const close = (code: string, ...more: string[]) => say("centre", "close", code, "--reason", "NQ 1", ...more);

  beforeAll(async () => {
    postgres = await serverDatabase();
    writeFileSync(join(folder, "centres.json"), JSON.stringify({ centres: ["ia-grai", "chu-pah", "ia-pa"].map((code) => ({ code, name: code })) }));
    expect(await say("centre", "import", join(folder, "centres.json"))).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(async () => {
    await postgres?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("closes a centre into another, names it in the list, and takes it back", async () => {
    expect(await close("ia-grai", "--on", "2020-07-01", "--into", "chu-pah")).toMatchObject({
      code: 0,
      out: "ia-grai is closed from 2020-07-01 on; chu-pah takes its work over.",
    });
    const vietnamese = await collectorCommand(["enrol-code", "ia-grai"], { ...environment(), HCC_LANG: "vi" });
    expect(vietnamese.err).toBe(
      'Trung tâm "ia-grai" đóng từ ngày 01/07/2020 nên không cấp mã. Nếu đóng nhầm: hcc-collector centre reopen ia-grai --reason LÝ_DO',
    );
    expect((await say("centre", "list")).out.split("\n")).toContain("ia-grai\tia-grai\t0\tclosed from 2020-07-01 on, into chu-pah");
    expect(await say("enrol-code", "ia-grai")).toMatchObject({ code: 64, err: expect.stringContaining("closed") });
    expect(await say("centre", "reopen", "ia-grai", "--reason", "nhầm")).toMatchObject({ code: 0 });
    expect((await say("centre", "list")).out).not.toContain("closed");
    expect(await say("enrol-code", "ia-grai")).toMatchObject({ code: 0 });
  });

  it.each([
    ["a day that is none", ["ia-pa", "--on", "1/7/2026"], "--on"],
    ["a centre that there is not", ["xa-la", "--on", "2026-07-01"], "“xa-la”"],
    ["a successor that there is not", ["ia-pa", "--on", "2026-07-01", "--into", "xa-la"], "“xa-la”"],
    ["itself as successor", ["ia-pa", "--on", "2026-07-01", "--into", "ia-pa"], "--into"],
    ["no reason", ["ia-pa", "--on", "2026-07-01", "--reason", " "], "--reason"],
  ])("refuses %s", async (_, [code = "", ...more], named) => {
    expect(await close(code, ...more)).toMatchObject({ code: 64, err: expect.stringContaining(named) });
  });

  it("refuses a successor that is closed by then, and to open what is open", async () => {
    expect(await close("chu-pah", "--on", "2026-08-01")).toMatchObject({ code: 0 });
    expect(await close("ia-pa", "--on", "2026-08-01", "--into", "chu-pah")).toMatchObject({ code: 64, err: expect.stringContaining("closed itself") });
    expect(await close("ia-pa", "--on", "2026-07-01", "--into", "chu-pah")).toMatchObject({ code: 0 });
    expect(await say("centre", "reopen", "ia-grai", "--reason", "x")).toMatchObject({ code: 64 });
  });

  it("stands in the audit log", async () => {
    const store = await openStore({ ...config(), connections: 1, say: () => undefined });
    const deeds = await store.db.query<{ deed: string }>(
      "SELECT concat_ws(' | ', who, what, about) AS deed FROM audit WHERE what LIKE 'centre.%' ORDER BY place OFFSET 1 LIMIT 2",
    );
    await store.close();
    const by = commandLine().who;
    expect(deeds.map(({ deed }) => deed)).toEqual([
      `${by} | centre.closed | ia-grai 2020-07-01 chu-pah: NQ 1`,
      `${by} | centre.reopened | ia-grai 2020-07-01: nhầm`,
    ]);
  });
});
