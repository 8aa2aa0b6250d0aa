import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { describe, expect, it, vi } from "vitest";
import { keepMeasuring, MeasureWatch, nextWaitMs } from "../../../collector/measure/keep-measure.ts";
import { freeTcpPort } from "../../support/free-port.ts";
import { nodeFlags } from "../../support/node-flags.ts";
import { projectRoot } from "../../support/source-files.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** A watch with what it logs, each as level and words. */
function watched(): { watch: MeasureWatch; said: [number, string][] } {
  const said: [number, string][] = [];
  const log = pino({}, { write: (line: string) => void said.push([JSON.parse(line).level, JSON.parse(line).msg]) });
  return { watch: new MeasureWatch(log), said };
}

/** Starts the collector's own measure server, and knows the children that were started. */
function measureChildren(port: number): { start: () => ChildProcess; children: ChildProcess[] } {
  const secretFile = join(temporaryFolder(), "secret");
  writeFileSync(secretFile, "a secret that is long enough for leases");
  const words = [...nodeFlags, join(projectRoot, "collector/main.ts"), "measure", "--port", String(port), "--secret-file", secretFile, "--with-parent"];
  const children: ChildProcess[] = [];
  const start = () => {
    const child = spawn(process.execPath, words, { stdio: ["pipe", "pipe", "ignore"] });
    children.push(child);
    return child;
  };
  return { start, children };
}

const patient = { timeout: 20_000, interval: 50 };

describe("the collector's own measure server", () => {
  it("is started again after a kill, answers as before, says so, and ends with the collector", async () => {
    const port = await freeTcpPort();
    const { start, children } = measureChildren(port);
    const { watch, said } = watched();
    const stop = new AbortController();
    const kept = keepMeasuring(start, watch, stop.signal);
    await vi.waitFor(() => expect(watch.state()).toBe("up"), patient);
    expect([watch.ends(), watch.sentence(), said]).toEqual([0, "listens", []]);

    children[0]?.kill("SIGKILL");
    await vi.waitFor(() => expect(watch.state()).toBe("down"), patient);
    expect(watch.sentence()).toContain("no line is measured by it until it listens again");
    await vi.waitFor(() => expect(watch.state()).toBe("up"), patient);
    expect((await fetch(`http://127.0.0.1:${port}/`)).status).toBeGreaterThanOrEqual(400);
    expect([children.length, watch.ends(), watch.sentence()]).toEqual([2, 1, "listens; ends since the collector's start: 1"]);
    expect(said).toEqual([
      [50, "the measure server ended: no line is measured by it until it listens again"],
      [30, "the measure server listens again"],
    ]);

    stop.abort();
    await kept;
    expect(children[1]?.signalCode ?? children[1]?.exitCode).toBe(0);
    expect([watch.ends(), said.length]).toEqual([1, 2]);
  }, 60_000);

  it("that cannot be started at all is tried again, said once, and ends nothing else", async () => {
    const { watch, said } = watched();
    const stop = new AbortController();
    let starts = 0;
    const kept = keepMeasuring(
      () => {
        if (++starts === 2) stop.abort();
        return spawn("/no/such/program");
      },
      watch,
      stop.signal,
    );
    await kept;
    expect([starts, watch.state(), said.length]).toEqual([2, "down", 1]);
  }, 20_000);

  it.each<[string, number, number, number]>([
    ["after its first end within a second", 0, 0, 1_000],
    ["after twice the time with each further end", 4_000, 0, 8_000],
    ["after a minute at most", 60_000, 10_000, 60_000],
    ["within a second again once it had listened for a minute", 60_000, 60_000, 1_000],
    ["after more where it never listened", 1_000, Number.NEGATIVE_INFINITY, 2_000],
  ])("is started %s", (_, waitedMs, steadyMs, wanted) => {
    expect(nextWaitMs(waitedMs, steadyMs)).toBe(wanted);
  });
});
