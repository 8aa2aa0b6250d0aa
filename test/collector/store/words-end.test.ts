import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Attestation, Waiver } from "#schemas/attestation.ts";
import { oldestPastMs, pastFindings } from "../../../collector/jobs/past-findings.ts";
import { createUpkeep } from "../../../collector/jobs/upkeep.ts";
import { addAttestations, forgetAttestationsEndedBefore } from "../../../collector/store/attestations.ts";
import { dutiesSince } from "../../../collector/store/duties.ts";
import { knownMigrations, migrate } from "../../../collector/store/migrate.ts";
import { Partitions } from "../../../collector/store/partitions.ts";
import { longestValidDays, recordPolicy } from "../../../collector/store/policy-versions.ts";
import { importCentres } from "../../../collector/store/sites.ts";
import { addWaivers, withdrawWaiver } from "../../../collector/store/waivers.ts";
import { calendar, plan } from "../../support/facts.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const vn = (local: string) => Date.parse(`${local}+07:00`);
const nowMs = vn("2030-11-30T12:00:00");
/** The last days of words that are past their time on that day, and that are not. */
const [gone, kept] = ["2028-10-31", "2028-11-01"];
const word = (id: string, at: string, requirement = "R20"): Attestation => {
  const item = plan.requirements.find((one) => one.id === requirement)?.rule;
  const items = item?.kind === "attested" ? item.items.map((one) => one.id) : [];
  return { id, centre: "xa-01", requirement, ...(items[0] && { item: items[0] }), holds: true, by: "Nguyễn Văn A", inspector: true, at };
};
const waiver = (id: string, until: string): Waiver => {
  return { id, centre: "xa-01", requirement: "R01", reason: "sửa nhà", document: id, approver: "Trần Thị B", from: "2028-06-01", until };
};

let db: TestDb;
beforeEach(async () => {
  db = await openTestDb();
  await migrate(db, nowMs);
  await recordPolicy(db, plan, "sum", vn("2026-01-01T00:00:00"));
  await importCentres(db, [{ code: "xa-01", name: "Xã Một", keyArea: true, officers: 2, devices: [] }], vn("2026-01-01T00:00:00"), "2026-01-01");
}, 240_000);
afterEach(() => db?.close());

const keep = (isTrusted = true) => createUpkeep(db, new Partitions(db), { clock: { look: async () => isTrusted }, auditMonths: 12 })(nowMs);
const ids = async (table: "attestation" | "waiver") => (await db.query<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => id);
/** The last instant at which something was said that holds to the end of a day, for as many days as words of R20 do. */
const saidFor = async (lastDay: string) => {
  const days = (await longestValidDays(db)).get("R20") ?? 0;
  return new Date(vn(`${lastDay}T23:59:59`) - days * 86_400_000).toISOString();
};

describe("declarations and waivers", () => {
  it("go 24 whole months after they ended, to the day, by a trusted clock alone", async () => {
    await addAttestations(db, [word("a-gone", await saidFor(gone)), word("a-kept", await saidFor(kept))], vn("2028-01-01T00:00:00"));
    await addWaivers(db, [waiver("w-gone", gone), waiver("w-kept", kept)], vn("2028-06-01T00:00:00"));
    await keep(false);
    expect([await ids("attestation"), await ids("waiver")]).toEqual([
      ["a-gone", "a-kept"],
      ["w-gone", "w-kept"],
    ]);
    await keep();
    expect([await ids("attestation"), await ids("waiver")]).toEqual([["a-kept"], ["w-kept"]]);
  });

  it("a waiver that was withdrawn stays known until its own last day is past its time: its file would bring it back", async () => {
    await addWaivers(db, [waiver("w-1", kept)], vn("2028-06-01T00:00:00"));
    await withdrawWaiver(db, "w-1", "2028-06-02", { at: "2028-06-02T01:00:00Z", by: "Lê Văn C", reason: "nhầm" });
    await keep();
    expect(await addWaivers(db, [waiver("w-1", kept)], nowMs)).toEqual(["waiverWithdrawn"]);
  });

  it("go by the rule that let them hold longest, also where a later version asks for less or for nothing", async () => {
    const shorter = plan.requirements
      .filter(({ id }) => id !== "R21")
      .map((one) => (one.rule.kind === "attested" ? { ...one, rule: { ...one.rule, validDays: 30 } } : one));
    const before = await longestValidDays(db);
    await recordPolicy(db, { ...plan, version: plan.version + 1, requirements: shorter }, "sum 2", nowMs);
    expect(await longestValidDays(db)).toEqual(before);

    const longest = Math.max(...before.values());
    const at = (days: number) => new Date(vn("2028-11-01T00:00:00") - days * 86_400_000).toISOString();
    const strange = { ...word("strange", at(longest), "R20"), requirement: "R98" };
    await addAttestations(db, [strange, { ...strange, id: "strange-old", at: at(longest + 1) }], nowMs);
    await forgetAttestationsEndedBefore(db, kept, new Map());
    expect(await ids("attestation")).toHaveLength(2);
    await keep();
    expect(await ids("attestation")).toEqual(["strange"]);
  });

  it("leave each past instant that may be asked for with the answer that it had: a pass with its words, an expired word as one that was never said", async () => {
    const past = oldestPastMs(nowMs);
    const items = plan.requirements.flatMap(({ id, rule }) => (rule.kind === "attested" ? rule.items.map((item) => ({ requirement: id, item: item.id })) : []));
    const said = (at: string, of: readonly string[]) =>
      items
        .filter(({ requirement }) => of.includes(requirement))
        .map(({ requirement, item }) => ({ ...word(`${requirement}-${item}`, at), requirement, item }));
    await addAttestations(db, said("2026-02-01T01:00:00Z", ["R20"]), vn("2026-02-01T08:00:00"));
    await addAttestations(db, said(new Date(past - 86_400_000).toISOString(), ["R19"]), past - 86_400_000);
    const asked = async () => {
      const found = await pastFindings(db, { policy: plan, calendar }, { atMs: past, knownMs: past });
      return found.filter(({ requirement }) => ["R19", "R20"].includes(requirement));
    };
    const before = await asked();
    expect(before.map(({ state, reason }) => `${state} ${reason}`)).toEqual(["pass inspected", "unknown not_attested"]);
    await keep();
    expect((await ids("attestation")).every((id) => id.startsWith("R19-"))).toBe(true);
    expect(await asked()).toEqual(before);
  });
});

