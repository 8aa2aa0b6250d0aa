import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { keyOf, readIdentity } from "../../agent/identity.ts";
import { CollectorClient } from "../../agent/uplink/collector-client.ts";
import { accessTable } from "../../collector/routes/access-table.ts";
import { migrate } from "../../collector/store/migrate.ts";
import { openStore } from "../../collector/store/open.ts";
import { putLetter } from "../../collector/store/outbox.ts";
import { makeRoles } from "../../collector/store/roles.ts";
import { setting } from "../../collector/store/settings.ts";
import { findSite, importCentres } from "../../collector/store/sites.ts";
import { agentCommand } from "../support/agent-command.ts";
import { Canaries, type CanaryHit } from "../support/canaries.ts";
import { startCanaryDevices } from "../support/canary-devices.ts";
import { startEchoingServices } from "../support/canary-services.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { freeTcpPort } from "../support/free-port.ts";
import { openBrowser } from "../support/http-browser.ts";
import { nodeFlags } from "../support/node-flags.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRecordingRelay } from "../support/recording-relay.ts";
import { requirePeer } from "../support/require-peer.ts";
import { projectRoot } from "../support/source-files.ts";
import { memoryFolder } from "../support/temporary-folder.ts";
import { testCertificate } from "../support/test-certificate.ts";

/** With it an agent runs, too, on a LAN of devices that give back what opens them: `npm run chaos -- canaries`. */
const WITH_AGENT = process.env.HCC_CANARIES_AGENT === "1";
const LIMIT_MS = 120_000;
const recipients = [
  { owner: "*", channel: "smtp", to: "a@example.vn" },
  { owner: "*", channel: "webhook", to: "hook" },
  { owner: "*", channel: "zalo", to: "chat" },
] as const;
/** Made by the collector once per database, in the database: whoever has a dump has them. */
const sharedSecrets = ["measure_secret", "nonce_secret", "browser_secret"];

