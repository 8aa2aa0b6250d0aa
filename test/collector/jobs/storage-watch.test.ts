import { expect, it } from "vitest";
import { StorageFull, StorageWatch } from "../../../collector/jobs/storage-watch.ts";
import type { Log } from "../../../collector/log.ts";
import { bareApp } from "../../support/bare-app.ts";

const GB = 1e9;
const full = () => Promise.reject(Object.assign(new Error('could not extend file "base/5/1": No space left on device'), { code: "53100" }));

/** A watch over one disk, whose free room and clock the test sets. */
function watched(freeBytes: number | undefined, bytes = 100 * GB) {
  const said: string[] = [];
  const say = (level: string) => (sentence: string) => void said.push(`${level}: ${sentence}`);
  const state = { freeBytes, nowMs: 0 };
  const watch = new StorageWatch({
    folders: ["/srv/db"],
    log: { error: say("error"), warn: say("warn"), info: say("info") } as unknown as Log,
    nowMs: () => state.nowMs,
    disks: async () => (state.freeBytes === undefined ? [] : [{ folder: "/srv/db", freeBytes: state.freeBytes, bytes }]),
  });
  return { watch, said, state };
}

it.each([
  ["half of it is free", 50 * GB, "room"],
  ["a large disk is not low while there is room for a year", 21 * GB, "room"],
  ["less than a tenth is free", 9 * GB, "low"],
  ["no room for another file of the log", 30e6, "full"],
  ["the database stands on another machine", undefined, "room"],
] as const)("%s", async (_, freeBytes, expected) => {
  const { watch } = watched(freeBytes, freeBytes === 21 * GB ? 500 * GB : 100 * GB);
  await watch.look();
  expect(watch.state()).toBe(expected);
});

it("says which disk is full, how much is free and what to do, once for all requests, and when it is over", async () => {
  const { watch, said, state } = watched(4e6);
  for (let request = 0; request < 100; request++) await expect(watch.writing(full)).rejects.toThrow(StorageFull);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/^error: The disk of the database is full \(4 MB of 100000 MB free at \/srv\/db; PostgreSQL: could not extend file/);
  state.nowMs += 20 * 60_000;
  await watch.look();
  expect(said).toHaveLength(2);
  state.freeBytes = 60 * GB;
  await watch.writing(async () => 1);
  await watch.look();
  expect(said.at(-1)).toBe("info: The database has room again (60000 MB of 100000 MB free at /srv/db).");
});

it("a write that fails for another reason stays what it was", async () => {
  const { watch, said } = watched(undefined);
  await expect(watch.writing(() => Promise.reject(new Error("away")))).rejects.toThrow("away");
  expect([watch.state(), said]).toEqual(["room", []]);
});

it("a full disk elsewhere is known from what the database answers", async () => {
  const { watch } = watched(undefined);
  await expect(watch.writing(full)).rejects.toThrow("on the database's own machine");
  expect(watch.state()).toBe("full");
});

it.each([
  ["full", "Ổ đĩa của cơ sở dữ liệu đã đầy"],
  ["low", "sắp đầy"],
] as const)("a page says that the database is %s", async (state, sentence) => {
  const page = await bareApp({ storageState: () => state }).request("/login");
  expect(await page.text()).toContain(sentence);
});
