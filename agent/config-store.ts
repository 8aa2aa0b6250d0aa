import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentConfig } from "#schemas/agent-config.ts";
import type { AgentId } from "#schemas/ids.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import type { CollectorClient } from "./uplink/collector-client.ts";

/** The last good configuration on disk; undefined when there is none or when it is for another agent. */
export function readKeptConfig(dataDir: string, agent: AgentId): AgentConfig | undefined {
  try {
    const config = AgentConfig.parse(JSON.parse(readFileSync(configFile(dataDir), "utf8")));
    return config.agent === agent ? config : undefined;
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
  agent: AgentId,
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
  const config = AgentConfig.safeParse(reply.body);
  if (!config.success) {
    const issue = config.error.issues[0];
    warn(`not valid: ${issue?.path.join(".")}: ${issue?.message}`);
    return undefined;
  }
  if (config.data.agent !== agent) {
    warn("it is for another agent");
    return undefined;
  }
  writeFileAtomic(configFile(dataDir), JSON.stringify(config.data));
  return config.data;
}

function configFile(dataDir: string): string {
  return join(dataDir, "config.json");
}
