import { agent } from "./vi/agent.ts";
import { dashboards } from "./vi/dashboards.ts";
import { findings } from "./vi/findings.ts";
import { report } from "./vi/report.ts";
import { start } from "./vi/start.ts";
import { states } from "./vi/states.ts";
import { web } from "./vi/web.ts";

/** Every sentence that a person reads, in Vietnamese: the language of record. One file per place where it is read. */
export const vi = { ...agent, ...dashboards, ...report, ...start, ...states, ...web, ...findings } as const;
