import { expect, it } from "vitest";
import { vietnamDayStartMs } from "#schemas/calendar.ts";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { createLog } from "../../collector/log.ts";
import { loadPolicy, sha256Of } from "../../collector/policy-files.ts";
import { recordPolicy } from "../../collector/store/policy-versions.ts";
import { putSetting } from "../../collector/store/settings.ts";
import { T0 } from "../support/batches.ts";
import { openTestDb } from "../support/test-database.ts";
import { atThisMachine } from "../support/this-machine.ts";

it("shows the next version of the policy from its midnight on, without a new start", async () => {
  const db = await openTestDb();
  const midnightMs = vietnamDayStartMs("2026-12-01");
  let nowMs = T0;
  const { policy } = loadPolicy("gia-lai-890", T0);
  const next = { ...policy, version: policy.version + 1, effectiveFrom: "2026-12-01", requirements: policy.requirements.slice(0, 5) };
  await recordPolicy(db, next, sha256Of(next), T0);
  const { app } = await createCollector({ config: readConfig({ HCC_LOG_LEVEL: "silent" }), store: { db }, clock: () => nowMs, log: createLog("silent") });
  const shown = async () => /gia-lai-890@\d+/.exec(await (await app.request("/", { headers: { host: "localhost" } }, atThisMachine)).text())?.[0];
  const before = await shown();
  nowMs = midnightMs - 1;
  expect([before, await shown()]).toEqual([`gia-lai-890@${policy.version}`, before]);
  nowMs = midnightMs;
  expect(await shown()).toBe(`gia-lai-890@${next.version}`);
  await db.close();
}, 120_000);

it("says to the views for Grafana which policy it judges by, also where another province's begins later", async () => {
  const db = await openTestDb();
  await putSetting(db, "policy", "tinh-khac");
  const { policy } = loadPolicy("gia-lai-890", T0);
  const other = { ...policy, id: "tinh-khac", version: 9, effectiveFrom: "2026-01-01", requirements: policy.requirements.slice(0, 5) };
  await recordPolicy(db, other, sha256Of(other), T0);
  const judgedBy = () => db.query("SELECT requirement FROM view_requirement");
  expect(await judgedBy()).toHaveLength(5);
  await createCollector({ config: readConfig({ HCC_LOG_LEVEL: "silent" }), store: { db }, clock: () => T0, log: createLog("silent") });
  expect(await judgedBy()).toHaveLength(policy.requirements.length);
  await db.close();
}, 120_000);
