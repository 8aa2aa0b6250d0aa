import { beforeEach, expect, test } from "vitest";
import { sharedProvince } from "../../../collector/web/shared-province.ts";
import { samplePolicy } from "../../support/sample-policy.ts";
import { sampleNowMs, sampleStore } from "../../support/sample-province.ts";

let revision: string;
let read: number;
let asked: ReturnType<typeof sharedProvince>;
const store = {
  revision: async () => revision,
  province: (since: string, today: string) => {
    read++;
    return sampleStore.province(since, today);
  },
};
beforeEach(() => {
  revision = "1";
  read = 0;
  asked = sharedProvince(store, samplePolicy);
});

test("ten people who look at once share what is made, in both languages", async () => {
  const views = await Promise.all(Array.from({ length: 10 }, (_, at) => asked(at % 2 === 0 ? "vi" : "en", sampleNowMs)));
  expect(read).toBe(1);
  expect(new Set(views).size).toBe(2);
  expect(await asked("vi", sampleNowMs + 2_900)).toBe(views[0]);
});

test("what each makes of it leaves turns to whatever else waits", async () => {
  let turns = 0;
  const waiting = setInterval(() => turns++, 0);
  const seen = await Promise.all(
    Array.from({ length: 10 }, async () => {
      await asked("vi", sampleNowMs);
      const before = turns;
      // As long as a page takes.
      for (const startMs = performance.now(); performance.now() - startMs < 3; );
      return before;
    }),
  );
  clearInterval(waiting);
  expect(new Set(seen).size).toBeGreaterThan(5);
});

test.each<[string, () => void, number]>([
  ["findings or waivers have changed", () => (revision = "2"), 10],
  ["it is three seconds old", () => undefined, 3_000],
])("is made anew when %s", async (_, change, afterMs) => {
  const before = await asked("vi", sampleNowMs);
  change();
  expect(await asked("vi", sampleNowMs + afterMs)).not.toBe(before);
  expect(read).toBe(2);
});

test("on another day the waivers of that day are in force", async () => {
  const midnight = Date.parse("2026-11-28T00:00:00+07:00");
  await asked("vi", midnight - 1);
  await asked("vi", midnight);
  expect(read).toBe(2);
});

test("what is being read for an older revision does not serve a newer one", async () => {
  const older = asked("vi", sampleNowMs);
  await Promise.resolve();
  revision = "2";
  const newer = asked("vi", sampleNowMs);
  expect(await newer).not.toBe(await older);
});

test("a database that failed is asked again", async () => {
  let fails = true;
  const ailing = { ...store, province: async (since: string, today: string) => (fails ? Promise.reject(new Error("gone")) : store.province(since, today)) };
  const shared = sharedProvince(ailing, samplePolicy);
  await expect(shared("vi", sampleNowMs)).rejects.toThrow("gone");
  fails = false;
  expect((await shared("vi", sampleNowMs)).standings).toHaveLength(12);
});
