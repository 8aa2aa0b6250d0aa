import type { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { Outcome } from "#schemas/observation.ts";
import { type Measured, type Probe, type ProbeContext, ProbeError, ProbeSkip } from "./probe.ts";
import { redact, redactText, secretsIn } from "./redact.ts";

/** A run's context without the signal, which the runner makes from the probe's deadline. */
export type RunContext = Omit<ProbeContext, "signal"> & {
  /** The clock that counts from boot and goes on while this PC sleeps. */
  readonly steadyMs: () => number;
};

/** How long a probe may ignore its aborted signal before the run is given up, ms. */
const GRACE_MS = 1_000;
/** Longer than this no busy PC leaves a timer waiting: it slept, ms. Connections and timeouts of a run say nothing then. */
const STANDSTILL_MS = 8_000;
const DETAIL_MAX = 300;

/** Field path and message of each fault in a probe's options, at most five: `options.url: Invalid URL`. */
export function optionFaults(error: z.ZodError): string[] {
  return error.issues.slice(0, 5).map(({ path, message }) => `${["options", ...path].join(".")}: ${message}`);
}

/**
 * Runs a probe once. Never rejects: "I could not ask" becomes `failed`, "I did not ask" `skipped`, a programming error `failed internal`.
 * The outcome is checked against the contract. Neither it nor what the probe logs and remembers holds a secret of `rawOptions`: devices say them, too.
 * `stop` ends the run early; its outcome then means nothing and must not be kept.
 */
export async function observe<Options>(probe: Probe<Options>, rawOptions: unknown, context: RunContext, stop?: AbortSignal): Promise<Outcome> {
  const secrets = secretsIn(rawOptions);
  const { log, memory } = context;
  const guarded: RunContext = {
    ...context,
    log: (message, fields = {}) => log(redactText(message, secrets), redact(fields, secrets)),
    memory: { get: (key) => memory.get(key), set: (key, value) => memory.set(key, redact(value, secrets)) },
  };
  const outcome = await outcomeOf(probe, rawOptions, guarded, stop);
  return redact(outcome, secrets);
}

async function outcomeOf<Options>(probe: Probe<Options>, rawOptions: unknown, context: RunContext, stop?: AbortSignal): Promise<Outcome> {
  const options = probe.options.safeParse(rawOptions);
  if (!options.success) return failed("bad_options", optionFaults(options.error).join("; "));
  const deadlineMs = typeof probe.deadlineMs === "number" ? probe.deadlineMs : probe.deadlineMs(options.data);
  const deadline = AbortSignal.timeout(deadlineMs);
  const signal = stop === undefined ? deadline : AbortSignal.any([deadline, stop]);
  using standstill = watchStandstill(context.steadyMs);
  try {
    const found = await giveUpAfter(probe.run(options.data, { ...context, signal }), signal);
    return standstill.seen() ? failed("timeout", STOOD_STILL) : checkedOutcome(found);
  } catch (error) {
    return standstill.seen() ? failed("timeout", STOOD_STILL) : outcomeOfError(error, signal, deadlineMs, context);
  }
}

const STOOD_STILL = "this PC stood still during the run";

/** Sees a PC that slept, by the clock that counts sleep. */
function watchStandstill(steadyMs: RunContext["steadyMs"]): Disposable & { seen(): boolean } {
  let [lastMs, isSeen] = [steadyMs(), false];
  const look = () => {
    const nowMs = steadyMs();
    isSeen ||= nowMs - lastMs > STANDSTILL_MS;
    lastMs = nowMs;
    return isSeen;
  };
  const timer = setInterval(look, 1_000);
  return { seen: look, [Symbol.dispose]: () => clearInterval(timer) };
}

/** Waits for the run, but not much longer than its signal: a probe that does not listen must not hold the agent. */
async function giveUpAfter(run: Promise<Measured>, signal: AbortSignal): Promise<Measured> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = Promise.withResolvers<never>();
  const giveUp = () => {
    timer = setTimeout(() => overdue.reject(signal.reason), GRACE_MS);
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([run, overdue.promise]);
  } finally {
    signal.removeEventListener("abort", giveUp);
    clearTimeout(timer);
  }
}

function checkedOutcome(found: Measured): Outcome {
  const outcome = Outcome.safeParse({
    kind: "measured",
    readings: found.readings,
    ...(found.excuse !== undefined && { excuse: found.excuse }),
    ...(found.evidence !== undefined && { evidence: found.evidence }),
  });
  if (outcome.success) return outcome.data;
  const issue = outcome.error.issues[0];
  return failed("malformed", `${nameOfPlace(found, issue?.path ?? [])}: ${issue?.message ?? "does not fit the contract"}`);
}

/** `reading 3 (loss_percent)` says more to the operator than `readings.3.value`. */
function nameOfPlace(found: Measured, path: readonly PropertyKey[]): string {
  const [head, index] = path;
  if (head !== "readings" || typeof index !== "number") return path.join(".") || "outcome";
  return `reading ${index} (${String(found.readings[index]?.metric)})`;
}

function outcomeOfError(error: unknown, signal: AbortSignal, deadlineMs: number, context: RunContext): Outcome {
  if (error instanceof ProbeError) return failed(error.reason, error.message, error.evidence);
  if (error instanceof ProbeSkip) return checkedEnd({ kind: "skipped", reason: error.reason, detail: error.message, evidence: error.evidence });
  if (signal.aborted) return failed("timeout", `no result within ${deadlineMs} ms`);
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  context.log("probe failed unexpectedly", { error: cleanText(message, DETAIL_MAX) });
  return failed("internal", message);
}

function failed(reason: ProbeError["reason"], detail: string, evidence?: ProbeError["evidence"]): Outcome {
  return checkedEnd({ kind: "failed", reason, detail, evidence });
}

/** Evidence that breaks the contract is dropped: the reason is worth more than what stood behind it. */
function checkedEnd({ evidence, ...end }: { kind: "failed" | "skipped"; reason: string; detail: string; evidence: unknown }): Outcome {
  const whole = Outcome.safeParse({ ...end, ...(evidence !== undefined && { evidence }) });
  return whole.success ? whole.data : Outcome.parse(end);
}
