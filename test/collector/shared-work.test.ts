import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { sharedWork } from "../../collector/shared-work.ts";
import { QueueFull } from "../../collector/thread-queue.ts";

/** Works that end when they are told to. */
function bench(queueMax = 5) {
  let nowMs = 0;
  const begun: { readonly name: string; readonly end: (answer: string) => void; readonly fail: (why: Error) => void }[] = [];
  const share = sharedWork({ what: "reports", queueMax, steadyMs: () => nowMs });
  const ask = (name: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    return share(name, () => {
      begun.push({ name, end: resolve, fail: reject });
      return promise;
    });
  };
  const names = async () => {
    await turn();
    return begun.map(({ name }) => name);
  };
  return { ask, begun, names, wait: (ms: number) => (nowMs += ms) };
}

test("ten who ask at once cost one", async () => {
  const { ask, begun, names } = bench();
  const asked = Array.from({ length: 10 }, () => ask("month"));
  expect(await names()).toEqual(["month"]);
  begun[0]?.end("made");
  expect(await Promise.all(asked)).toEqual(Array(10).fill("made"));
});

test("who asks when it is no longer young gets the next one, which begins when this one has ended, and so do all after", async () => {
  const { ask, begun, names, wait } = bench();
  const first = ask("month");
  expect(await names()).toEqual(["month"]);
  wait(2_999);
  const young = ask("month");
  wait(1);
  const later = [ask("month"), ask("month")];
  expect(await names()).toEqual(["month"]);
  begun[0]?.end("first");
  expect(await Promise.all([first, young])).toEqual(["first", "first"]);
  expect(await names()).toEqual(["month", "month"]);
  begun[1]?.end("second");
  expect(await Promise.all(later)).toEqual(["second", "second"]);
});

test("what has ended is made anew, also after a failure, and different things are made one after the other", async () => {
  const { ask, begun, names } = bench();
  const [one, other] = [ask("html"), ask("csv")];
  expect(await names()).toEqual(["html"]);
  begun[0]?.fail(new Error("no database"));
  await expect(one).rejects.toThrow("no database");
  expect(await names()).toEqual(["html", "csv"]);
  begun[1]?.end("table");
  expect(await other).toBe("table");
  const again = ask("html");
  expect(await names()).toEqual(["html", "csv", "html"]);
  begun[2]?.end("page");
  expect(await again).toBe("page");
});

test("more than may wait are refused, and there is room again when one has ended", async () => {
  const { ask, begun, names } = bench(2);
  const [first] = [ask("a"), ask("b")];
  await expect(ask("c")).rejects.toThrow(QueueFull);
  await names();
  begun[0]?.end("done");
  expect(await first).toBe("done");
  ask("c");
  expect(await names()).toEqual(["a", "b"]);
});
