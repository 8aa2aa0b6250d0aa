import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Collector, createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import { reportFormats } from "../../collector/report/render.ts";
import { addAttestations } from "../../collector/store/attestations.ts";
import { addDutyRecords } from "../../collector/store/duties.ts";
import { openStore, type Store } from "../../collector/store/open.ts";
import { importCentres } from "../../collector/store/sites.ts";
import { vietnamDay } from "../../schemas/calendar.ts";
import { Centre } from "../../schemas/inventory.ts";
import { FindingsReply } from "../../schemas/read-api.ts";
import { batchOf, measured, sha256Of } from "../support/batches.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { DAY, plan, said } from "../support/facts.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { requirePeer } from "../support/require-peer.ts";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { type ServerDatabase, serverDatabase } from "../support/test-database.ts";

const NOW = Date.now();
const START = NOW - 80 * DAY;
const THEN = NOW - 50 * DAY;
/** A month that has closed by now and in which the centre was heard. */
const MONTH = vietnamDay(NOW - 45 * DAY).slice(0, 7);
const centre = Centre.parse({ code: "ia-grai", name: "Ia Grai", officers: 2 });
const run = promisify(execFile);

describe.skipIf(!requirePeer("postgres"))("the past, asked of the real programs", () => {
  let database: ServerDatabase;
  let store: Store;
  let collector: Collector;
  let nowMs = START;
  let seq = 1;

  const started = () =>
    createCollector({ config: readConfig({ HCC_LOG_LEVEL: "silent", HCC_MEASURE_PORT: "0" }), store, clock: () => nowMs, log: createLog("silent") });
  const speedTest = async (takenMs: number, receivedMs: number, mbps: number, lane: "live" | "backlog" = "live") => {
    nowMs = receivedMs;
    const each = () => ({
      probe: "link-bandwidth" as const,
      target: "s1",
      outcome: measured([{ metric: "download_mbps", value: mbps, labels: { server: "s1" } }]),
    });
    const batch = batchOf({ from: seq, count: 1, startMs: takenMs, lane, each });
    seq += 1;
    await collector.accept({ siteId: 1, agentId: "agt-0000000000000001" }, { batch, bodySha256: sha256Of(batch), nowMs });
    await collector.drain();
  };
  const declared = (atMs: number, recordedMs: number, holds: boolean) =>
    addAttestations(
      store.db,
      ["house-rules", "assignments"].map((item) => ({
        ...said("R20", item, { inspector: true, holds }),
        id: `${item}-${recordedMs}`,
        at: new Date(atMs).toISOString(),
      })),
      recordedMs,
    );
  const ticked = (atMs: number, recordedMs: number, duty: string) => {
    const at = new Date(atMs).toISOString();
    return addDutyRecords(
      store.db,
      [{ id: `${duty}-${recordedMs}`, centre: "ia-grai", requirement: "R21", duty, turn: vietnamDay(atMs), state: "done", by: "A", at }],
      recordedMs,
    );
  };

  beforeAll(async () => {
    database = await serverDatabase();
    store = await openStore({ databaseUrl: database.url, dataDir: "unused" });
    collector = await started();
    await importCentres(store.db, [centre], START);
    for (let day = 70; day >= 40; day -= 5) await speedTest(NOW - day * DAY, NOW - day * DAY, day % 2 ? 230 : 150);
    await declared(NOW - 60 * DAY, NOW - 60 * DAY, true);
    await ticked(NOW - 60 * DAY, NOW - 60 * DAY, "opening-round");
    nowMs = NOW;
    await collector.judge.tick(NOW);
  }, 120_000);
  afterAll(async () => {
    await store?.close();
    await database?.drop();
  });

  /** One process of the collector's program, as an operator starts it. */
  const program = async (...words: string[]) => {
    const env = { PATH: process.env.PATH, DATABASE_URL: database.url, HCC_LOG_LEVEL: "error", HCC_MEASURE_PORT: "0" };
    const { stdout } = await run(process.execPath, [...nodeFlags, "collector/main.ts", ...words], {
      cwd: projectRoot,
      env,
      maxBuffer: 32 * 1024 * 1024,
      encoding: "buffer",
    });
    return stdout.toString("utf8");
  };
  const overHttp = async () => {
    const server = await listen(collector.app, { port: 0, host: "127.0.0.1", tls: undefined });
    try {
      const reply = await fetch(`http://127.0.0.1:${server.port}/v1/findings?asOf=${new Date(THEN).toISOString()}`);
      expect(reply.status).toBe(200);
      return (await reply.json()) as FindingsReply;
    } finally {
      server.close();
      server.closeAllConnections();
    }
  };
  const command = async (...words: string[]) => (await collectorCommand(words, { DATABASE_URL: database.url, HCC_MEASURE_PORT: "0" })).code;

  /** The month in every form, made anew: what was sealed is put aside. The first form seals it again, and the others come from that seal. */
  const reports = async () => {
    const folder = temporaryFolder();
    const made: Record<string, string> = {};
    await store.db.query("DELETE FROM dossier");
    for (const format of reportFormats) {
      const file = join(folder, format);
      const words = ["report", "--province", "--month", MONTH, "--format", format, "--out", file];
      expect(await command(...words)).toBe(0);
      made[format] = (await readFile(file)).toString("base64");
    }
    return made;
  };

  it("the command and the API say the same, and whatever comes later neither they nor a report change by a byte", { timeout: 300_000 }, async () => {
    const asOf = ["findings", "--as-of", new Date(THEN).toISOString()];
    const before = await program(...asOf);
    const reply = FindingsReply.parse(await overHttp());
    expect(
      before
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(reply.findings);
    const stateOf = (id: string) => reply.findings.find(({ requirement }) => requirement === id)?.state;
    expect([stateOf("R01"), stateOf("R20"), stateOf("R21")]).toEqual(["pass", "pass", "fail"]);
    const month = await reports();

    await speedTest(NOW - 52 * DAY, NOW, 900, "backlog");
    await declared(NOW - 55 * DAY, NOW, false);
    await ticked(NOW - 52 * DAY, NOW, "due-dossiers");
    await importCentres(store.db, [{ ...centre, name: "Ia Grai mới", officers: 9 }], NOW, vietnamDay(NOW - 70 * DAY));
    const newer = { ...plan, version: plan.version + 1, effectiveFrom: "2025-07-26", requirements: plan.requirements.filter(({ id }) => id !== "R24") };
    await store.db.query(
      "INSERT INTO policy_version (policy_id, version, effective_from, body_sha256, body, recorded_at) VALUES ($1, $2, '2025-07-26', 'x', ($3::text)::jsonb, to_timestamp($4::float8 / 1000))",
      [newer.id, newer.version, JSON.stringify(newer), NOW],
    );
    collector = await started();
    await collector.judge.judge(1, "all", NOW + 1, false);
    expect((await store.db.query("SELECT 1 FROM finding WHERE requirement = 'R24'")).length).toBe(0);

    expect(await program(...asOf)).toBe(before);
    expect(FindingsReply.parse(await overHttp())).toEqual(reply);
    const again = await reports();
    for (const format of reportFormats) expect(again[format] === month[format], format).toBe(true);
  });

  it("a proof file is hashed by the command and stays where it is", { timeout: 60_000 }, async () => {
    const proof = join(temporaryFolder(), "bien-ban.pdf");
    await writeFile(proof, "biên bản");
    const hash = createHash("sha256").update("biên bản").digest("hex");
    const place = ["--centre", "ia-grai", "--requirement", "R20", "--proof", proof];
    expect(await command("attest", "add", ...place, "--item", "house-rules", "--holds", "yes", "--inspector", "--by", "Đoàn kiểm tra")).toBe(0);
    expect(await command("waiver", "add", ...place, "--reason", "x", "--document", "1", "--approver", "A", "--until", vietnamDay(NOW + 9 * DAY))).toBe(0);
    expect(
      await command(
        "waiver",
        "add",
        ...place.slice(0, 4),
        "--proof",
        `${proof}.none`,
        "--reason",
        "x",
        "--document",
        "1",
        "--approver",
        "A",
        "--until",
        vietnamDay(NOW),
      ),
    ).toBe(64);
    for (const table of ["attestation", "waiver"])
      expect(await store.db.query(`SELECT body ->> 'proofSha256' AS hash FROM ${table} WHERE body ? 'proofSha256'`)).toEqual([{ hash }]);
  });

  it("a waiver is refused a second time, withdrawn by the command once, and may then be filed again", { timeout: 60_000 }, async () => {
    const place = ["--centre", "ia-grai", "--requirement", "R05", "--reason", "x", "--document", "2", "--approver", "A", "--until", vietnamDay(NOW + 9 * DAY)];
    const [first, second] = [await command("waiver", "add", ...place), await command("waiver", "add", ...place)];
    const [row] = await store.db.query<{ id: string }>("SELECT id FROM waiver WHERE requirement = 'R05'");
    const withdraw = ["waiver", "withdraw", row?.id ?? "", "--reason", "nhầm trung tâm", "--by", "B"];
    expect([first, second, await command(...withdraw), await command(...withdraw), await command("waiver", "add", ...place)]).toEqual([0, 64, 0, 64, 0]);
    expect(await store.db.query("SELECT body #>> '{withdrawn,by}' AS by FROM waiver WHERE requirement = 'R05' ORDER BY 1")).toEqual([
      { by: "B" },
      { by: null },
    ]);
  });
});
