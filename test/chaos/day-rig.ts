import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { AgentConfig } from "#schemas/agent-config.ts";
import vn from "#schemas/calendars/vn.json" with { type: "json" };
import { bundledPolicy } from "../../agent/bundled-policy.ts";
import { Credentials } from "../../agent/credentials.ts";
import { publicKeyText } from "../../agent/identity.ts";
import { FakeCollector } from "../support/fake-collector.ts";
import { memoryParent } from "../support/memory-parent.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { healthy } from "../support/recorder/scenario.ts";
import { startRecorder } from "../support/recorder/start-recorder.ts";

/** A centre on loopback for `day-agent.ts`: a collector, a portal, a recorder with a password. Runs in a network namespace of its own, so that nothing leaves it. */
// In memory: a fsync of this disk takes minutes of the agent's clock.
const folder = mkdtempSync(join(memoryParent(), "hcc-day-"));
const recorder = await startRecorder(healthy(Date.now, { login: { kind: "digest-md5", user: "viewer", password: "day-password" } }));
const portal = createServer((_, response) => response.end("<title>Cổng dịch vụ công</title>")).listen(0, "127.0.0.1");
await once(portal, "listening");
const web = `http://127.0.0.1:${(portal.address() as AddressInfo).port}/`;
const config = AgentConfig.parse({
  agent: "agt-0123456789abcdef",
  version: 1,
  issuedAt: new Date().toISOString(),
  centre: { code: "centre-a", name: "A", devices: [{ id: "nvr-1", role: "recorder", address: "127.0.0.1" }] },
  policy: { ...bundledPolicy, portals: ["a", "b", "c"].map((id) => ({ id, name: { vi: id, en: id }, url: web, everyMinutes: 5 })) },
  calendar: vn,
  measureServers: [],
});
const collector = await FakeCollector.start({ config });
const { privateKey } = generateKeyPairSync("ed25519");
collector.publicKey = publicKeyText(privateKey);
writeFileSync(
  join(folder, "agent.json"),
  JSON.stringify({ agent: collector.agent, centre: "centre-a", collector: collector.url, enrolledAt: new Date().toISOString() }),
);
writeFileSync(join(folder, `${collector.agent}.key`), privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
new Credentials(folder).add("nvr", JSON.stringify({ port: recorder.port, user: "viewer", password: "day-password" }));

const words = [
  "--expose-gc",
  "--max-semi-space-size=2",
  ...nodeFlags,
  join(import.meta.dirname, "day-agent.ts"),
  folder,
  collector.url,
  ...process.argv.slice(2),
];
const agent = spawn(process.execPath, words, { stdio: ["ignore", "inherit", "inherit"] });
const [code] = await once(agent, "exit");
rmSync(folder, { recursive: true, force: true });
process.exit(code ?? 1);
