import { agent } from "./vi/agent.ts";
import { alerts } from "./vi/alerts.ts";
import { boardWords } from "./vi/board-words.ts";
import { collectorAdmin } from "./vi/collector-admin.ts";
import { collectorFaults } from "./vi/collector-faults.ts";
import { collectorWork } from "./vi/collector-work.ts";
import { commands } from "./vi/commands.ts";
import { dashboards } from "./vi/dashboards.ts";
import { demo } from "./vi/demo.ts";
import { duties } from "./vi/duties.ts";
import { enrolment } from "./vi/enrolment.ts";
import { findings } from "./vi/findings.ts";
import { form } from "./vi/form.ts";
import { inventory } from "./vi/inventory.ts";
import { linkEvidence } from "./vi/link-evidence.ts";
import { metricWords } from "./vi/metrics.ts";
import { people } from "./vi/people.ts";
import { recordings } from "./vi/recordings.ts";
import { report } from "./vi/report.ts";
import { selfCheck } from "./vi/self-check.ts";
import { start } from "./vi/start.ts";
import { states } from "./vi/states.ts";
import { web } from "./vi/web.ts";

/** Every sentence that a person reads, in Vietnamese: the language of record. One file per place where it is read. */
export const vi = {
  ...alerts,
  ...agent,
  ...commands,
  ...collectorAdmin,
  ...collectorFaults,
  ...collectorWork,
  ...selfCheck,
  ...dashboards,
  ...boardWords,
  ...demo,
  ...form,
  ...duties,
  ...people,
  ...enrolment,
  ...inventory,
  ...metricWords,
  ...recordings,
  ...linkEvidence,
  ...report,
  ...start,
  ...states,
  ...web,
  ...findings,
} as const;
