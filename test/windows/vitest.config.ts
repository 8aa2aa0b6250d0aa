import { defineConfig } from "vitest/config";

/**
 * The tests of what runs on gateway PCs, by Node.js alone: the bundler that vitest would use has a Windows build that Wine does not load. One worker, as each
 * more is slow to start there.
 */
export default defineConfig({
  test: {
    pool: "threads",
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    include: ["test/agent/**/*.test.ts", "test/schemas/**/*.test.ts"],
    // It reads the sources as git lists them, which is the same on any system.
    exclude: ["test/schemas/text.test.ts"],
    experimental: { viteModuleRunner: false },
  },
});
