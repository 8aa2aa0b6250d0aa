import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentConfig } from "#schemas/agent-config.ts";
import type { AgentId } from "#schemas/ids.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import type { LocalConfig } from "./config.ts";
import type { Identity } from "./identity.ts";
import { openSeal } from "./open-seal.ts";
import type { CollectorClient } from "./uplink/collector-client.ts";

/** Whose configuration this PC takes. With a `configKey` it must be signed by that key. */
export type ConfigOwner = { readonly agent: AgentId; readonly centre: string; readonly configKey?: string | undefined };

/** The owner that this PC's identity and its own file make: a key written by hand counts before the one of the enrolment. */
export function configOwner({ agent, centre, configKey }: Identity, local: Pick<LocalConfig, "configKey">): ConfigOwner {
  return { agent, centre, configKey: local.configKey ?? configKey };
}

/** The last good configuration on disk; undefined when there is none, when it is for another agent, or when its signature does not hold. */
export function readKeptConfig(dataDir: string, owner: ConfigOwner): AgentConfig | undefined {
  try {
    const kept = AgentConfig.parse(JSON.parse(readFileSync(configFile(dataDir), "utf8")));
    if (kept.agent !== owner.agent) return undefined;
    if (owner.configKey === undefined) return kept;
    // What ended in the meantime stays in use: a province without its signer must not go blind.
    const opened = openSeal(kept, { configKey: owner.configKey, centre: owner.centre, usedVersion: 0, nowMs: 0 });
    return "config" in opened ? opened.config : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Asks the collector for the configuration and keeps it. Gives undefined when there is none to be had, with the reason in `warn`;
 * whatever comes can only name targets and rules, never a command.
 */
export async function fetchConfig(
  client: CollectorClient,
  dataDir: string,
  owner: ConfigOwner,
  warn: (reason: string) => void,
  signal: AbortSignal,
): Promise<AgentConfig | undefined> {
  const reply = await client.send({ method: "GET", path: "/v1/config", signal }).catch((error: unknown) => {
    warn(error instanceof Error ? error.message : String(error));
  });
  if (reply === undefined) return undefined;
  if (reply.status !== 200) {
    warn(`status ${reply.status} ${reply.problem?.code ?? ""}`);
    return undefined;
  }
  const offered = AgentConfig.safeParse(reply.body);
  if (!offered.success) {
    const issue = offered.error.issues[0];
    warn(`not valid: ${issue?.path.join(".")}: ${issue?.message}`);
    return undefined;
  }
  const config = acceptable(offered.data, dataDir, owner, warn);
  if (config !== undefined) writeFileAtomic(configFile(dataDir), JSON.stringify(config));
  return config;
}

function acceptable(offered: AgentConfig, dataDir: string, owner: ConfigOwner, warn: (reason: string) => void): AgentConfig | undefined {
  const { agent, centre, configKey } = owner;
  if (offered.agent !== agent) {
    warn("it is for another agent");
    return undefined;
  }
  if (configKey === undefined) return offered;
  const usedVersion = readKeptConfig(dataDir, owner)?.version ?? 0;
  const opened = openSeal(offered, { configKey, centre, usedVersion, nowMs: Date.now() });
  if ("config" in opened) return opened.config;
  warn(opened.refused);
  return undefined;
}

function configFile(dataDir: string): string {
  return join(dataDir, "config.json");
}
