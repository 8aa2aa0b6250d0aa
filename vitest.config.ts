import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    globalSetup: "test/support/run-server.ts",
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: "rooms", include: ["test/**/*.test.ts"], exclude: ["test/lab/**"], sequence: { groupOrder: 0 } } },
      // The lab measures real time: it runs last and alone, and what other programs on the machine spoil may be measured again.
      { extends: true, test: { name: "lab", include: ["test/lab/**/*.test.ts"], fileParallelism: false, retry: 2, sequence: { groupOrder: 1 } } },
    ],
  },
});
