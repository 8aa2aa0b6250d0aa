import { expect, test } from "vitest";
import { LISTENERS_MAX, liveRevision } from "../../../collector/web/live-revision.ts";

const tick = () => new Promise((resolve) => setTimeout(resolve, 30));

test("each listener hears the revision now and every change; the store is asked once for all, and not when nobody listens", async () => {
  let asked = 0;
  let revision = "1";
  const live = liveRevision(async () => {
    asked++;
    return revision;
  }, 5);
  const heard: string[][] = [[], []];
  const stops = heard.map((list) => live.listen((told) => list.push(told)));
  await tick();
  revision = "2";
  await tick();
  expect(heard).toEqual([
    ["1", "2"],
    ["1", "2"],
  ]);
  for (const stop of stops) stop?.();
  await tick();
  const before = asked;
  await tick();
  expect(asked).toBe(before);
});

test("a store that fails is asked again", async () => {
  let failing = true;
  const live = liveRevision(async () => (failing ? Promise.reject(new Error("down")) : "7"), 5);
  const heard: string[] = [];
  const stop = live.listen((told) => heard.push(told));
  await tick();
  failing = false;
  await tick();
  expect(heard).toEqual(["7"]);
  stop?.();
});

test("there is an end to the listeners, and a place is free again when one leaves", () => {
  const live = liveRevision(async () => "1", 1_000);
  const stops = Array.from({ length: LISTENERS_MAX }, () => live.listen(() => undefined));
  expect(live.listen(() => undefined)).toBeUndefined();
  stops[0]?.();
  expect(live.listen(() => undefined)).toBeTypeOf("function");
  for (const stop of stops) stop?.();
});