it("findings that an older program judged lose the name of who declared, and nothing else", async () => {
  const file = (await knownMigrations()).find(({ name }) => name === "0057_names_end.sql");
  const bodies = [{ state: "pass", declared: { value: 250, by: "Nguyễn Văn A", at: "2026-01-01", inspected: false } }, { state: "fail" }];
  for (const [place, body] of bodies.entries()) {
    const values = [`R0${place}`, JSON.stringify(body)];
    await db.query(
      "INSERT INTO finding (site_id, requirement, state, reason, since, evaluated_at, body) VALUES (1, $1, 'pass', '', now(), now(), ($2::text)::jsonb)",
      values,
    );
    await db.query("INSERT INTO finding_revision (site_id, requirement, state, reason, at, body) VALUES (1, $1, 'pass', '', now(), ($2::text)::jsonb)", values);
  }
  await db.script(file?.statements ?? "");
  for (const table of ["finding", "finding_revision"])
    expect(await db.query(`SELECT body FROM ${table} ORDER BY requirement`), table).toEqual([
      { body: { state: "pass", declared: { value: 250, at: "2026-01-01", inspected: false } } },
      { body: { state: "fail" } },
    ]);
});

describe("names in what stays", () => {
  const record = (id: string, recorded: string) => {
    const body = { id, centre: "xa-01", requirement: "R21", duty: "opening-round", turn: "2028-10-31", state: "done", by: "Nguyễn Văn A", at: recorded };
    return db.query(
      "INSERT INTO duty_record SELECT site_id, $1, 'R21', 'opening-round', '2028-10-31', ($2::text)::timestamptz, ($3::text)::jsonb, ($2::text)::timestamptz FROM site",
      [id, recorded, JSON.stringify(body)],
    );
  };
  const problem = (subject: string, closed: string | null) =>
    db.query(
      `INSERT INTO incident (site_id, requirement, subject, state, began_at, closed_at, body)
       VALUES (1, 'R05', $1, CASE WHEN $2::text IS NULL THEN 'acknowledged' ELSE 'closed' END, now(), ($2::text)::timestamptz, '{"told": [], "level": 0, "acknowledgedBy": "Trần Thị B"}')`,
      [subject, closed],
    );
  const work = (id: string, until: string) =>
    db.query("INSERT INTO maintenance VALUES ($1, '2028-01-01', ($2::text)::date, ($3::text)::jsonb, now())", [
      id,
      until,
      JSON.stringify({ id, mode: "mute", from: "2028-01-01", until, reason: "sửa nhà", person: "Lê Văn C" }),
    ]);
  const named = async () => [
    await db.query("SELECT id, body ->> 'by' AS who FROM duty_record ORDER BY id"),
    await db.query("SELECT subject AS id, body ->> 'acknowledgedBy' AS who FROM incident ORDER BY subject"),
    await db.query("SELECT id, body ->> 'person' AS who FROM maintenance ORDER BY id"),
  ];
  const [lastGone, firstKept] = [`${gone}T23:59:59+07:00`, `${kept}T00:00:00+07:00`];

  it("go 24 whole months after it ended, by a trusted clock alone, and nothing else of it does", async () => {
    for (const [id, at] of [
      ["a-gone", lastGone],
      ["b-kept", firstKept],
    ] as const) {
      await record(id, at);
      await problem(id, at);
      await work(id, at.slice(0, 10));
    }
    await problem("c-stands", null);
    const before = await named();
    await keep(false);
    expect(await named()).toEqual(before);
    await keep();
    const [duties, problems, windows] = await named();
    const rows = (who: string) => [
      { id: "a-gone", who: null },
      { id: "b-kept", who },
    ];
    expect(duties).toEqual(rows("Nguyễn Văn A"));
    expect(problems).toEqual([...rows("Trần Thị B"), { id: "c-stands", who: "Trần Thị B" }]);
    expect(windows).toEqual(rows("Lê Văn C"));
    const [site] = await db.query<{ id: number }>("SELECT site_id AS id FROM site");
    expect(await dutiesSince(db, site?.id ?? 0, "2028-01-01", { atMs: nowMs })).toMatchObject([
      { id: "b-kept", by: "Nguyễn Văn A" },
      { id: "a-gone", duty: "opening-round", turn: "2028-10-31", state: "done", at: lastGone },
    ]);
  });

  it("and addresses go from a problem as the names do, how many there were stays, and a storm that stands keeps those that hear of its end", async () => {
    const told = (subject: string, closed: string | null, more: object) =>
      db.query(
        `INSERT INTO incident (site_id, requirement, subject, state, began_at, closed_at, body)
         VALUES (1, 'R05', $1, CASE WHEN $2::text IS NULL THEN 'open' ELSE 'closed' END, now(), ($2::text)::timestamptz, ($3::text)::jsonb)`,
        [subject, closed, JSON.stringify({ told: ["email an@example.gov.vn", "email binh@example.gov.vn"], level: 1, ...more })],
      );
    await told("a-gone", lastGone, { storm: "storm-1", stormOver: true });
    await told("b-kept", firstKept, {});
    await told("c-stands", null, {});
    await told("d-storm", lastGone, { storm: "storm-2" });
    await keep();
    const both = ["email an@example.gov.vn", "email binh@example.gov.vn"];
    expect(await db.query("SELECT subject AS id, body -> 'told' AS told FROM incident ORDER BY subject")).toEqual([
      { id: "a-gone", told: ["", ""] },
      { id: "b-kept", told: both },
      { id: "c-stands", told: both },
      { id: "d-storm", told: both },
    ]);
    expect(await db.query("SELECT body FROM incident WHERE subject = 'a-gone'")).toEqual([
      { body: { told: ["", ""], level: 1, storm: "storm-1", stormOver: true } },
    ]);
  });

  it("letters go with their addresses 24 whole months after they were written, but not one that waits to be sent", async () => {
    const letter = (key: string, at: string, state: string) =>
      db.query(
        `INSERT INTO outbox (dedup_key, channel, recipient, body, created_at, next_try_at, state)
         VALUES ($1, 'email', 'an@example.gov.vn', '{"kind": "opened"}', ($2::text)::timestamptz, ($2::text)::timestamptz, $3)`,
        [key, at, state],
      );
    for (const state of ["sent", "dead", "merged", "withdrawn", "waiting", "held"]) {
      await letter(`a-${state}`, lastGone, state);
      await letter(`b-${state}`, firstKept, state);
    }
    const keys = async () => (await db.query<{ key: string }>("SELECT dedup_key AS key FROM outbox ORDER BY dedup_key")).map(({ key }) => key);
    await keep(false);
    expect(await keys()).toHaveLength(12);
    await keep();
    expect(await keys()).toEqual(["a-held", "a-waiting", "b-dead", "b-held", "b-merged", "b-sent", "b-waiting", "b-withdrawn"]);
  });

  it("go once a month: the tables are not searched at each upkeep", async () => {
    await keep();
    await record("late", lastGone);
    await keep();
    expect((await named())[0]).toEqual([{ id: "late", who: "Nguyễn Văn A" }]);
    await createUpkeep(db, new Partitions(db), { clock: { look: async () => true }, auditMonths: 12 })(vn("2030-12-01T00:00:00"));
    expect((await named())[0]).toEqual([{ id: "late", who: null }]);
  });

  it("are all that can be taken out of a record of a duty", async () => {
    await record("a", firstKept);
    for (const change of ["body = body - 'state'", "body = body - 'by' || '{\"state\": \"skipped\"}'", "body = body - 'by', turn = '2028-10-30'"])
      await expect(db.query(`UPDATE duty_record SET ${change}`), change).rejects.toThrow("only added to");
    await expect(db.query("DELETE FROM duty_record")).rejects.toThrow("only added to");
  });
});
