import type { AgentConfig } from "#schemas/agent-config.ts";
import type { Observation, Outcome, ProbeKind } from "#schemas/observation.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Settings } from "../config.ts";
import type { Identity } from "../identity.ts";
import type { SpoolView } from "../spool/read-spool.ts";
import type { AgentStatus } from "../status.ts";
import type { CheckResult } from "./result.ts";

/** Everything that a check may look at. Checks only read; `run` asks devices and the line, and is undefined when `--offline` forbids it. */
export type Surroundings = {
  readonly settings: Settings;
  readonly version: string;
  readonly nodeVersion: string;
  readonly nowMs: number;
  readonly quick: boolean;
  /** Free space and size of the disk that holds the agent's data. */
  readonly disk: () => { readonly freeBytes: number; readonly totalBytes: number };
  readonly identity: Identity | undefined;
  readonly status: AgentStatus | undefined;
  readonly spool: SpoolView | undefined;
  readonly config: AgentConfig | undefined;
  readonly policy: PolicyProfile;
  readonly collectorUrl: string | undefined;
  /** PEM of the province's own authority, where it has one. */
  readonly ca: string | undefined;
  readonly run: ((probe: ProbeKind, options: unknown) => Promise<Outcome>) | undefined;
  /** A speed test under a lease, against the server whose turn it is; undefined when there is no way to one. */
  readonly testSpeed: ((options: object) => Promise<Outcome>) | undefined;
  /** Fresh outcomes of this self-check, beside those of the spool. */
  readonly fresh: Observation[];
  /** Files of the agent that could not be read. */
  readonly faults: readonly { readonly what: string; readonly error: unknown }[];
};

/** One question with one or more lines as answer. `ids` are the beginnings of the lines' ids. */
export type Check = {
  readonly id: string;
  readonly group: CheckResult["group"];
  /** Runs after the others of its group, since it would spoil what they measure and they what it measures. */
  readonly alone?: boolean;
  readonly run: (surroundings: Surroundings) => Promise<readonly CheckResult[]> | readonly CheckResult[];
};
