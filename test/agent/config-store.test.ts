import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { ConfigStore, readKeptConfig } from "../../agent/config-store.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { configKeyOf, newConfigKey, sealConfig } from "../../collector/auth/seal-config.ts";
import { AgentConfig, SealedConfig } from "../../schemas/agent-config.ts";
import { plan, calendar as vietnam } from "../support/facts.ts";
import { FakeCollector } from "../support/fake-collector.ts";
import { memoryFolder } from "../support/temporary-folder.ts";

const { privatePem, publicKey: configKey } = newConfigKey();
const key = configKeyOf(privatePem);
if (!key) throw new Error("the key that was just made is none");
const owner = { agent: "agt-0123456789abcdef", centre: "mot", configKey } as const;

function offered(version: number): AgentConfig {
  const content = { version, issuedAt: "2026-11-01T00:00:00.000Z", centre: { code: "mot", name: "Mot", devices: [] }, policy: plan, calendar: vietnam };
  const sealed = SealedConfig.parse({ ...content, expiresAt: "2999-01-01T00:00:00.000Z", measureServers: [] });
  const { expiresAt: _, ...config } = sealed;
  return AgentConfig.parse({ ...config, agent: owner.agent, seal: sealConfig(sealed, key as NonNullable<typeof key>) });
}

it("a configuration that the disk does not take is used all the same; the file is named once, and an older one does not come back", async () => {
  const collector = await FakeCollector.start({ config: offered(7) });
  onTestFinished(() => collector.stop());
  const dataDir = memoryFolder();
  const file = join(dataDir, "config.json");
  // A folder in its place refuses the rename.
  mkdirSync(join(file, "in-the-way"), { recursive: true });
  const warned: string[] = [];
  const store = new ConfigStore({ dataDir, owner, warn: (message, fields) => void warned.push(`${message} ${JSON.stringify(fields)}`) });
  const client = new CollectorClient({ url: collector.url, version: "test" });
  const fetched = async () => (await store.fetch(client, new AbortController().signal))?.version;

  expect(await fetched()).toBe(7);
  expect(await fetched()).toBe(7);
  expect(warned).toEqual([expect.stringContaining(file)]);
  expect(warned[0]).toContain("make room on the disk");

  collector.options.config = offered(6);
  expect(await fetched()).toBeUndefined();
  expect(warned.at(-1)).toContain("older than 7");

  collector.options.config = offered(8);
  rmSync(file, { recursive: true });
  expect(await fetched()).toBe(8);
  expect(readKeptConfig(dataDir, owner)?.version).toBe(8);
  expect(warned).toHaveLength(2);
});