it.skipIf(!requirePeer("postgres", "openssl"))(
  "no secret of a collector and its agents stands in a log, body, page, dump, backup, child or core file",
  async () => {
    const canaries = new Canaries();
    const hits: CanaryHit[] = [];
    const look = (place: string, bytes: Buffer | string, atHome?: readonly string[]) => void hits.push(...canaries.in(place, bytes, atHome));
    const folder = memoryFolder();

    // The database, with what the collector will trip over: three letters that nobody takes.
    const database = await startPostgres();
    onTestFinished(() => database.stop());
    const ownerUrl = database.url.replace("hcc@", `hcc:${canaries.plant("database password")}@`);
    const store = await openStore({ databaseUrl: ownerUrl, dataDir: "unused" });
    await migrate(store.db, Date.now());
    const devices = [{ id: "nvr-1", role: "recorder" as const, address: "127.0.0.1" }];
    await importCentres(store.db, [{ code: "mot", name: "Xã Một", keyArea: false, devices }], Date.now());
    const { siteId = 0 } = (await findSite(store.db, "mot")) ?? {};
    for (const recipient of recipients) {
      const planned = {
        key: `canary-${recipient.channel}`,
        recipient: { ...recipient, hours: "always", perHour: 12, digests: false },
        siteId,
        held: false,
      };
      await putLetter(store.db, { ...planned, message: { kind: "test", link: "https://localhost/" } } as never, Date.now());
    }
    const roles = await makeRoles(store.db);
    const roleUrl = (role: keyof typeof roles) => ownerUrl.replace(/hcc:[^@]+/, `${role}:${canaries.know(`password of ${role}`, roles[role])}`);

    // The collector as a program: TLS, two roles of the database, channels and a sign-on service that refuse and give back what they heard.
    const services = await startEchoingServices();
    onTestFinished(() => services.close());
    const { certFile, keyFile, ca } = testCertificate(folder);
    canaries.know("TLS key", readFileSync(keyFile, "utf8").split("\n")[1] ?? "");
    const notify = {
      smtp: { url: `smtp://hcc:${canaries.plant("mail password")}@127.0.0.1:${services.mailPort}`, from: "hcc@example.vn" },
      webhooks: [
        {
          name: "hook",
          url: `${services.webUrl}/hook?key=${canaries.plant("webhook key")}`,
          secret: canaries.plant("webhook secret"),
          headers: { "X-Key": canaries.plant("webhook header") },
          success: "taken",
        },
      ],
      zalo: { baseUrl: services.webUrl, token: canaries.plant("Zalo token") },
      alertmanager: { url: services.webUrl, user: "hcc", password: canaries.plant("Alertmanager password") },
      recipients,
    };
    const signOn = {
      issuer: services.webUrl,
      clientId: "hcc",
      clientSecret: canaries.plant("OIDC client secret"),
      name: { vi: "SSO", en: "SSO" },
      roles: [{ claim: "g", value: "v", roles: ["viewer"] }],
    };
    writeFileSync(join(folder, "notify.json"), JSON.stringify(notify));
    writeFileSync(join(folder, "oidc.json"), JSON.stringify(signOn));
    const [port, measurePort, data, cwd] = [await freeTcpPort(), await freeTcpPort(), join(folder, "data"), join(folder, "cwd")];
    mkdirSync(cwd);
    const environment = {
      DATABASE_URL: ownerUrl,
      HCC_DATABASE_INGEST_URL: roleUrl("hcc_ingest"),
      HCC_DATABASE_API_URL: roleUrl("hcc_api"),
      HCC_PORT: String(port),
      HCC_MEASURE_PORT: String(measurePort),
      HCC_DATA: data,
      HCC_LOG_LEVEL: "debug",
      HCC_TLS_CERT: certFile,
      HCC_TLS_KEY: keyFile,
      HCC_NOTIFY: join(folder, "notify.json"),
      HCC_OIDC: join(folder, "oidc.json"),
    };
    const serving = startProgram("collector/main.ts", ["serve"], cwd, environment);
    const url = `https://localhost:${port}`;
    await until(() => serving.out().includes(url), serving.err);
    for (const key of sharedSecrets) canaries.know(key, String(await setting(store.db, key)));
    for (const [name, words] of childrenOf(serving.child.pid ?? 0)) look(name, words);
    expect(coreLimit(serving.child.pid ?? 0)).toBe("0");

    /** One command of the collector's program with the same settings. What it says is what it was asked for. */
    const collector = async (...words: string[]) => (await collectorCommand(words, environment)).said;

    // People: an account by its link, a wrong and a right password, a token, every page and every answer for programs.
    const added = await collector("people", "add", "--login", "lan", "--name", "Lan", "--roles", "admin,viewer,operator,auditor");
    const link = canaries.know("password link", /#([\w-]{43})/.exec(added)?.[1] ?? "");
    const password = canaries.plant("password");
    const browser = openBrowser(url, { ca });
    look("answer", (await browser.send("/password", { code: link, password, again: password })).html);
    canaries.know("session", browser.jar.get("__Host-hcc-session") ?? "");
    const mistyped = openBrowser(url, { ca });
    look("refused login", (await mistyped.send("/login", { login: "lan", password: canaries.plant("mistyped password") })).html);
    look(
      "refused link",
      (await mistyped.send("/password", { code: canaries.plant("wrong link"), password: canaries.plant("refused password"), again: "x" })).html,
      ["wrong link"],
    );
    const made = await browser.send("/tokens", { name: "IOC", role: "viewer", days: "30" });
    const token = canaries.know("API token", /hcc_[\w-]{43}/.exec(made.html)?.[0] ?? "");
    const program = openBrowser(url, { ca });
    for (const line of Object.keys(accessTable)) {
      const [method, pattern = ""] = line.split(" ");
      if (method !== "GET" || pattern === "/live") continue;
      const path = pattern
        .replace(":code", "mot")
        .replace(":month", "2026-10")
        .replace(":file", "mot.html")
        .replace(":requirement", "R05")
        .replace(/:\w+/, "1");
      const query = pattern === "/waivers" || pattern === "/v1/findings" ? "?centre=mot" : "";
      // The headers first: a workbook is read as text here, in which its entries, which are stored as they are, can be seen and its directory cannot.
      for (const page of [await browser.get(path + query), await program.get(path + query, { authorization: `Bearer ${token}` })])
        look(`${line} ${page.status}`, `${JSON.stringify(page.headers)} ${page.html}`);
    }
    const stranger = openBrowser(url, { ca });
    const begun = await stranger.get("/login/sign-on");
    const state = new URL(begun.location).searchParams.get("state");
    look("sign-on", (await stranger.get(`/login/sign-on/back?code=x&state=${state}&iss=${encodeURIComponent(services.webUrl)}`)).html);
    look("notify test", await collector("notify", "test").catch(String));

    // An agent, over a relay that keeps what both sides say.
    const relay = await startRecordingRelay(port, ca);
    onTestFinished(() => relay.close());
    const agentFolder = join(folder, "agent");
    const code = canaries.know("enrolment code", (await collectorCommand(["enrol-code", "mot"], environment)).out);
    look("enrol", (await agentCommand(["enrol", code, "--collector", relay.url], { folder: agentFolder })).order.join(""));
    const identity = readIdentity(agentFolder);
    if (!identity) throw new Error("the agent is not enrolled");
    const key = keyOf(agentFolder, identity);
    canaries.know("agent key", key.export({ type: "pkcs8", format: "pem" }).toString().split("\n")[1] ?? "");
    const client = new CollectorClient({ url: relay.url, version: "test", signer: { agent: identity.agent, key } });
    for (const path of ["/v1/config", "/v1/nothing"]) await client.send({ method: "GET", path, signal: AbortSignal.timeout(10_000) });
    if (WITH_AGENT) await runOnLan(canaries, agentFolder, relay.url, look);
    for (const { path, text } of relay.heard) look(`body of ${path}`, text, path === "/v1/enrol" ? ["enrolment code"] : []);

    // What is kept: the database as a dump and as a backup, the folders.
    await until(() => ["smtp", "webhook", "zalo"].every((channel) => serving.err().includes(`"channel":"${channel}"`)), serving.err);
    look("dump", execFileSync("/usr/lib/postgresql/15/bin/pg_dump", ["-h", "127.0.0.1", "-p", String(database.port), "-U", "hcc", "postgres"]), sharedSecrets);
    await collector("backup", "--out", join(folder, "backup"));
    look("backup", readFileSync(join(folder, "backup")), sharedSecrets);

    // The database dies, people go on asking, the collector crashes.
    await store.close();
    await database.crash();
    for (const path of ["/", "/account", "/v1/centres"]) look(`${path} without a database`, (await browser.get(path)).html);
    look("login without a database", (await mistyped.send("/login", { login: "lan", password })).html);
    await until(() => serving.err().includes("a request failed"), serving.err);
    serving.child.kill("SIGABRT");
    await until(() => serving.child.signalCode !== null, serving.err);
    expect(readdirSync(cwd)).toEqual([]);
    look("log", serving.err());
    hits.push(...canaries.inFolder(data, { "measure-secret": ["measure_secret"] }), ...canaries.inFolder(agentFolder, { ".key": ["agent key"] }));
    expect(hits).toEqual([]);

    // The search finds what is there: what the administrator asked for, and the settings themselves.
    expect(canaries.in("asked for", made.html)).toEqual([{ secret: "API token", place: "asked for" }]);
    expect(canaries.in("settings", readFileSync(join(folder, "notify.json"))).map(({ secret }) => secret)).toEqual([
      "mail password",
      "webhook key",
      "webhook secret",
      "webhook header",
      "Zalo token",
      "Alertmanager password",
    ]);
  },
  4 * LIMIT_MS,
);

type Program = { readonly child: ChildProcess; readonly out: () => string; readonly err: () => string };

/** Starts a program in a folder in which it would leave a core file if it could; it ends with the test. */
function startProgram(file: string, words: readonly string[], cwd: string, environment: Record<string, string>): Program {
  const program = [process.execPath, ...nodeFlags, join(projectRoot, file), ...words];
  const child = spawn("sh", ["-c", 'ulimit -c unlimited && exec "$0" "$@"', ...program], { cwd, env: { ...process.env, ...environment } });
  onTestFinished(() => void child.kill("SIGKILL"));
  const said = { out: "", err: "" };
  for (const name of ["out", "err"] as const)
    child[`std${name}`].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  return { child, out: () => said.out, err: () => said.err };
}

async function until(holds: () => boolean, what: () => string): Promise<void> {
  const end = Date.now() + LIMIT_MS;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`not reached: ${what().slice(-2_000)}`);
    await sleep(50);
  }
}

