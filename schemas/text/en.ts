import { agent } from "./en/agent.ts";
import { alerts } from "./en/alerts.ts";
import { boardWords } from "./en/board-words.ts";
import { collectorAdmin } from "./en/collector-admin.ts";
import { collectorFaults } from "./en/collector-faults.ts";
import { collectorWork } from "./en/collector-work.ts";
import { commands } from "./en/commands.ts";
import { dashboards } from "./en/dashboards.ts";
import { demo } from "./en/demo.ts";
import { duties } from "./en/duties.ts";
import { enrolment } from "./en/enrolment.ts";
import { findings } from "./en/findings.ts";
import { form } from "./en/form.ts";
import { inventory } from "./en/inventory.ts";
import { linkEvidence } from "./en/link-evidence.ts";
import { metricWords } from "./en/metrics.ts";
import { people } from "./en/people.ts";
import { recordings } from "./en/recordings.ts";
import { report } from "./en/report.ts";
import { selfCheck } from "./en/self-check.ts";
import { start } from "./en/start.ts";
import { states } from "./en/states.ts";
import { web } from "./en/web.ts";
import type { vi } from "./vi.ts";

/** The catalogue in English; the type makes a missing or surplus key an error. */
export const en: Readonly<Record<keyof typeof vi, string>> = {
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
};
