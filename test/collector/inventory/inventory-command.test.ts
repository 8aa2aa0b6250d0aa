import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vietnamDay } from "#schemas/calendar.ts";
import { hashOfCode } from "../../../collector/auth/enrol-code.ts";
import { readConfig } from "../../../collector/config.ts";
import { enrolWithCode } from "../../../collector/store/agents.ts";
import { sitesToJudge } from "../../../collector/store/findings.ts";
import { writeParts } from "../../../collector/store/flush-part.ts";
import { foundPart } from "../../../collector/store/found-devices.ts";
import { openStore } from "../../../collector/store/open.ts";
import { applySiteVersions, sitesAsOf } from "../../../collector/store/site-versions.ts";
import { findSite, openSites } from "../../../collector/store/sites.ts";
import { collectorCommand } from "../../support/collector-command.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { type ServerDatabase, serverDatabase } from "../../support/test-database.ts";

const DAY_MS = 86_400_000;

describe.skipIf(!requirePeer("postgres"))("collector inventory", () => {
  let postgres: ServerDatabase;
  const folder = mkdtempSync(join(tmpdir(), "hcc-inventory-"));
  const path = (name: string) => join(folder, name);
  const environment = () => ({ DATABASE_URL: postgres.url, HCC_LANG: "en" });
  const config = () => readConfig(environment());
  const say = (...words: string[]) => collectorCommand(words, environment());

  beforeAll(async () => {
    postgres = await serverDatabase();
    const centres = ["ia-grai", "chu-pah"].map((code) => ({ code, name: code, devices: [{ id: "old", role: "kiosk" }] }));
    writeFileSync(path("centres.json"), JSON.stringify({ centres }));
    expect(await say("centre", "import", path("centres.json"))).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(async () => {
    await postgres?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("imports nothing of a file with a fault, and everything of one without; a dry run writes nothing", async () => {
    writeFileSync(path("bad.csv"), "centre,role,address,id\nia-grai,printer,10.0.0.20,p-1\nchu-pah,printer,10.0.0.999,p-1\n");
    expect(await say("inventory", "import", path("bad.csv"))).toMatchObject({ code: 64, err: expect.stringContaining("row 3, column “IP address”") });
    writeFileSync(path("good.csv"), "centre,role,address,id\nia-grai,printer,10.0.0.20,p-1\nia-grai,scanner,10.0.0.20,s-1\nia-grai,display,,d-1\n");
    const dry = await say("inventory", "import", path("good.csv"), "--dry-run");
    expect(dry).toMatchObject({ code: 0, out: expect.stringContaining("ia-grai: 3 devices (3 new, 0 changed, 1 removed)") });
    expect((await say("inventory", "list", "ia-grai")).out).toContain("Queue kiosk");
    expect(await say("inventory", "import", path("good.csv"))).toMatchObject({ code: 0, out: expect.stringContaining("imported 3 devices of 1 centres") });
    expect((await say("centre", "show", "chu-pah")).out).toContain('"old"');
  });

  it("what was imported is judged at the next tick, and exports to a file that changes nothing when it is imported again", async () => {
    const { db, close } = await openStore({ ...config(), connections: 1 });
    const site = await findSite(db, "ia-grai");
    expect(await sitesToJudge(db, Date.now(), 1_800_000, 10)).toContain(site?.siteId);
    await close();
    expect(await say("inventory", "export", path("all.xlsx"), "--centre", "ia-grai")).toMatchObject({ code: 0 });
    expect((await say("inventory", "import", path("all.xlsx"), "--dry-run")).out).toContain("ia-grai: 3 devices (0 new, 0 changed, 0 removed)");
  });

  it("keeps what only the other file says: devices of a centre that is told without any, and the papers of a recorder's repair", async () => {
    const serviced = [{ on: "2026-11-20", what: "Thay ổ cứng", document: "12/BB-VP" }];
    const centre = { code: "kon-dong", name: "Kon Dơng", officers: 4 };
    const told = async (more: object) => {
      writeFileSync(path("centre.json"), JSON.stringify({ centres: [{ ...centre, ...more }] }));
      return (await say("centre", "import", path("centre.json"))).out;
    };
    await told({ devices: [{ id: "nvr-1", role: "recorder", address: "10.0.0.40", serviced }] });
    writeFileSync(path("nvr.csv"), "centre,role,address,id\nkon-dong,recorder,10.0.0.41,nvr-1\nkon-dong,printer,10.0.0.42,p-1\n");
    await say("inventory", "import", path("nvr.csv"));
    expect(await told({ officers: 5 })).toBe("kon-dong: Officers: 4 → 5\n0 added, 1 changed, 0 unchanged");
    expect(JSON.parse((await say("centre", "show", "kon-dong")).out)).toMatchObject({
      officers: 5,
      devices: [{ id: "nvr-1", address: "10.0.0.41", serviced }, { id: "p-1" }],
    });
    await told({ devices: [] });
    expect(JSON.parse((await say("centre", "show", "kon-dong")).out)).toMatchObject({ devices: [] });
  });

  it("a list of devices may count from a later day, and a day that is none is refused", async () => {
    const day = vietnamDay(Date.now() + 3 * DAY_MS);
    writeFileSync(path("later.csv"), "centre,role,id\nchu-pah,printer,later\n");
    expect(await say("inventory", "import", path("later.csv"), "--from", "3/12")).toMatchObject({ code: 64, err: expect.stringContaining("--from") });
    expect(await say("inventory", "import", path("later.csv"), "--from", day)).toMatchObject({
      code: 0,
      out: expect.stringContaining("(1 new, 0 changed, 1 removed)"),
    });
    const { db, close } = await openStore({ ...config(), connections: 1 });
    const ids = async (on: string) => (await sitesAsOf(db, on, Date.now())).find(({ centre }) => centre.code === "chu-pah")?.centre.devices.map(({ id }) => id);
    expect([await ids(vietnamDay(Date.now())), await ids(day)]).toEqual([["old"], ["later"]]);
    await close();
  });

  it("a list of centres for a later day, or for an earlier one, undoes no list of devices of another day", async () => {
    const day = (ahead: number) => vietnamDay(Date.now() + ahead * DAY_MS);
    const told = async (more: object, from: string) => {
      writeFileSync(path("staff.json"), JSON.stringify({ centres: [{ code: "dak-doa", name: "Đak Đoa", ...more }] }));
      expect(await say("centre", "import", path("staff.json"), "--from", from)).toMatchObject({ code: 0, out: expect.stringContaining("0 unchanged") });
    };
    const devices = async (...ids: string[]) => {
      writeFileSync(path("devices.csv"), `centre,role,id\n${ids.map((id) => `dak-doa,printer,${id}\n`).join("")}`);
      expect(await say("inventory", "import", path("devices.csv"))).toMatchObject({ code: 0 });
    };
    await told({ devices: [{ id: "p-1", role: "printer" }] }, day(-9));
    await told({ officers: 9 }, day(5));
    await devices("p-1", "p-2");
    await told({ officers: 3 }, day(-4));
    await devices("p-2", "p-3");
    const { db, close } = await openStore({ ...config(), connections: 1 });
    const on = async (ahead: number) => {
      const found = (await sitesAsOf(db, day(ahead), Date.now())).find(({ centre: { code } }) => code === "dak-doa");
      return [found?.centre.officers, ...(found?.centre.devices.map(({ id }) => id) ?? [])];
    };
    expect([await on(-6), await on(-3), await on(0), await on(5)]).toEqual([
      [undefined, "p-1"],
      [3, "p-1"],
      [undefined, "p-2", "p-3"],
      [9, "p-2", "p-3"],
    ]);
    await applySiteVersions(db, day(5), Date.now());
    expect((await findSite(db, "dak-doa"))?.centre).toMatchObject({ officers: 9, devices: [{ id: "p-2" }, { id: "p-3" }] });
    await close();
  });

  it("takes a table of centres: a dry run writes nothing, devices stay, and the export changes nothing when it is imported again", async () => {
    const shown = async () => JSON.parse((await say("centre", "show", "ia-pa")).out);
    const devices = [{ id: "p-1", role: "printer" }];
    const centre = { code: "ia-pa", name: "Ia Pa", officers: 4, isp: "VNPT", contractNumber: "00123", keyArea: false };
    writeFileSync(path("ia-pa.json"), JSON.stringify({ centres: [{ ...centre, devices }] }));
    expect((await say("centre", "import", path("ia-pa.json"), "--dry-run")).out).toContain("ia-pa: new, Ia Pa\ndry run: 1 added, 0 changed, 0 unchanged");
    expect(await say("centre", "show", "ia-pa")).toMatchObject({ code: 64 });
    await say("centre", "import", path("ia-pa.json"));
    writeFileSync(path("staff.csv"), "Mã trung tâm;Số cán bộ;Tên trung tâm\nia-pa;6;Ia Pa\nia-moi;3;Ia Mới\n");
    const wanted = "ia-pa: Officers: 4 → 6\nia-moi: new, Ia Mới\n";
    expect((await say("centre", "import", path("staff.csv"), "--dry-run")).out).toBe(`${wanted}dry run: 1 added, 1 changed, 0 unchanged; nothing was written`);
    expect(await shown()).toEqual({ ...centre, devices });
    expect((await say("centre", "import", path("staff.csv"))).out).toBe(`${wanted}1 added, 1 changed, 0 unchanged`);
    expect(await shown()).toEqual({ ...centre, officers: 6, devices });
    for (const name of ["all.xlsx", "all.csv"]) {
      expect((await say("centre", "export", path(name))).out).toMatch(/^wrote \d+ centres to /);
      expect((await say("centre", "import", path(name))).out).toMatch(/^0 added, 0 changed, \d+ unchanged$/);
    }
    writeFileSync(path("empty.csv"), "code,isp\nia-pa,\nia-moi,VNPT\n");
    expect(await say("centre", "import", path("empty.csv"))).toMatchObject({
      code: 64,
      err: expect.stringContaining("1 faults, nothing was imported:\nrow 2, column"),
    });
    expect((await say("centre", "show", "ia-moi")).out).not.toContain("VNPT");
    expect((await say("centre", "import", path("empty.csv"), "--clear")).out).toContain("ia-pa: Internet provider taken away (VNPT)");
    expect(await shown()).not.toHaveProperty("isp");
  });

  it("a table keeps what is declared for the day from which it counts", async () => {
    const ahead = vietnamDay(Date.now() + 5 * DAY_MS);
    writeFileSync(path("ahead.json"), JSON.stringify({ centres: [{ code: "ia-moi", name: "Ia Mới", officers: 9, isp: "FPT" }] }));
    await say("centre", "import", path("ahead.json"), "--from", ahead);
    writeFileSync(path("isp.csv"), "code,isp\nia-moi,Viettel\n");
    expect((await say("centre", "import", path("isp.csv"), "--from", ahead)).out).toContain("ia-moi: Internet provider: FPT → Viettel");
    const { db, close } = await openStore({ ...config(), connections: 1 });
    const then = (await sitesAsOf(db, ahead, Date.now())).find(({ centre: { code } }) => code === "ia-moi");
    await close();
    expect(then?.centre).toMatchObject({ officers: 9, isp: "Viettel" });
    expect((await say("centre", "import", path("isp.csv"), "--from", "2026-01-05")).out).toContain("0 added, 1 changed, 0 unchanged");
  });

  it("says of a code that is not given why, and what helps", async () => {
    expect((await say("enrol-code", "nowhere")).err).toBe("there is no centre “nowhere”; see “centre list”");
    for (const words of [[], ["chu-pah", "--all"]])
      expect(await say("enrol-code", ...words)).toMatchObject({ code: 64, err: expect.stringContaining("or --all") });
    for (let open = 0; open < 3; open++) await say("enrol-code", "chu-pah");
    expect(await say("enrol-code", "chu-pah")).toMatchObject({
      code: 64,
      err: expect.stringContaining("3 open codes already: use one of them, or end them"),
    });
  });

  it("makes a code anew for a centre whose codes were lost, and ends those", async () => {
    const lost: string[] = [];
    for (let open = 0; open < 3; open++) lost.push((await say("enrol-code", "ia-grai")).out);
    const { code, out, err } = await say("enrol-code", "ia-grai", "--anew");
    expect([code, err]).toEqual([0, expect.stringMatching(/hcc-agent enrol --collector http:\/\/localhost:8890 .*until \d/)]);
    expect(err).toContain("HCC_PUBLIC_URL");
    expect(hashOfCode(out)).toBeDefined();
    const { db, close } = await openStore({ ...config(), connections: 1 });
    const enrol = (word: string, id: string) =>
      enrolWithCode(db, hashOfCode(word) ?? "", { agentId: id, publicKey: id, hostName: undefined, version: "1" }, Date.now());
    for (const word of lost) expect(await enrol(word, "agt-lost")).toBeUndefined();
    expect(await enrol(out, "agt-ia-grai")).toMatchObject({ centre: "ia-grai" });
    await close();
  });

  it("makes codes for all open centres that have neither a gateway PC nor a code, and anew for those as well of which the codes were lost", async () => {
    const { db, close } = await openStore({ ...config(), connections: 1 });
    const openCodes = async () =>
      (await db.query<{ count: number }>("SELECT count(*)::int AS count FROM enrol_code WHERE used_at IS NULL AND expires_at > now()"))[0]?.count;
    const made = async (...more: string[]) => {
      const { code, out, err } = await say("enrol-code", "--all", ...more);
      const [head, ...rows] = out.replace("\ufeff", "").split("\r\n");
      expect([code, head]).toEqual([0, "Centre code,Centre name,Reception point,Enrolment code"]);
      return { codes: rows.map((row) => row.split(",")), err };
    };
    // ia-grai has its PC, chu-pah as many codes as it may.
    const lacking = (await openSites(db, vietnamDay(Date.now()))).map(({ centre }) => centre.code).filter((centre) => centre !== "ia-grai");
    const first = await made();
    expect(first.codes.map(([centre]) => centre)).toEqual(lacking.filter((centre) => centre !== "chu-pah"));
    expect(first.err).toContain("1 other places have a code that nobody has used");
    expect(await made()).toEqual({ codes: [], err: expect.not.stringContaining("hcc-agent enrol") });
    const { codes, err } = await made("--anew");
    expect([codes.map(([centre]) => centre), err]).toEqual([lacking, expect.stringMatching(/hcc-agent enrol --collector .*Each counts once/)]);
    for (const [, , , code = ""] of codes) expect(hashOfCode(code)).toMatch(/^[0-9a-f]{64}$/);
    expect(await openCodes()).toBe(codes.length);
    await close();
  });

  it("lists the ledger, what needs a person first, and as JSON", async () => {
    const { db, close } = await openStore({ ...config(), connections: 1 });
    const { siteId = 0 } = (await findSite(db, "ia-grai")) ?? {};
    const day = new Date().toISOString().slice(0, 10);
    const found = (address: string, more: object = {}) => ({
      siteId,
      day,
      found: { identity: `hash aaaaaaaa ${address}`, roles: ["printer" as const], address, ...more },
    });
    await writeParts(db, [foundPart([found("10.0.0.20", { device: "p-1", serial: "X1" }), found("10.0.0.77", { vendor: "Epson" })])]);
    await close();
    const { out } = await say("inventory", "list", "ia-grai");
    expect(out.split("\n").map((line) => line.split("\t").slice(0, 3).join(" "))).toEqual([
      "Not declared Printer 10.0.0.77",
      "On paper only Queue display d-1",
      "Matched Printer p-1",
      "Matched Scanner s-1",
    ]);
    expect(JSON.parse((await say("inventory", "list", "ia-grai", "--json")).out)).toMatchObject({
      centre: "ia-grai",
      devices: [{ state: "extra" }, {}, { found: { serial: "X1" } }, {}],
    });
  });

  it.each([
    ["a centre that there is not", ["list", "nowhere"], "nowhere"],
    ["a file that is not there", ["import", "/no/such.csv"], "/no/such.csv"],
    ["a file that cannot be written", ["export", "/no/such/folder/x.csv"], "/no/such/folder/x.csv"],
  ])("answers 64 and names what is wrong: %s", async (_, words, named) => {
    const { code, err } = await say("inventory", ...words);
    expect(code).toBe(64);
    expect(err).toContain(named);
  });
});