/** Command line and environment of every process that a program has started. */
function childrenOf(pid: number): [string, string][] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return children.flatMap((child): [string, string][] => [
    [`command line of ${child}`, readFileSync(`/proc/${child}/cmdline`, "utf8")],
    [`environment of ${child}`, readFileSync(`/proc/${child}/environ`, "utf8")],
    ...childrenOf(child),
  ]);
}

function coreLimit(pid: number): string | undefined {
  return /^Max core file size\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1];
}

/** Runs the agent as a program until it has asked every device, then has it make a bundle, and kills it. */
async function runOnLan(canaries: Canaries, folder: string, url: string, look: (place: string, bytes: Buffer | string) => void): Promise<void> {
  const devices = await startCanaryDevices(canaries);
  onTestFinished(() => devices.close());
  for (const [name, secret] of Object.entries(devices.credentials))
    await agentCommand(["creds", "add", name], { folder, terminal: { readSecret: async () => secret } });
  writeFileSync(join(folder, "hcc-agent.json"), JSON.stringify({ localTest: true, targets: devices.targets }));
  const environment = { HCC_AGENT_DATA: folder, HCC_LOG_LEVEL: "debug", HCC_COLLECTOR_URL: url };
  const agent = startProgram("agent/main.ts", ["run", "--no-splay"], folder, environment);
  const asked = ["camera-presence", "camera-stream", "vms-link", "recording-depth", "recording-watch", "wifi-clients", "office-devices", "link-bandwidth"];
  await until(() => asked.every((name) => new RegExp(`"assignment":"${name}[^"]*","outcome"`).test(agent.err())), agent.err);
  look("command line of the agent", readFileSync(`/proc/${agent.child.pid}/cmdline`, "utf8"));
  const bundle = await agentCommand(["self-check", "--quick", "--bundle", join(folder, "bundle.zip")], { folder });
  look("self-check", bundle.order.join(""));
  agent.child.kill("SIGABRT");
  await until(() => agent.child.signalCode !== null, agent.err);
  look("log of the agent", agent.err());
  look("requests at recorders", devices.heard().join("\n"));
}
