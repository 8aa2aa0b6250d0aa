import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ConfigStore, readKeptConfig } from "../../agent/config-store.ts";
import { openSeal } from "../../agent/open-seal.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { configKeyOf, newConfigKey, openedSeal, sealConfig } from "../../collector/auth/seal-config.ts";
import { AgentConfig, SealedConfig } from "../../schemas/agent-config.ts";
import { plan, calendar as vietnam } from "../support/facts.ts";
import { FakeCollector } from "../support/fake-collector.ts";
import { memoryFolder } from "../support/temporary-folder.ts";

const NOW_MS = Date.parse("2026-11-28T02:00:00.000Z");
const agent = "agt-0123456789abcdef";
const { privatePem, publicKey } = newConfigKey();
const key = configKeyOf(privatePem);
if (!key) throw new Error("the key that was just made is none");

const sealed = (more: Partial<SealedConfig> = {}) =>
  SealedConfig.parse({
    version: 2_000_007,
    issuedAt: "2026-11-01T00:00:00.000Z",
    expiresAt: "2027-11-01T00:00:00.000Z",
    centre: { code: "mot", name: "Xã Một", keyArea: false, devices: [] },
    policy: plan,
    calendar: vietnam,
    measureServers: [],
    ...more,
  });
const offered = (more: Partial<SealedConfig> = {}, by = key) => {
  const { expiresAt: _, ...config } = sealed(more);
  return AgentConfig.parse({ ...config, agent, seal: sealConfig(sealed(more), by) });
};
const view = { configKey: publicKey, centre: "mot", usedVersion: 2_000_007, nowMs: NOW_MS };

describe("a signed configuration", () => {
  it("is taken from its signed part alone", () => {
    const changed = { ...offered(), centre: { ...offered().centre, name: "somebody else's" }, measureServers: [{ id: "evil", url: "https://evil.example" }] };
    const opened = openSeal(changed, view);
    expect(opened).toMatchObject({ config: { agent, centre: { name: "Xã Một" }, measureServers: [] } });
    expect(openedSeal(sealConfig(sealed(), key), publicKey)?.version).toBe(2_000_007);
  });

  const other = generateKeyPairSync("ed25519").privateKey;
  const bent = (config: AgentConfig) => ({
    ...config,
    seal: { payload: config.seal?.payload.replace("mot", "hai") ?? "", signature: config.seal?.signature ?? "" },
  });
  it.each<[string, AgentConfig, Partial<typeof view>, string]>([
    ["without a signature", { ...offered(), seal: undefined }, {}, "not signed"],
    ["of another key", offered({}, other), {}, "signature is not of the key"],
    ["with a changed text", bent(offered()), {}, "signature is not of the key"],
    ["older than the one in use", offered({ version: 2_000_006 }), {}, "is older than"],
    ["for another centre", offered({ centre: { code: "hai", name: "Hai", keyArea: false, devices: [] } }), {}, "for centre hai"],
    ["past its end", offered(), { nowMs: Date.parse("2028-01-01T00:00:00.000Z") }, "ended at"],
    ["with a key that is none", offered(), { configKey: "no key" }, "signature is not of the key"],
  ])("%s is refused", (_, config, more, reason) => {
    expect(openSeal(config, { ...view, ...more })).toEqual({ refused: expect.stringContaining(reason) });
  });
});

describe("an agent that knows the province's key", () => {
  const ask = async (config: AgentConfig, dataDir: string) => {
    const collector = await FakeCollector.start({ config });
    onTestFinished(() => collector.stop());
    const warned: string[] = [];
    const client = new CollectorClient({ url: collector.url, version: "test" });
    const owner = { agent, centre: "mot", configKey: publicKey };
    const store = new ConfigStore({ dataDir, owner, warn: (_message, fields) => void warned.push(String(fields?.reason)) });
    const taken = await store.fetch(client, new AbortController().signal);
    return { taken, warned, kept: readKeptConfig(dataDir, owner) };
  };

  it("takes a newer one, and keeps what it has when an older or an unsigned one is offered", async () => {
    const dataDir = memoryFolder();
    expect((await ask(offered(), dataDir)).taken?.version).toBe(2_000_007);
    const older = await ask(offered({ version: 2_000_001 }), dataDir);
    expect(older).toMatchObject({ taken: undefined, warned: [expect.stringContaining("older")], kept: { version: 2_000_007 } });
    const unsigned = await ask({ ...offered({ version: 2_000_009 }), seal: undefined }, dataDir);
    expect(unsigned).toMatchObject({ taken: undefined, warned: [expect.stringContaining("not signed")], kept: { version: 2_000_007 } });
  });

  it("does not use a kept file that somebody has changed", async () => {
    const dataDir = memoryFolder();
    await ask(offered(), dataDir);
    const file = join(dataDir, "config.json");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("Xã Một", "Xã Khác"));
    expect(readKeptConfig(dataDir, { agent, centre: "mot", configKey: publicKey })).toBeUndefined();
  });
});
