import { afterAll, beforeAll, expect, it } from "vitest";
import { defaultLeaseRules } from "../../../collector/lease/lease-rules.ts";
import type { LeaseStore } from "../../../collector/lease/lease-store.ts";
import { memoryLeaseStore } from "../../../collector/lease/memory-lease-store.ts";
import { type GrantedLease, lineName, type SlotState, turnOf } from "../../../collector/lease/slots.ts";
import { leaseStore } from "../../../collector/store/lease-store.ts";
import { T0 } from "../../support/batches.ts";
import { openTestDb, type TestDb } from "../../support/test-database.ts";

const HOUR_MS = 3_600_000;
const asker = { agent: "agt-0123456789abcdef", site: "ia-grai", isp: "vnpt" };
let db: TestDb;
beforeAll(async () => {
  db = await openTestDb();
  await db.script("INSERT INTO site (centre_code, name, changed_at) VALUES ('ia-grai', 'A', now()), ('chu-se', 'B', now()), ('chu-pah', 'C', now())");
}, 180_000);
afterAll(() => db?.close());

/** What the store shows at an hour; `lease` is granted then. */
async function shown(store: LeaseStore, hour: number, lease?: Partial<GrantedLease>, site = asker.site): Promise<SlotState> {
  const nowMs = T0 + hour * HOUR_MS;
  let state: SlotState | undefined;
  const question = { asker: { ...asker, site }, server: "a", nowMs, monthStartMs: T0, usualBytes: { short: 80e6, fullLength: 250e6 } };
  await store.grant(question, (found): GrantedLease | undefined => {
    state = found;
    return lease && { ...asker, site, id: "", server: "a", grantedMs: nowMs, expiresMs: nowMs + 20_000, bytesMax: 4e8, ...lease };
  });
  if (!state) throw new Error("nothing was decided");
  return state;
}

it.each([
  ["in memory", () => memoryLeaseStore()],
  ["in the database", () => leaseStore(db)],
])("leases %s tell full-length tests from short ones", async (_name, open) => {
  const store = open();
  expect(await shown(store, 0, { id: "1" })).toMatchObject({ lastGrantMs: undefined, fullSinceMs: undefined, monthBytes: 0 });
  await store.giveBack("1", asker.agent, 70e6, T0 + 5_000);
  // Until the first full-length one, since the first of all.
  expect(await shown(store, 10, { id: "2", passMs: 8_000 })).toMatchObject({ fullSinceMs: T0, monthBytes: 70e6 });
  // Never handed back: it counts as what such a test usually takes.
  expect(await shown(store, 20, { id: "3", passMs: 8_000 })).toMatchObject({ fullSinceMs: T0 + 10 * HOUR_MS, fullBytes: undefined, monthBytes: 320e6 });
  await store.giveBack("3", asker.agent, 0, T0 + 20 * HOUR_MS + 5_000);
  // One that was handed back unused was none.
  expect(await shown(store, 30, { id: "4" })).toMatchObject({
    lastGrantMs: T0 + 10 * HOUR_MS,
    lastServer: "a",
    fullSinceMs: T0 + 10 * HOUR_MS,
    monthBytes: 320e6,
  });
  expect(await shown(store, 40, { id: "5", passMs: 8_000 })).toMatchObject({ fullSinceMs: T0 + 10 * HOUR_MS, fullBytes: undefined, monthBytes: 400e6 });
  await store.giveBack("5", asker.agent, 231e6, T0 + 40 * HOUR_MS + 12_000);
  expect(await shown(store, 50)).toMatchObject({ fullSinceMs: T0 + 40 * HOUR_MS, fullBytes: 231e6, monthBytes: 631e6 });
});

it("leases of before full-length tests are no first test: else all sites of a province took theirs in the same evening", async () => {
  await db.script(`INSERT INTO lease (site_id, lease_id, agent_id, server, granted_at, expires_at, bytes_max, used_bytes)
    SELECT site_id, 'old', 'agt-old', 'a', to_timestamp(${T0 / 1000}), to_timestamp(${T0 / 1000}), 1, 1 FROM site WHERE centre_code = 'chu-se'`);
  expect(await shown(leaseStore(db), 10, { id: "6" }, "chu-se")).toMatchObject({ lastGrantMs: T0, fullSinceMs: undefined });
  expect(await shown(leaseStore(db), 20, undefined, "chu-se")).toMatchObject({ fullSinceMs: T0 + 10 * HOUR_MS });
});

it("the lines of two reception points take turns and use data each for itself", async () => {
  const elsewhere = { agent: "agt-fedcba9876543210", site: "chu-pah/ia-ly" };
  await db.query(
    "INSERT INTO agent (site_id, agent_id, public_key, enrolled_at, point) SELECT site_id, $1, 'k', now(), 'ia-ly' FROM site WHERE centre_code = 'chu-pah'",
    [elsewhere.agent],
  );
  const store = leaseStore(db);
  await shown(store, 0, { id: "main-1" }, "chu-pah");
  expect(await shown(store, 1, { id: "ia-ly-1", ...elsewhere }, elsewhere.site)).toMatchObject({ lastGrantMs: undefined, monthBytes: 0 });
  expect(await shown(store, 2, undefined, elsewhere.site)).toMatchObject({ lastGrantMs: T0 + HOUR_MS, monthBytes: 80e6 });
  expect(await shown(store, 2, undefined, "chu-pah")).toMatchObject({ lastGrantMs: T0, monthBytes: 80e6 });
  expect(turnOf("chu-pah", defaultLeaseRules, T0)).not.toEqual(turnOf(lineName("chu-pah", "ia-ly"), defaultLeaseRules, T0));
  expect(lineName("chu-pah", "main")).toBe("chu-pah");
});
