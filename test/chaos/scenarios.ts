import { backlog } from "./backlog.ts";
import { herd } from "./herd.ts";
import { kill } from "./kill.ts";
import { lossyLine } from "./lossy-line.ts";
import { postgresCrash } from "./postgres-crash.ts";
import type { Scenario } from "./scenario.ts";

/** All scenarios, by the name that the command line knows. The numbers T1 to T20 are those of the test bench in the design papers. */
export const scenarios: Readonly<Record<string, { readonly sentence: string; readonly run: Scenario }>> = {
  kill: { sentence: "T1: agent and collector are killed at any moment, one answer of five is lost", run: kill },
  "lossy-line": { sentence: "T6: three of ten requests and answers are lost", run: lossyLine },
  "postgres-crash": { sentence: "T10: the database is killed in the middle of the intake", run: postgresCrash },
  herd: { sentence: "T9: the whole province comes back after an outage of the collector", run: herd },
  backlog: { sentence: "135 agents bring three days, and the present stays present", run: backlog },
};
