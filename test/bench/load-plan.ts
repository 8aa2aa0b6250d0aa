import type { Outcome, ProbeKind } from "../../schemas/observation.ts";
import { tell } from "./fleet-minute.ts";

/** What a request brings: so many observations with so many readings each. */
export type Shape = {
  readonly name: string;
  /** `link`: round trips of ten targets, hop by hop, which no requirement looks at. `centre`: what a large centre tells, which is judged; five readings each. */
  readonly tells: "link" | "centre";
  readonly observations: number;
  readonly readings: number;
  /** Centres with an agent each. Their requests are dealt out to the connections. */
  readonly centres: number;
  readonly connections: number;
  /** Requests of each centre. */
  readonly requests: number;
  /** Batches in columns instead of the plain form. */
  readonly columns: boolean;
};

/** What one run of the load sends, and in whose protocol. */
export type LoadPlan = Omit<Shape, "name"> & {
  readonly to: "collector" | "zabbix" | "influxdb";
  readonly port: number;
  /** To sign with; empty where nothing is signed. */
  readonly nonce: string;
  /** Number of the run: makes its streams its own. */
  readonly run: number;
  readonly startMs: number;
};

/** `beganMs` since the epoch; `bytes` is the sum of all bodies. */
export type LoadResult = { readonly beganMs: number; readonly seconds: number; readonly latenciesMs: number[]; readonly bytes: number };

/** Targets of the `link` load. */
export const TARGETS = 10;
/** Time between two runs of one centre, ms: so short that the times of a round follow those of the round before, and each sample is the newest of its series. */
export const STEP_MS = 1;

export type LoadRun = { readonly takenMs: number; readonly probe: ProbeKind; readonly target?: string; readonly outcome: Outcome };

/** The run of a number, the same for every system. */
export function runOf({ tells, readings, startMs }: LoadPlan, seq: number): LoadRun {
  const takenMs = startMs + seq * STEP_MS;
  if (tells === "centre") return { takenMs, ...tell(seq) };
  return {
    takenMs,
    probe: "link-quality",
    target: `t-${seq % TARGETS}`,
    outcome: {
      kind: "measured",
      readings: Array.from({ length: readings }, (_, hop) => ({
        metric: "rtt_avg_ms",
        value: ((seq * 7 + hop) % 1_000) / 10,
        labels: { hop: `hop-${hop}` },
      })),
    },
  };
}

/** The runs of one request of a centre; numbers begin with 1. */
export function runsOf(plan: LoadPlan, request: number): (LoadRun & { readonly seq: number })[] {
  return Array.from({ length: plan.observations }, (_, index) => {
    const seq = request * plan.observations + 1 + index;
    return { seq, ...runOf(plan, seq) };
  });
}

/** All samples of a run of the load. */
export function samplesOf({ centres, requests, observations, readings }: Pick<LoadPlan, "centres" | "requests" | "observations" | "readings">): number {
  return centres * requests * observations * readings;
}
