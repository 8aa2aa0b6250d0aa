import { expect, it } from "vitest";
import { QueueFull, threadQueue } from "../../collector/thread-queue.ts";

const thread = (body: string) => new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort, workerData } from "node:worker_threads"; ${body}`)}`);
const queue = (body: string, more: object = {}) =>
  threadQueue<number, number>({ file: thread(body), who: "the reckoner", queueMax: 2, limitMs: 20_000, ...more });

it("answers one job after the other, and refuses what would be too many", async () => {
  const twice = queue("parentPort.postMessage(2 * workerData)");
  const [first, second] = [twice(1), twice(2)];
  await expect(twice(3)).rejects.toThrow(QueueFull);
  expect(await Promise.all([first, second])).toEqual([2, 4]);
  expect(await twice(3)).toBe(6);
});

it.each([
  ["never ends", "for (;;);", { limitMs: 2_000 }, "the reckoner took more than 2 s"],
  ["ends without an answer", "process.exit(3)", {}, "the reckoner ended with 3"],
  ["fails", "throw new Error('no number')", {}, "no number"],
  [
    "takes more memory than it may",
    "const all = []; for (;;) all.push(new Array(1e5).fill(1))",
    { resourceLimits: { maxOldGenerationSizeMb: 32 } },
    "memory limit",
  ],
])("a thread that %s fails its job alone", async (_, body, more, fault) => {
  const reckon = queue(`if (workerData === 0) { ${body} } else parentPort.postMessage(workerData)`, more);
  const failing = reckon(0);
  const next = reckon(7);
  await expect(failing).rejects.toThrow(fault);
  expect(await next).toBe(7);
});
