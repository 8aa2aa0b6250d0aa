import { backlog } from "./backlog.ts";
import { clock } from "./clock.ts";
import { crashBoth } from "./crash-both.ts";
import { databaseFull } from "./database-full.ts";
import { day } from "./day.ts";
import { herd } from "./herd.ts";
import { herdVirtual } from "./herd-virtual.ts";
import { kill } from "./kill.ts";
import { lossyLine } from "./lossy-line.ts";
import { postgresCrash } from "./postgres-crash.ts";
import type { Scenario } from "./scenario.ts";
import { suite } from "./suites.ts";
import { thinLine } from "./thin-line.ts";
import { upgrade } from "./upgrade.ts";

const spool = (name: string) => `test/agent/spool/${name}.test.ts`;

/** All scenarios, by the name that the command line knows. The numbers T1 to T20 are those of the test bench in the design papers. */
export const scenarios: Readonly<Record<string, { readonly sentence: string; readonly run: Scenario }>> = {
  kill: { sentence: "T1: agent and collector are killed at any moment, one answer of five is lost", run: kill },
  "kill-spool": { sentence: "T1: the spool alone is killed while it writes", run: suite({ files: [spool("kill")], full: { HCC_KILL_ROUNDS: "200" } }) },
  "power-cut": {
    sentence: "T2: the disk as a power cut leaves it, with a control that must lose (needs root)",
    run: suite({ files: [spool("power-cut")], full: { HCC_POWER_CUT_ROUNDS: "60" } }),
  },
  "disk-full": { sentence: "T3, T4: full disks, damaged and foreign files", run: suite({ files: [spool("disk-full"), spool("spool")] }) },
  clock: { sentence: "T5: the agent under a clock that jumps, sleeps and lies (needs libfaketime)", run: clock },
  "clock-rules": {
    sentence: "T5: what follows from a wrong clock, by injected clocks",
    run: suite({ files: ["test/agent/clock-state.test.ts", "test/agent/schedule.test.ts", "test/collector/ingest/filed.test.ts"] }),
  },
  "lossy-line": { sentence: "T6: three of ten requests and answers are lost", run: lossyLine },
  silence: { sentence: "T7, T12: collectors that say nothing, nonsense or no; rows that nobody takes", run: suite({ files: ["test/agent/uplink"] }) },
  herd: { sentence: "T9: the whole province comes back after an outage of the collector", run: herd },
  "herd-virtual": { sentence: "T9 in virtual time: the real rules of retrying against a model of the collector", run: herdVirtual },
  backlog: { sentence: "135 agents bring three days, and the present stays present", run: backlog },
  "postgres-crash": { sentence: "T10: the database is killed in the middle of the intake", run: postgresCrash },
  "crash-both": { sentence: "collector and database are killed in the middle of a flush, each batch comes five times", run: crashBoth },
  "database-full": { sentence: "T11: the disk of the database is full (needs root)", run: databaseFull },
  "thin-line": { sentence: "T8: a day is delivered over 64 kbit/s, and the present stays present (needs root)", run: thinLine },
  upgrade: { sentence: "T16: killed in the middle of an upgrade; a spool of the version before", run: upgrade },
  model: { sentence: "T13: every order of what can happen to a spool", run: suite({ files: [spool("model")], full: { HCC_MODEL_RUNS: "10000" } }) },
  restore: { sentence: "T17, T20: an older database is restored, and agents send again", run: suite({ files: ["test/collector/store/backup.test.ts"] }) },
  outbox: { sentence: "T18: the mail server is away, a province vanishes", run: suite({ files: ["test/collector/alert"] }) },
  day: { sentence: "T15: a day of the agent in seven minutes: what it holds does not grow (needs root)", run: day },
  canaries: {
    sentence: "secrets that stand nowhere else, in every credential of agent and collector: found in nothing that is said, sent or kept",
    run: suite({ files: ["test/system/canaries.test.ts", "test/agent/run.test.ts"], full: { HCC_CANARIES_AGENT: "1" } }),
  },
  leases: { sentence: "T19: everybody wants to test the line at once", run: suite({ files: ["test/collector/lease"] }) },
};
