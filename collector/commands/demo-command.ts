import { join } from "node:path";
import { Command } from "commander";
import { text } from "#schemas/text/text.ts";
import type { CollectorConfig } from "../config.ts";
import { makeDemo } from "../demo/demo.ts";
import type { Made } from "../demo/history.ts";
import { DEMO_CENTRES } from "../demo/province.ts";
import { createLog } from "../log.ts";
import { openStore } from "../store/open.ts";
import { runCollector } from "./serve-command.ts";
import type { CommandContext, Terminal } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

const SEED = 890;
const DAYS = 30;
const DAYS_MAX = 40;
// Few connections share their prepared plans; a plan over forty partitions costs more than the statement that it is for.
const CONNECTIONS = 3;
/** Without a terminal that can rewrite a line, progress is told this often, %. */
const PLAIN_STEP = 10;

type Options = { readonly seed: string; readonly days: string; readonly centres: string; readonly makeOnly: boolean };

/** `demo`: makes the simulated province in a data folder of its own, or goes on with it, and serves it. */
export function demoCommand({ config, lang, terminal }: CommandContext): Command {
  return new Command("demo")
    .description(text(lang, "collector.demo.about", { centres: DEMO_CENTRES }))
    .option("--seed <number>", text(lang, "collector.demo.seed"), String(SEED))
    .option("--days <number>", text(lang, "collector.demo.days", { max: DAYS_MAX }), String(DAYS))
    .option("--centres <number>", text(lang, "collector.demo.centres", { max: DEMO_CENTRES }), String(DEMO_CENTRES))
    .option("--make-only", text(lang, "collector.demo.make_only"), false)
    .action(async (options: Options) => {
      const settings = ownFolder(config());
      const size = {
        seed: wholeNumber(lang, "--seed", options.seed, 2 ** 31),
        days: wholeNumber(lang, "--days", options.days, DAYS_MAX),
        centres: wholeNumber(lang, "--centres", options.centres, DEMO_CENTRES),
      };
      const log = createLog(settings.logLevel === "info" ? "warn" : settings.logLevel);
      const store = await openStore({ ...settings, connections: CONNECTIONS, say: (words) => terminal.err(words(lang)), stop: terminal.stop });
      try {
        const startedMs = Date.now();
        terminal.out(text(lang, "demo.begin", { centres: size.centres, days: size.days }));
        const progress = reporter(terminal, settings, startedMs);
        const demo = await makeDemo({ config: settings, store, log, size, nowMs: startedMs, stop: terminal.stop, onStep: progress.step });
        if (demo.resumed) terminal.out(text(lang, "demo.resumed", { day: demo.fromDay }));
        progress.end(demo.complete);
        if (demo.complete && !options.makeOnly) await runCollector(settings, store, log, terminal, demo.live);
      } finally {
        await store.close();
      }
    });
}

/** The demo never shares the folder of a real collector, unless a folder or a database is named. */
function ownFolder(config: CollectorConfig): CollectorConfig {
  return config.dataDir === join("data", "collector") ? { ...config, dataDir: join("data", "demo") } : config;
}

/** Shows how far the history is: one line that changes on a terminal, a line every ten per cent elsewhere. */
function reporter(terminal: Terminal, { lang }: CollectorConfig, startedMs: number) {
  let toldPercent = -PLAIN_STEP;
  let last: Made = { share: 0, day: "", observations: 0, readings: 0 };
  const seconds = () => Math.round((Date.now() - startedMs) / 1_000);
  return {
    step(made: Made) {
      last = made;
      const percent = Math.floor(made.share * 100);
      const line = text(lang, "demo.progress", { percent, day: made.day, observations: made.observations, seconds: seconds() });
      if (terminal.rewrite) terminal.rewrite(line);
      else if (percent >= toldPercent + PLAIN_STEP) {
        terminal.out(line);
        toldPercent = percent - (percent % PLAIN_STEP);
      }
    },
    end(complete: boolean) {
      terminal.rewrite?.("");
      // A start that found everything made has nothing to sum up.
      if (complete && last.observations === 0) return;
      const key = complete ? "demo.ready" : "demo.stopped";
      terminal.out(text(lang, key, { seconds: seconds(), observations: last.observations, readings: last.readings }));
    },
  };
}
