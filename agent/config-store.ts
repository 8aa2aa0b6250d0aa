import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentConfig } from "#schemas/agent-config.ts";
import type { AgentId } from "#schemas/ids.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import type { LocalConfig } from "./config.ts";
import type { Identity } from "./identity.ts";
import type { Logger } from "./logger.ts";
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

export type ConfigStoreOptions = { readonly dataDir: string; readonly owner: ConfigOwner; readonly warn: Logger["warn"] };

/** Asks for this PC's configuration, checks it and keeps it; whatever comes can only name targets and rules, never a command. */
export class ConfigStore {
  readonly #options: ConfigStoreOptions;
  /** What was taken counts as used although the disk does not take it. */
  #usedVersion = 0;
  #isKept = true;

  constructor(options: ConfigStoreOptions) {
    this.#options = options;
  }

  /** The collector's present configuration, kept on disk where that can be done. Undefined when there is none to be had; `warn` hears why. Never rejects. */
  async fetch(client: CollectorClient, signal: AbortSignal): Promise<AgentConfig | undefined> {
    const result = await asked(client, signal);
    const found = typeof result === "string" ? result : this.#acceptable(result);
    if (typeof found === "string") {
      this.#options.warn("no new configuration", { reason: found });
      return undefined;
    }
    this.#usedVersion = Math.max(this.#usedVersion, found.version);
    this.#keep(found);
    return found;
  }

  #acceptable(offered: AgentConfig): AgentConfig | string {
    const { dataDir, owner } = this.#options;
    const { agent, centre, configKey } = owner;
    if (offered.agent !== agent) return "it is for another agent";
    if (configKey === undefined) return offered;
    const usedVersion = Math.max(this.#usedVersion, readKeptConfig(dataDir, owner)?.version ?? 0);
    const opened = openSeal(offered, { configKey, centre, usedVersion, nowMs: Date.now() });
    return "config" in opened ? opened.config : opened.refused;
  }

  /** Says once that a disk does not take it, until it does again. */
  #keep(config: AgentConfig): void {
    const file = configFile(this.#options.dataDir);
    try {
      writeFileAtomic(file, JSON.stringify(config));
      this.#isKept = true;
    } catch (error) {
      const message = "the new configuration is used, but cannot be written for the next start: make room on the disk, let the agent write this file";
      if (this.#isKept) this.#options.warn(message, { file, error: String(error) });
      this.#isKept = false;
    }
  }
}

/** What the collector offers, or in one sentence why that is nothing. */
async function asked(client: CollectorClient, signal: AbortSignal): Promise<AgentConfig | string> {
  const reply = await client
    .send({ method: "GET", path: "/v1/config", signal })
    .catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  if (typeof reply === "string") return reply;
  if (reply.status !== 200) return `status ${reply.status} ${reply.problem?.code ?? ""}`;
  const offered = AgentConfig.safeParse(reply.body);
  if (offered.success) return offered.data;
  const issue = offered.error.issues[0];
  return `not valid: ${issue?.path.join(".")}: ${issue?.message}`;
}

function configFile(dataDir: string): string {
  return join(dataDir, "config.json");
}
