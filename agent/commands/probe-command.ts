import { cleanText } from "#schemas/clean-text.ts";
import { ProbeKind } from "#schemas/observation.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { resolveCredentials } from "../credentials.ts";
import { fieldFaults } from "../field-faults.ts";
import { readText } from "../file-fault.ts";
import type { Io } from "../io/io.ts";
import type { Probe, ProbeMemory } from "../probe.ts";
import { probes } from "../probes/registry.ts";
import { observe } from "../runner.ts";
import { steadyMs } from "../system-clock.ts";
import { exitCodes, type Terminal, UsageError } from "../terminal.ts";

export type ProbeCommand = { readonly kind: string; readonly options?: string; readonly json?: boolean };
type Surroundings = {
  readonly io: Io;
  readonly lang: Lang;
  readonly secretOf: (name: string) => Promise<string>;
  readonly trustedMs: () => number | undefined;
};

/** Prints the kinds of probes, one a line. */
export function listProbes(terminal: Terminal): number {
  for (const kind of [...probes.keys()].sort()) terminal.out(`${kind}\n`);
  return exitCodes.ok;
}

/**
 * One run of one probe; prints its Outcome as JSON. A failed run is a fact, too: its exit code is 0.
 * Wrong kind or options throw UsageError naming the probe and the field.
 */
export async function runProbe(command: ProbeCommand, terminal: Terminal, { io, lang, secretOf, trustedMs }: Surroundings): Promise<number> {
  const probe = probeOf(command.kind);
  const raw = await resolveCredentials(await parseOptions(probe.kind, command.options, terminal), secretOf);
  const options = probe.options.safeParse(raw);
  if (!options.success) throw fieldFaults(options.error, () => `${probe.kind} --options`);
  const log = command.json ? () => {} : (message: string, fields = {}) => terminal.err(`${message} ${JSON.stringify(fields)}\n`);
  // Whoever sits at this PC says himself what is asked.
  const context = { fetch, io, mayReach: () => true, memory: shortMemory(), log, nowMs: Date.now, steadyMs, trustedMs };
  const outcome = await observe(probe, raw, context, terminal.stop);
  terminal.out(`${JSON.stringify(outcome, null, command.json ? undefined : 2)}\n`);
  if (!command.json) terminal.err(`${text(lang, `agent.probe.${outcome.kind}`, { probe: probe.kind })}\n`);
  return exitCodes.ok;
}

function probeOf(kind: string): Probe<never> {
  const known = ProbeKind.safeParse(kind);
  const probe = known.success ? probes.get(known.data) : undefined;
  if (probe === undefined)
    throw new UsageError((lang) => text(lang, "agent.probe.unknown", { kind: cleanText(kind), kinds: [...probes.keys()].sort().join(", ") }));
  return probe;
}

/** `--options` is JSON, `@file` or `-` for standard input, so that secrets need not stand in the argument list. */
async function parseOptions(kind: ProbeKind, given: string | undefined, terminal: Terminal): Promise<unknown> {
  const source = given === undefined ? "{}" : given === "-" ? await terminal.readSecret("") : given.startsWith("@") ? readText(given.slice(1)) : given;
  try {
    return JSON.parse(source);
  } catch {
    throw new UsageError((lang) => text(lang, "agent.probe.no_json", { kind }));
  }
}

/** What a probe learns is forgotten after a run by hand. */
function shortMemory(): ProbeMemory {
  const values = new Map<string, unknown>();
  return { get: (key) => values.get(key), set: (key, value) => void values.set(key, value) };
}
