import type { MeasureServer } from "#schemas/agent-config.ts";
import type { Lease } from "#schemas/measure.ts";
import type { Observation, Outcome, ProbeKind } from "#schemas/observation.ts";
import { Credentials, resolveCredentials } from "../credentials.ts";
import { createIo } from "../io/io.ts";
import type { MayReach } from "../io/tcp.ts";
import { askLease, returnLease } from "../lease.ts";
import { openMemory } from "../probe-memory.ts";
import { probes } from "../probes/registry.ts";
import { observe } from "../runner.ts";
import { readStatus, trustedMsOf } from "../status.ts";
import { steadyMs } from "../system-clock.ts";
import type { CollectorClient } from "../uplink/collector-client.ts";

export type LiveRuns = {
  readonly fresh: Observation[];
  readonly run: (probe: ProbeKind, options: unknown) => Promise<Outcome>;
  /** `servers` are those of the configuration: a lease names one of them and brings no address of its own. */
  readonly testSpeed: (client: CollectorClient, options: object, servers: readonly MeasureServer[]) => Promise<Outcome>;
};

/** Runs probes for the self-check, outside of the agent's schedule; what they find is kept in `fresh` and nowhere else. */
export function liveRuns(dataDir: string, mayReach: MayReach, stop: AbortSignal): LiveRuns {
  const fresh: Observation[] = [];
  const io = createIo();
  const credentials = new Credentials(dataDir);
  const trustedMs = () => trustedMsOf(readStatus(dataDir), Date.now());
  const run = async (kind: ProbeKind, options: unknown): Promise<Outcome> => {
    const probe = probes.get(kind);
    if (probe === undefined) return { kind: "skipped", reason: "not_supported_here" };
    const startedMs = Date.now();
    const values = new Map<string, unknown>();
    // The way out as the agent has met it: on a line that is cut nobody tells who the next router was. Read, never written.
    const met = kind === "link-quality" ? openMemory(dataDir, kind, () => {}) : undefined;
    const memory = { get: (key: string) => values.get(key) ?? met?.get(key), set: (key: string, value: unknown) => void values.set(key, value) };
    const outcome = await resolveCredentials(options, (name) => credentials.secretOf(name)).then(
      (resolved) => observe(probe, resolved, { fetch, io, mayReach, memory, log: () => {}, nowMs: Date.now, steadyMs, trustedMs }, stop),
      (error: Error): Outcome => ({ kind: "failed", reason: "bad_options", detail: error.message }),
    );
    const target = targetOf(kind, options);
    fresh.push({
      seq: fresh.length + 1,
      probe: kind,
      ...(target !== undefined && { target }),
      takenAt: new Date(startedMs).toISOString(),
      uptimeMs: 0,
      bootId: "self-check",
      clock: "unknown",
      elapsedMs: Math.max(0, Date.now() - startedMs),
      outcome,
    });
    return outcome;
  };
  const testSpeed: LiveRuns["testSpeed"] = async (client, options, servers) => {
    // What the agent remembers of the line holds for this test, too. Read, never written.
    const asksFull = probes.get("link-bandwidth")?.asksFullLength?.(openMemory(dataDir, "link-bandwidth", () => {}));
    const result = await askLease(client, asksFull ? { fullLength: true } : {}, stop);
    if ("skipped" in result) return result.skipped;
    const { lease }: { lease: Lease } = result;
    const server = servers.find(({ id }) => id === lease.server.id);
    const outcome = server ? await run("link-bandwidth", { ...options, server, lease }) : notConfigured(lease);
    await returnLease(client, lease, outcome, AbortSignal.timeout(5_000));
    return outcome;
  };
  return { fresh, run, testSpeed };
}

function notConfigured({ server }: Lease): Outcome {
  return { kind: "skipped", reason: "no_lease", detail: `the lease names a measure server that is not in this centre's configuration: ${server.id}` };
}

/** The target by which the rules know a run: the portal's code, the measure server's id. */
function targetOf(kind: ProbeKind, options: unknown): string | undefined {
  if (options === null || typeof options !== "object") return undefined;
  if (kind === "portal-http" && "portal" in options && typeof options.portal === "string") return options.portal;
  if (kind !== "link-bandwidth" || !("lease" in options)) return undefined;
  return (options.lease as Lease).server.id;
}
