import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take half a minute and more: a browser, which computes, beside a program that is mostly waited for. */
const longest = ["browser/every-page", "agent/run", "browser/pages", "system/start", "system/chaos", "store/timescale"];

const line = "test/lab/line.test.ts";

/** Begins with the longest files: one that is begun last leaves the other worker idle until it ends. */
class LongestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => longest.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
    const sorted = await super.sort(specifications);
    const first = sorted.filter((one) => place(one) >= 0).toSorted((a, b) => place(a) - place(b));
    return [...first, ...sorted.filter((one) => place(one) < 0)];
  }
}

export default defineConfig({
  test: {
    pool: "forks",
    // A process of its own for each file would cost a sixth of the suite's time: no file may leave anything behind, nor mock a module.
    isolate: false,
    maxWorkers: 4,
    sequence: { sequencer: LongestFirst },
    globalSetup: "test/support/run-server.ts",
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: "rooms", include: ["test/**/*.test.ts"], exclude: ["test/lab/**"], sequence: { groupOrder: 0 } } },
      // LANs in namespaces of their own: what other programs on the machine spoil may be tried again.
      { extends: true, test: { name: "lans", include: ["test/lab/**/*.test.ts"], exclude: [line], retry: 2, sequence: { groupOrder: 0 } } },
      // It measures real time: it runs last and alone.
      { extends: true, test: { name: "line", include: [line], retry: 2, sequence: { groupOrder: 1 } } },
    ],
  },
});
