import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Observation, Outcome, ProbeKind, Reading } from "#schemas/observation.ts";
import { restsOnWords } from "#schemas/policy.ts";
import { bundledPolicy } from "../../../agent/bundled-policy.ts";
import { LocalConfig, type Settings } from "../../../agent/config.ts";
import { judgePlan } from "../../../agent/selfcheck/judge-plan.ts";
import { plainLook, type Report, renderJson, renderJsonLines, renderNagios, renderText } from "../../../agent/selfcheck/render.ts";
import { type CheckResult, exitCodeOf, localOnly, phrase, say } from "../../../agent/selfcheck/result.ts";
import { checksByGroup, isCheckId, selfCheck } from "../../../agent/selfcheck/selfcheck.ts";
import type { Surroundings } from "../../../agent/selfcheck/surroundings.ts";
import type { SpoolView } from "../../../agent/spool/read-spool.ts";
import type { AgentStatus } from "../../../agent/status.ts";
import { agentCommand } from "../../support/agent-command.ts";
import { observation } from "../../support/observations.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const nowMs = Date.UTC(2026, 10, 28, 3);
const measured = (readings: Extract<Outcome, { kind: "measured" }>["readings"], evidence?: object): Outcome => ({
  kind: "measured",
  readings,
  ...(evidence !== undefined && { evidence: evidence as Record<string, never> }),
});

const portalUp = measured([
  { metric: "portal_up", value: 1 },
  { metric: "portal_dns_ms", value: 4 },
  { metric: "portal_tcp_ms", value: 9 },
  { metric: "portal_tls_ms", value: 20 },
  { metric: "portal_ttfb_ms", value: 84 },
  { metric: "portal_status", value: 200 },
]);
const hostFine = measured([
  { metric: "gateway_up", value: 1 },
  { metric: "dns_resolve_ms", value: 12 },
  { metric: "nic_speed_mbps", value: 1_000 },
  { metric: "lan_neighbours", value: 7 },
]);
const ending = (segment: string) => measured([{ metric: "segment_up", value: 0, labels: { segment } }]);
const lineFine = measured([
  { metric: "segment_up", value: 1, labels: { segment: "provider" } },
  { metric: "hop_up", value: 1, labels: { hop: "gateway" } },
  { metric: "loss_percent", value: 0, labels: { hop: "gateway" } },
  { metric: "rtt_avg_ms", value: 0.8, labels: { hop: "gateway" } },
  { metric: "jitter_ms", value: 0.1, labels: { hop: "gateway" } },
]);
const cameras = measured([
  { metric: "camera_up", value: 1, labels: { camera: "cam-01" } },
  { metric: "camera_up", value: 0, labels: { camera: "cam-02" } },
]);
const allFine: Partial<Record<ProbeKind, Outcome>> = {
  host: hostFine,
  "link-quality": lineFine,
  "portal-http": portalUp,
  "camera-presence": cameras,
  "vms-link": { kind: "skipped", reason: "no_target" },
};

const status: AgentStatus = {
  at: new Date(nowMs - 5_000).toISOString(),
  version: "1.0.3",
  startedAt: new Date(nowMs - 86_400_000).toISOString(),
  agent: "agt-0123456789abcdef",
  centre: "ia-grai",
  clock: { state: "ok", offsetMs: 300 },
  uplink: { attempts: 0, lastSuccessAt: new Date(nowMs - 20_000).toISOString() },
  spool: { stream: "0123456789abcdef", durable: true, waiting: 0, frozen: 0, answered: 90, deadLetters: 0, suspects: 0, lost: 0, bytes: 40_960, lastSeq: 90 },
  assignments: [],
  refused: [],
};

/** An uplink whose last try met a certificate that is not valid at this PC's time. */
const undated: AgentStatus["uplink"] = { attempts: 3, lastError: "certificate has expired", dateFault: "CERT_HAS_EXPIRED" };

function spoolView(more: Partial<SpoolView["status"]> = {}): SpoolView {
  const slow = observation(0, { probe: "link-bandwidth", takenAt: new Date(nowMs - 3 * 3_600_000).toISOString(), target: "m1" });
  const outcome = measured([
    { metric: "download_mbps", value: 168, labels: { server: "m1" } },
    { metric: "upload_mbps", value: 172, labels: { server: "m1" } },
  ]);
  const runs = [{ ...slow, seq: 88, outcome }];
  return {
    status: { ...status.spool, ...more },
    ...holding(runs),
    oldestMs: nowMs - 86_400_000,
    days: { presence: [], peaks: [], pages: [] },
    sound: true,
    setAside: 0,
  };
}

/** What a spool reads that holds these runs, newest first. */
function holding(runs: readonly Observation[]): Pick<SpoolView, "recent" | "within"> {
  const of = (kind: string) => runs.filter(({ probe }) => probe === kind);
  return {
    recent: (probe, limit) => of(probe).slice(0, limit),
    within: (probe, { fromMs, toMs }) => of(probe).filter(({ takenAt }) => fromMs < Date.parse(takenAt) && Date.parse(takenAt) <= toMs),
  };
}

/** A spool that knows one run of one probe. */
function remembering(kind: ProbeKind, outcome: Outcome, hours: number): ReturnType<typeof holding> {
  return holding([{ ...observation(0, { probe: kind, takenAt: new Date(nowMs - hours * 3_600_000).toISOString(), outcome }), seq: 88 }]);
}

function rates(down: number | undefined, up: number): Outcome {
  const labels = { server: "m1" };
  return measured([...(down === undefined ? [] : [{ metric: "download_mbps", value: down, labels } as const]), { metric: "upload_mbps", value: up, labels }]);
}

function settings(more: Partial<LocalConfig> = {}): Settings {
  const local = LocalConfig.parse({ allowedSubnets: ["10.1.0.0/16"], ...more });
  return {
    dataDir: temporaryFolder(),
    collectorUrl: "https://hcc.gialai.example/",
    lang: "vi",
    logLevel: "info",
    caFile: undefined,
    filesDir: "/tmp",
    local,
    file: "/etc/hcc-agent.json",
  };
}

/** A centre in which all is well except a slow line and a silent camera. */
function surroundings(more: Partial<Surroundings> = {}): Surroundings {
  const targets = [{ id: "cam-01", role: "camera" as const, address: "10.1.0.21" }];
  return {
    settings: settings({ targets }),
    version: "1.0.3",
    nodeVersion: "24.0.0",
    nowMs,
    quick: false,
    disk: () => ({ freeBytes: 81 * 1024 ** 3, totalBytes: 256 * 1024 ** 3 }),
    identity: { agent: "agt-0123456789abcdef", centre: "ia-grai", collector: "https://hcc.gialai.example/", enrolledAt: "2026-09-01T00:00:00.000Z" },
    status,
    spool: spoolView(),
    config: undefined,
    policy: bundledPolicy,
    collectorUrl: "https://hcc.gialai.example/",
    ca: undefined,
    run: async (probe) => allFine[probe] ?? { kind: "failed", reason: "timeout", detail: "no result within 5000 ms" },
    testSpeed: undefined,
    fresh: [],
    faults: [],
    ...more,
  };
}

const check = (more: Partial<Surroundings> = {}, only?: string) => selfCheck(surroundings(more), { judge: judgePlan, only });
const line = (results: readonly CheckResult[], id: string) => results.find((result) => result.id === id);
const runWith =
  (outcomes: Partial<Record<ProbeKind, Outcome>>): Surroundings["run"] =>
  async (probe) =>
    outcomes[probe] ?? allFine[probe] ?? { kind: "skipped", reason: "no_target" };

function report(results: readonly CheckResult[]): Report {
  return { results, centre: "ia-grai", agent: "agt-0123456789abcdef", version: "1.0.3", policy: bundledPolicy, startedMs: nowMs, offline: false };
}

describe("telephone numbers of the province", () => {
  it("stand with each line that somebody else has to mend, in words and for programs", async () => {
    const results = await check({ config: { phones: { isp: "1800 1166", dost: "0269 222" }, measureServers: [], centre: { devices: [] } } as never });
    const slow = results.find(({ owner }) => owner !== undefined && "key" in owner && owner.key === "owner.isp");
    expect(slow?.phone).toBe("1800 1166");
    expect(renderText(report(results), "vi", plainLook)).toContain("(Nhà mạng, điện thoại 1800 1166)");
    expect(JSON.parse(renderJson(report(results))).checks.some((one: { phone?: string }) => one.phone === "1800 1166")).toBe(true);
    expect(results.filter(({ owner, phone }) => owner === undefined && phone !== undefined)).toEqual([]);
    expect(renderText(report(await check()), "vi", plainLook)).not.toContain("điện thoại");
  });
});

it("what is counted over all reception points of a centre is not called missing by the PC of one", async () => {
  const centre = { code: "ia-grai", name: "Ia Grai", officers: 9, keyArea: false, devices: [{ id: "pc-1", role: "officer-pc", address: "10.1.0.5" }] };
  const results = async (more: object) => check({ config: { measureServers: [], centre, ...more } as never });
  expect(line(await results({}), "plan.R10")).toMatchObject({ state: "fail" });
  const part = line(await results({ otherPoints: ["ia-ly"] }), "plan.R10");
  expect(part).toMatchObject({ state: "elsewhere", detail: { key: "selfcheck.detail.counted_elsewhere" } });
  expect(part).not.toHaveProperty("measured");
  expect(line(await results({ otherPoints: ["ia-ly"] }), "plan.R15")).toMatchObject({ state: "not_applicable" });
});

it("what keeps a requirement open in the province's lists has its next step; a PC that knows none of them yet has nobody to send there", async () => {
  const centre = { code: "ia-grai", name: "Ia Grai", keyArea: false, devices: [] };
  const enrolled = line(await check({ config: { measureServers: [], centre } as never }), "plan.R10");
  expect(enrolled).toMatchObject({ state: "unknown", owner: { key: "owner.province-it" } });
  expect(enrolled?.hint && say("vi", enrolled.hint)).toBe("Khai số cán bộ của trung tâm trong danh sách trung tâm.");
  const stranger = line(await check({ config: undefined }), "plan.R10");
  expect(stranger).toMatchObject({ state: "unknown" });
  expect(stranger).not.toHaveProperty("hint");
});

it("what is demanded at the main office alone is not held against another point", async () => {
  const requirements = bundledPolicy.requirements.map((own) => (own.id === "R01" ? { ...own, points: "main" as const } : own));
  const at = async (config: object) =>
    check({
      config: { measureServers: [], centre: { code: "ia-grai", name: "Ia Grai", keyArea: false, devices: [] }, ...config } as never,
      policy: { ...bundledPolicy, requirements },
    });
  expect(line(await at({ point: "ia-ly", otherPoints: ["main"] }), "plan.R01")).toMatchObject({
    state: "elsewhere",
    detail: { key: "selfcheck.detail.main_office" },
  });
  expect(line(await at({ otherPoints: ["ia-ly"] }), "plan.R01")).not.toMatchObject({ state: "elsewhere" });
});

describe("the printed report", () => {
  // On Windows the line of the key files says that rights are not looked at.
  const asAgreed = it.skipIf(process.platform === "win32");

  asAgreed.each(["vi", "en"] as const)("%s reads as agreed", async (lang) => {
    const results = (await check()).filter(({ group }) => group !== "plan");
    const golden = join(import.meta.dirname, "golden", `self-check.${lang}.txt`);
    await expect(renderText(report(results), lang, plainLook)).toMatchFileSnapshot(golden);
  });

  asAgreed.each(["vi", "en"] as const)("%s reads as agreed on a terminal, in colour", async (lang) => {
    const results = (await check()).filter(({ group }) => group !== "plan");
    const golden = join(import.meta.dirname, "golden", `self-check.tty.${lang}.txt`);
    await expect(renderText(report(results), lang, { colour: true, asciiOnly: false })).toMatchFileSnapshot(golden);
  });

  it("needs no sign beyond ASCII where a console has none; the words stay", async () => {
    const broken = runWith({ "link-quality": ending("line"), "portal-http": measured([{ metric: "portal_up", value: 0 }], { error: "ETIMEDOUT" }) });
    const results = [...(await check()), ...(await check({ run: broken }, "wan"))];
    const said = renderText(report(results), "en", { colour: false, asciiOnly: true });
    const saidInVietnamese = renderText(report(results), "vi", { colour: false, asciiOnly: true });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: line ends are the only control characters
    for (const one of [said, saidInVietnamese]) expect(one.replace(/[À-ỹ]/g, "")).toMatch(/^[\u000a\u0020-\u007e]*$/);
    expect(said).toContain('technical detail: "ETIMEDOUT"');
    expect(saidInVietnamese).toContain("đường truyền (bộ định tuyến - nhà mạng)");
    expect(said).toContain("[! warning]");
    expect(said).toContain("-> Call the Internet provider");
  });

  it("as lines of JSON: one complete object per check", async () => {
    const results = await check({}, "wan");
    const lines = renderJsonLines(report(results))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ id }) => id)).toEqual(results.map(({ id }) => id));
    for (const one of lines) expect(one).toMatchObject({ schema: "self-check/1", started: expect.any(String), state: expect.any(String) });
  });

  it("has colours only where they are wanted, and words always", async () => {
    const results = await check();
    const coloured = renderText(report(results), "vi", { colour: true, asciiOnly: false });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for escape sequences
    expect(coloured.replace(/\u001b\[\d+m/g, "")).toBe(renderText(report(results), "vi", plainLook));
    expect(coloured).toContain("\u001b[33m");
    expect(coloured).toContain("cảnh báo");
  });

  it("as Nagios: one line, summary first, numbers behind the bar", async () => {
    const said = renderNagios(report(await check({}, "wan")), "en");
    expect(said.split("\n")).toHaveLength(2);
    expect(said).toMatch(/^HCC WARNING - Result: .*Speed of the line \| .*'wan\.throughput'=168/);
    expect(said.match(/\|/g)).toHaveLength(1);
  });

  it("as JSON: stable ids, both languages, the exit code", async () => {
    const said = JSON.parse(renderJson(report(await check())));
    expect(said).toMatchObject({ schema: "self-check/1", exitCode: 1, agent: { id: "agt-0123456789abcdef" } });
    expect(said.checks.find(({ id }: { id: string }) => id === "wan.throughput")).toMatchObject({
      state: "warn",
      measured: 168,
      required: 200,
      unit: "Mbps",
      ageS: 10_800,
      hint: { vi: expect.any(String), en: expect.any(String) },
    });
  });

  it("does not let a device's name steer the terminal", async () => {
    const name = "\u001b[2J\u202Ecam\u0007<script>".padEnd(300, "x");
    const results = await check({ run: runWith({ "camera-presence": measured([{ metric: "camera_up", value: 0, labels: { camera: name } }]) }) });
    const said = renderText(report(results), "vi", plainLook);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the test looks for control characters
    expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f\u202a-\u202e]/);
    expect(Math.max(...said.split("\n").map(({ length }) => length))).toBeLessThan(500);
  });
});

describe("each fault shows", () => {
  it("a disk that its recorder calls broken while its channels record", async () => {
    const look = measured([{ metric: "recording_now", value: 1, labels: { channel: "101" } }], {
      recorders: [{ device: "nvr-1", clock: "ok", disks: [{ disk: "1", state: "error", healthy: false }], channels: [] }],
    });
    const results = await check({
      settings: settings({ targets: [{ id: "nvr-1", role: "recorder", address: "10.1.0.250" }] }),
      spool: { ...spoolView(), ...remembering("recording-watch", look, 1) },
    });
    expect(line(results, "devices.recording-watch")).toMatchObject({ state: "warn", owner: { key: "owner.vendor" } });
  });

  it.each<[string, object, CheckResult["state"], string]>([
    [
      "rests as the plan allows",
      { disks: [{ disk: "1", state: "ok", healthy: true }] },
      "ok",
      "0/1 channels record now; the plan does not want all hours recorded",
    ],
    ["rests beside a disk that is broken", { disks: [{ disk: "1", state: "error", healthy: false }] }, "warn", "nvr-1 1"],
  ])("a recorder that %s", async (_, more, state, words) => {
    const look = measured([{ metric: "recording_now", value: 0, labels: { channel: "101" } }], {
      recorders: [{ device: "nvr-1", clock: "ok", channels: [], ...more }],
    });
    const requirements = bundledPolicy.requirements.map((one) =>
      one.rule.kind === "depth" ? { ...one, rule: { ...one.rule, recordingMode: "event" as const } } : one,
    );
    const results = await check({
      policy: { ...bundledPolicy, requirements },
      settings: settings({ targets: [{ id: "nvr-1", role: "recorder", address: "10.1.0.250" }] }),
      spool: { ...spoolView(), ...remembering("recording-watch", look, 1) },
    });
    const found = line(results, "devices.recording-watch");
    expect([found?.state, found?.detail && say("en", found.detail)]).toEqual([state, expect.stringContaining(words)]);
  });

  it("a recorder that cannot be asked beside one that rests as the plan allows", async () => {
    const look = measured([{ metric: "recording_now", value: 0, labels: { channel: "nvr-1/101" } }], {
      recorders: [
        { device: "nvr-1", channels: [] },
        { device: "nvr-2", channels: [], trouble: "auth_failed" },
      ],
    });
    const requirements = bundledPolicy.requirements.filter(({ rule }) => rule.kind !== "depth");
    const targets = ["nvr-1", "nvr-2"].map((id, index) => ({ id, role: "recorder" as const, address: `10.1.0.${index + 2}` }));
    const results = await check({
      policy: { ...bundledPolicy, requirements },
      settings: settings({ targets }),
      spool: { ...spoolView(), ...remembering("recording-watch", look, 1) },
    });
    const found = line(results, "devices.recording-watch");
    expect([found?.state, found?.detail && say("en", found.detail)]).toEqual(["unknown", expect.stringMatching(/^0\/1 channels record now.*nvr-2/)]);
  });

  it.each<[string, string, CheckResult["state"], Partial<Surroundings>]>([
    ["not enrolled", "self.enrolment", "warn", { identity: undefined }],
    ["a damaged file of the agent", "self.files", "fail", { faults: [{ what: "agent.json", error: "damaged" }] }],
    ["an agent that never ran", "self.agent", "warn", { status: undefined }],
    ["an agent that stopped yesterday", "self.agent", "warn", { status: { ...status, at: new Date(nowMs - 86_400_000).toISOString() } }],
    ["a revoked key", "self.delivery", "fail", { status: { ...status, uplink: { attempts: 3, hold: "revoked" } } }],
    ["an agent that ended a moment ago", "self.agent", "warn", { status: { ...status, endedAt: status.at } }],
    [
      "a delivery of which an agent that stopped yesterday tells",
      "self.delivery",
      "unknown",
      { status: { ...status, at: new Date(nowMs - 86_400_000).toISOString() } },
    ],
    [
      "an agent that has delivered nothing for an hour",
      "self.delivery",
      "unknown",
      { status: { ...status, uplink: { attempts: 0, lastSuccessAt: new Date(nowMs - 3_600_000).toISOString() } } },
    ],
    ["an agent that has never delivered anything", "self.delivery", "unknown", { status: { ...status, uplink: { attempts: 0 } } }],
    ["a collector that does not answer", "self.delivery", "warn", { status: { ...status, uplink: { attempts: 3, lastError: "ECONNREFUSED" } } }],
    ["a damaged spool", "self.spool", "fail", { spool: { ...spoolView(), sound: false } }],
    ["a spool that lives in memory", "self.spool", "fail", { status: { ...status, spool: { ...status.spool, durable: false } } }],
    ["lost observations", "self.spool", "warn", { spool: spoolView({ lost: 12 }) }],
    ["damaged files set aside", "self.spool", "warn", { spool: { ...spoolView(), setAside: 1 } }],
    ["a disk with half a GiB left", "self.disk", "warn", { disk: () => ({ freeBytes: 0.5 * 1024 ** 3, totalBytes: 256 * 1024 ** 3 }) }],
    ["a disk that is 99 % full", "self.disk", "warn", { disk: () => ({ freeBytes: 20 * 1024 ** 3, totalBytes: 2_000 * 1024 ** 3 }) }],
    ["a clock 20 s off", "self.clock", "warn", { status: { ...status, clock: { state: "skewed", offsetMs: 20_000 } } }],
    ["a clock of 1970", "self.clock", "fail", { status: { ...status, clock: { state: "bad", offsetMs: 1.7e12 } } }],
    ["a clock by which the collector's certificate has expired", "self.clock", "warn", { status: { ...status, clock: { state: "unknown" }, uplink: undated } }],
    ["a certificate that nobody's clock believes", "self.delivery", "fail", { status: { ...status, uplink: undated } }],
    ["a clock nobody has compared", "self.clock", "unknown", { status: { ...status, clock: { state: "unknown" } } }],
    ["a silent gateway", "lan.gateway", "fail", { run: runWith({ host: measured([{ metric: "gateway_up", value: 0 }]) }) }],
    ["no way out at all", "lan.gateway", "fail", { run: runWith({ host: measured([{ metric: "gateway_up", value: 0 }], { defaultRoute: "none" }) }) }],
    [
      "a system that does not tell its way out in time, as PowerShell on a slow PC",
      "lan.gateway",
      "unknown",
      { run: runWith({ host: measured([{ metric: "lan_neighbours", value: 3 }], { silent: { gateway: "Error: ETIMEDOUT" } }) }) },
    ],
    [
      "a router that drops pings and listens nowhere",
      "lan.gateway",
      "unknown",
      { run: runWith({ host: measured([{ metric: "lan_neighbours", value: 3 }], { gatewayMethod: "neighbour" }) }) },
    ],
    ["a LAN in which nobody is seen", "lan.neighbours", "unknown", { run: runWith({ host: measured([{ metric: "lan_neighbours", value: 0 }]) }) }],
    ["names that do not resolve", "lan.dns", "fail", { run: runWith({ host: measured([{ metric: "gateway_up", value: 1 }]) }) }],
    ["a port of 100 Mbps on a line of 200", "lan.nic", "warn", { run: runWith({ host: measured([{ metric: "nic_speed_mbps", value: 100 }]) }) }],
    ["a probe that cannot ask", "lan.gateway", "unknown", { run: runWith({ host: { kind: "failed", reason: "no_permission" } }) }],
    [
      "a line that loses packets",
      "wan.quality.gateway",
      "warn",
      {
        run: runWith({
          "link-quality": measured([
            { metric: "hop_up", value: 1, labels: { hop: "gateway" } },
            { metric: "loss_percent", value: 30, labels: { hop: "gateway" } },
          ]),
        }),
      },
    ],
    ["a line that is cut", "wan.path", "fail", { run: runWith({ "link-quality": ending("line") }) }],
    ["a dead router", "wan.path", "fail", { run: runWith({ "link-quality": ending("lan") }) }],
    ["a province's server that is away", "wan.path", "fail", { run: runWith({ "link-quality": ending("collector") }) }],
    ["a way out that nobody could walk", "wan.path", "unknown", { run: runWith({ "link-quality": measured([]) }) }],
    [
      "a collector out of reach",
      "wan.collector",
      "fail",
      { run: runWith({ "portal-http": measured([{ metric: "portal_up", value: 0 }], { failedPhase: "tcp", error: "ECONNREFUSED" }) }) },
    ],
    [
      "a portal that answers with its own fault",
      "wan.portal.vnpt-igate",
      "fail",
      {
        run: async (probe, options) =>
          probe === "portal-http" && JSON.stringify(options).includes("vnpt-igate")
            ? measured([
                { metric: "portal_up", value: 0 },
                { metric: "portal_status", value: 503 },
              ])
            : (allFine[probe] ?? { kind: "skipped", reason: "no_target" }),
      },
    ],
    ["no collector known", "wan.collector", "not_applicable", { collectorUrl: undefined }],
    ["a slow line", "wan.throughput", "warn", {}],
    ["a line never measured", "wan.throughput", "unknown", { spool: undefined }],
    ["a silent camera", "devices.camera-presence", "warn", {}],
    [
      "a camera that refuses the password",
      "devices.camera-presence",
      "unknown",
      { run: runWith({ "camera-presence": { kind: "failed", reason: "auth_failed" } }) },
    ],
    ["no device declared", "devices.none", "unknown", { settings: settingsOutsideOfTest() }],
  ])("%s", async (_, id, state, more) => {
    expect(line(await check(more), id)).toMatchObject({ state });
  });

  it.each<[string, Outcome, string]>([
    ["a province that has not named its monitoring system", { kind: "skipped", reason: "no_target" }, "owner.province-it"],
    ["a recorder that is busy", { kind: "skipped", reason: "device_busy" }, "owner.commune"],
    ["a recorder that refuses the password", { kind: "failed", reason: "auth_failed" }, "owner.dost"],
  ])("%s: whom to turn to", async (_, outcome, owner) => {
    const recorder = settings({ targets: [{ id: "nvr-1", role: "recorder", address: "10.1.0.31" }] });
    const results = await check({ settings: recorder, run: runWith({ "vms-link": outcome }) }, "devices.vms-link");
    expect(results).toMatchObject([{ state: "unknown", owner: { key: owner } }]);
  });

  it.skipIf(process.platform === "win32")("a key that others can read", async () => {
    const open = settings();
    mkdirSync(join(open.dataDir, "credentials"));
    writeFileSync(join(open.dataDir, "credentials", "vault.key"), "x", { mode: 0o644 });
    expect(line(await check({ settings: open }), "self.secrets")).toMatchObject({ state: "fail", owner: { key: "owner.province-it" } });
  });

  it("leaves no check without a fault of its own; the version can only be read", () => {
    const faulted = [
      ...new Set(
        readFileSync(import.meta.filename, "utf8")
          .match(/"(?:self|lan|wan|devices)\.?[\w.-]*"/g)
          ?.map((id) => id.slice(1, -1)),
      ),
    ];
    const all = [...checksByGroup.values()].flat().filter((id) => id !== "self.version");
    expect(all.length).toBeGreaterThan(12);
    expect(all.filter((id) => !faulted.some((one) => one === id || one.startsWith(`${id}.`)))).toEqual([]);
  });

  it("a cable that is out is the centre's to mend: nobody further out is called for what lies behind it", async () => {
    const cut: Outcome = { kind: "failed", reason: "no_route", detail: "this PC has no default route: check its network cable" };
    const results = await check({ run: runWith({ host: measured([{ metric: "gateway_up", value: 0 }]), "link-quality": cut, "portal-http": cut }) });
    const blamed = results.filter(({ id, hint }) => /^(lan\.(gateway|dns)|wan\.(quality|collector|portal))/.test(id) && hint !== undefined);
    expect(blamed).toHaveLength(6);
    expect(new Set(blamed.map(({ owner }) => owner && say("vi", owner)))).toEqual(new Set(["UBND xã"]));
    const said = renderText(report(results), "vi", plainLook);
    for (const words of ["this PC has", "báo đơn vị vận hành", "Gọi nhà mạng, hoặc"]) expect(said).not.toContain(words);
  });

  function settingsOutsideOfTest(): Settings {
    return {
      dataDir: "/",
      collectorUrl: undefined,
      lang: "vi",
      logLevel: "info",
      caFile: undefined,
      filesDir: "/tmp",
      local: LocalConfig.parse({}),
      file: undefined,
    };
  }

  it("a device outside of the allowed networks is named, not asked", async () => {
    const asked: string[] = [];
    const run: Surroundings["run"] = async (probe) => {
      asked.push(probe);
      return allFine[probe] ?? { kind: "skipped", reason: "no_target" };
    };
    const results = await check({ settings: settings({ targets: [{ id: "cam-09", role: "camera", address: "10.9.0.1" }] }), run });
    expect(line(results, "devices.refused")).toMatchObject({ state: "warn", detail: { params: { ids: "cam-09" } } });
    expect(asked).not.toContain("camera-presence");
  });

  it.each<[string, Reading[], CheckResult["state"], string | undefined]>([
    ["behind a line that is cut", [{ metric: "segment_up", value: 0, labels: { segment: "line" } }], "warn", "owner.isp"],
    ["when it is the one that is away", [{ metric: "segment_up", value: 0, labels: { segment: "collector" } }], "warn", "owner.province-it"],
    ["while the way out carries", [{ metric: "segment_up", value: 1, labels: { segment: "provider" } }], "not_applicable", undefined],
    ["where nobody could walk the way", [], "warn", "owner.isp"],
  ])("a server of the province that is silent %s is blamed on whoever the way out names", async (_, segment, state, owner) => {
    const run = runWith({ "link-quality": measured([...segment, { metric: "hop_up", value: 0, labels: { hop: "collector" } }]) });
    const found = line(await check({ run }, "wan"), "wan.quality.collector");
    expect([found?.state, found?.owner]).toEqual([state, owner && { key: owner }]);
  });

  it("when all portals fail the line is blamed, not the portals", async () => {
    const results = await check({ run: runWith({ "portal-http": measured([{ metric: "portal_up", value: 0 }], { failedPhase: "dns", error: "ENOTFOUND" }) }) });
    expect(line(results, `wan.portal.${bundledPolicy.portals[0]?.id}`)).toMatchObject({ state: "fail", owner: { key: "owner.isp" } });
  });

  describe("a portal's name that the resolver gives no address for", () => {
    const nameless: Outcome = { kind: "failed", reason: "dns", evidence: { failedPhase: "dns", error: "EAI_AGAIN" } };
    const [igate, other] = bundledPolicy.portals.map(({ url }) => url);
    const look = (outcomes: Readonly<Record<string, Outcome>>) =>
      check(
        { run: async (probe, options) => outcomes[(options as { url?: string }).url ?? ""] ?? allFine[probe] ?? { kind: "skipped", reason: "no_target" } },
        "wan.portal",
      );

    it("is that portal's fault while another one's has an address", async () => {
      expect(await look({ [String(igate)]: nameless, [String(other)]: portalUp })).toMatchObject([
        { state: "fail", owner: { key: "owner.portal-vendor" } },
        { state: "ok" },
      ]);
    });

    it("is the resolver's where no portal's has one, or a wrong one", async () => {
      const lied: Outcome = { kind: "failed", reason: "dns", evidence: { address: "192.168.1.1", failedPhase: "tcp", error: "ECONNREFUSED" } };
      expect((await look({ [String(igate)]: nameless, [String(other)]: nameless })).map(({ state }) => state)).toEqual(["unknown", "unknown"]);
      expect((await look({ [String(igate)]: lied, [String(other)]: portalUp })).map(({ state }) => state)).toEqual(["unknown", "ok"]);
    });
  });

  describe("a portal that fails everywhere", () => {
    const down = measured([{ metric: "portal_up", value: 0 }], { failedPhase: "tcp", error: "ETIMEDOUT" });
    const otherPage = measured(
      [
        { metric: "portal_up", value: 0 },
        { metric: "portal_status", value: 200 },
      ],
      { expectedTextFound: false },
    );
    const [igate, other] = bundledPolicy.portals.map(({ id }) => id);
    const at = (fromMin: number, toMin: number, target = igate, ofMs = nowMs) => ({
      target: String(target),
      from: new Date(ofMs + fromMin * 60_000).toISOString(),
      to: new Date(ofMs + toMin * 60_000).toISOString(),
    });
    const told = (...sharedFaults: ReturnType<typeof at>[]): AgentStatus => ({ ...status, uplink: { ...status.uplink, sharedFaults } });
    const [province, vendor, isp] = ["owner.province-it", "owner.portal-vendor", "owner.isp"].map((key) => ({ key }));
    it.each<[string, AgentStatus, Outcome, unknown[]]>([
      ["is nobody's to call for, and the other one's silence the line's", told(at(-10, 5)), down, [province, isp]],
      ["both: the line is not blamed", told(at(-10, 5), at(-10, 5, other)), down, [province, province]],
      ["is one still while the collector's next word may be under way", told(at(-30, -4)), down, [province, isp]],
      ["is one no more when no other word has come for that long", told(at(-30, -5)), down, [isp, isp]],
      ["is told of by the collector's clock", { ...told(at(-10, 5)), clock: { state: "bad", offsetMs: 600_000 } }, down, [isp, isp]],
      ["another page there is no matter for the centre either", told(at(-10, 5)), otherPage, [province, vendor]],
      ["but answers here needs nobody", told(at(-10, 5)), portalUp, [undefined, undefined]],
    ])("%s", async (_, told, outcome, owners) => {
      const results = await check({ status: told, run: runWith({ "portal-http": outcome }) }, "wan.portal");
      expect(results.map(({ owner }) => owner)).toEqual(owners);
    });

    it("is no breach of the plan's line", async () => {
      const mondayMs = Date.parse("2026-11-30T10:00:00+07:00");
      const runs = [5, 10, 15, 20].flatMap((minutes) =>
        [igate, other].map((target, index) => ({
          ...observation(minutes, { probe: "portal-http", takenAt: new Date(mondayMs - minutes * 60_000).toISOString(), target: String(target) }),
          seq: 100 - minutes,
          outcome: index === 0 ? otherPage : portalUp,
        })),
      );
      const spool = { ...spoolView(), ...holding(runs) };
      const states = [told(at(-30, 5, igate, mondayMs)), status].map(
        async (status) => line(await check({ nowMs: mondayMs, status, spool, run: undefined }, "R16"), "plan.R16")?.state,
      );
      expect(await Promise.all(states)).toEqual(["unknown", "fail"]);
    });
  });

  it("a check that crashes is a line, and the others go on", async () => {
    const run: Surroundings["run"] = async (probe) => {
      if (probe === "host") throw new TypeError("boom");
      return allFine[probe] ?? { kind: "skipped", reason: "no_target" };
    };
    const results = await check({ run });
    expect(line(results, "lan.gateway")).toMatchObject({ state: "unknown", detail: { key: "selfcheck.crashed" }, technical: "boom" });
    expect(line(results, "wan.collector")).toMatchObject({ state: "ok" });
  });
});

describe("flags", () => {
  it("--offline asks nobody and calls nothing green that it has not seen", async () => {
    const results = await check({ run: undefined });
    const asking = results.filter(({ group, id }) => (group === "lan" || group === "wan") && id !== "wan.throughput");
    expect(asking.length).toBeGreaterThan(5);
    expect(new Set(asking.map(({ state }) => state))).toEqual(new Set(["not_tested"]));
  });

  it.each([
    ["a quick check", true, 5],
    ["an ordinary one", false, 10],
  ])("%s sends so few packets that Windows, with one a second, is done in time", async (_, quick, count) => {
    const asked: unknown[] = [];
    const run: Surroundings["run"] = async (probe, options) => {
      asked.push([probe, options]);
      return lineFine;
    };
    await check({ quick, run }, "wan.quality");
    expect(asked).toContainEqual(["link-quality", expect.objectContaining({ count })]);
  });

  it("--quick leaves devices to what the spool remembers", async () => {
    expect(line(await check({ quick: true }), "devices.camera-presence")).toMatchObject({ state: "not_tested" });
  });

  it.each<[string, number, CheckResult["state"]]>([
    ["an hour", 1, "ok"],
    ["20 days", 480, "unknown"],
  ])("--quick takes what the spool remembers of %s ago for no more than it is", async (_, hours, state) => {
    const up = measured([
      { metric: "camera_up", value: 1, labels: { camera: "cam-01" } },
      { metric: "camera_up", value: 1 },
    ]);
    const results = await check({ quick: true, spool: { ...spoolView(), ...remembering("camera-presence", up, hours) } });
    expect(line(results, "devices.camera-presence")).toMatchObject({ state, ageS: hours * 3_600 });
  });

  it.each<[string, Outcome, number, CheckResult["state"]]>([
    ["as fast as wanted", rates(280, 280), 3, "ok"],
    ["as fast as wanted, 20 days ago", rates(280, 280), 480, "unknown"],
    ["slow, 20 days ago", rates(120, 280), 480, "unknown"],
    ["slow in the direction that the rule does not look at", rates(280, 90), 3, "ok"],
    ["measured in that direction alone", rates(undefined, 280), 3, "unknown"],
    ["not measured for want of a lease", { kind: "skipped", reason: "no_lease" }, 3, "unknown"],
  ])("the line's speed: %s", async (_, outcome, hours, state) => {
    const results = await check({ spool: { ...spoolView(), ...remembering("link-bandwidth", outcome, hours) } }, "wan.throughput");
    expect(results).toMatchObject([{ state, ageS: hours * 3_600 }]);
  });

  it.each<[string, Outcome | undefined, CheckResult["state"], string]>([
    ["the day's test stands where a second one is not due", rates(280, 280), "ok", "selfcheck.detail.throughput_kept"],
    ["without one the reason alone is told", undefined, "unknown", "selfcheck.detail.skipped"],
    ["a test that was never made is none to fall back on", { kind: "skipped", reason: "no_lease" }, "unknown", "selfcheck.detail.skipped"],
  ])("--full: %s", async (_, kept, state, detail) => {
    const config = { measureServers: [{ id: "m1", url: "https://hcc.gialai.example/" }], centre: { devices: [] } } as never;
    const spool = kept && { ...spoolView(), ...remembering("link-bandwidth", kept, 3) };
    const [line] = await check({ config, spool, testSpeed: async () => ({ kind: "skipped", reason: "no_lease" }) }, "wan.throughput");
    expect(line).toMatchObject({ state, detail: { key: detail } });
  });

  it("--full fills the line when nobody else measures it any more", async () => {
    const order: string[] = [];
    const slowly = async (name: string, outcome: Outcome) => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      order.push(`${name} ends`);
      return outcome;
    };
    await check(
      {
        config: { measureServers: [{ id: "m1", url: "https://hcc.gialai.example/" }], centre: { devices: [] } } as never,
        run: (probe) => slowly(probe, allFine[probe] ?? { kind: "skipped", reason: "no_target" }),
        testSpeed: () => slowly("speed test", rates(280, 280)),
      },
      "wan",
    );
    expect(order.filter((step) => step.endsWith("ends")).length).toBeGreaterThan(3);
    expect(order.slice(-2)).toEqual(["speed test begins", "speed test ends"]);
  });

  it("a recorder is asked one thing after the other, as the agent asks it", async () => {
    let [asking, most] = [0, 0];
    await check(
      {
        settings: settings({ targets: [{ id: "nvr-1", role: "recorder", address: "10.1.0.31" }] }),
        run: async (probe) => {
          asking += 1;
          most = Math.max(most, asking);
          await new Promise((resolve) => setTimeout(resolve, 5));
          asking -= 1;
          return allFine[probe] ?? { kind: "skipped", reason: "no_target" };
        },
      },
      "devices",
    );
    expect(most).toBe(1);
  });

  it("--offline does not pretend that a run without it would ask what only the agent asks", async () => {
    expect(line(await check({ run: undefined }), "devices.recording-depth")).toMatchObject({ detail: { key: "selfcheck.scheduled_only" } });
  });

  it.each([
    ["wan", true],
    ["wan.portal.vnpt-igate", true],
    ["self.clock", true],
    ["R01", true],
    ["plan.R05", true],
    ["nix", false],
    ["wanx", false],
    ["R1", false],
  ])("--only %s is known: %s", (id, known) => {
    expect(isCheckId(id)).toBe(known);
  });

  it("--only R01 gives that one line", async () => {
    expect((await check({}, "R01")).map(({ id }) => id)).toEqual(["plan.R01"]);
  });

  it("--only wan gives its lines alone", async () => {
    const results = await check({}, "wan");
    expect(results.length).toBeGreaterThan(3);
    expect(new Set(results.map(({ group }) => group))).toEqual(new Set(["wan"]));
  });
});

describe("the plan on this PC", () => {
  it("judges every requirement once, and says of papers that the province knows them", async () => {
    const plan = (await check()).filter(({ group }) => group === "plan");
    expect(plan.map(({ id }) => id)).toEqual(bundledPolicy.requirements.map(({ id }) => `plan.${id}`));
    const attested = bundledPolicy.requirements.filter(({ rule }) => restsOnWords(rule));
    for (const { id } of attested) expect(["elsewhere", "not_applicable"]).toContain(line(plan, `plan.${id}`)?.state);
  });

  it("without any evidence nothing is green", async () => {
    const plan = (await check({ spool: undefined, run: undefined })).filter(({ group }) => group === "plan");
    expect(plan.filter(({ state }) => state === "ok")).toEqual([]);
  });
});

describe("a line of the plan", () => {
  it("has no number of what nobody has looked at", async () => {
    const results = await check({ spool: undefined, run: undefined }, "R13");
    expect(results.map(({ measured, detail }) => [measured, detail && say("en", detail).trim()])).toEqual([[undefined, "nothing measured yet"]]);
  });

  it.each<[string, ProbeKind, Outcome, string]>([
    [
      "R03",
      "camera-presence",
      measured([{ metric: "camera_up", value: 0, labels: { camera: "cam-02" } }]),
      "well at 0 % of the times asked, 50 % needed; silent: cam-02",
    ],
    [
      "R04",
      "vms-link",
      measured([{ metric: "vms_link_up", value: 0, labels: { camera: "nvr-1" } }]),
      "well at 0 % of the times asked, 50 % needed; not linked to the province's system: nvr-1",
    ],
  ])("%s names what is down, by what is down about it", async (id, probe, outcome, words) => {
    const kept = [1, 2].map((seq) => ({ ...observation(0, { probe, takenAt: new Date(nowMs - seq * 60_000).toISOString(), outcome }), seq }));
    const results = await check({ run: undefined, spool: { ...spoolView(), ...holding(kept) } }, id);
    expect(results.map(({ state, detail }) => [state, detail && say("en", detail)])).toEqual([["fail", words]]);
  });
});

describe("a clock that makes certificates invalid", () => {
  const said = (results: readonly CheckResult[]) =>
    results.map(({ id, state, detail, hint, owner }) => [id, state, ...[detail, hint, owner].map((words) => words && say("vi", words))]);
  const mend = "Đặt đúng ngày giờ của máy này và bật đồng bộ giờ tự động; nếu giờ sai sau mỗi lần tắt máy thì thay pin CMOS.";
  const look = "Xem ngày giờ của máy này: sai thì đặt lại và bật đồng bộ giờ tự động (sai sau mỗi lần tắt máy thì thay pin CMOS); đúng thì báo CNTT tỉnh.";
  const unheard: AgentStatus = { ...status, clock: { state: "unknown" }, uplink: undated };

  it("is named where the collector has never been heard", async () => {
    const expected = "Theo giờ của máy này (28/11/2026 10:00), chứng thư của máy chủ của tỉnh đã hết hạn hoặc chưa có hiệu lực: có thể giờ của máy sai.";
    expect(said(await check({ status: unheard }, "self.delivery"))).toEqual([["self.delivery", "fail", expected, look, "UBND xã"]]);
    expect(said(await check({ status: unheard }, "self.clock"))).toEqual([["self.clock", "warn", expected, look, "UBND xã"]]);
  });

  it("is told by how much where it was set since", async () => {
    const wrong: AgentStatus = { ...unheard, clock: { state: "bad", offsetMs: -86_400_000 } };
    const expected = "Đồng hồ của máy này sai -86.400 giây so với máy chủ của tỉnh, nên không kiểm được chứng thư của máy chủ.";
    expect(said(await check({ status: wrong }, "self.delivery"))).toEqual([["self.delivery", "fail", expected, mend, "UBND xã"]]);
  });

  it("is not blamed where it is right", async () => {
    const [line] = await check({ status: { ...status, uplink: undated } }, "self.delivery");
    expect(line?.detail && say("en", line.detail)).toBe("The collector's certificate has expired or is not valid yet; this PC's clock is right.");
    expect(line?.owner && say("en", line.owner)).toBe("Province IT");
  });

  it.each<[string, string, string]>([
    ["wrong", "không kiểm được chứng thư vì đồng hồ của máy này sai", mend],
    ["unproven", "theo giờ của máy này, chứng thư đã hết hạn hoặc chưa có hiệu lực: có thể giờ của máy sai", look],
  ])("stands at each end that could not be checked (%s)", async (pcClock, detail, hint) => {
    const run = runWith({ "portal-http": { kind: "failed", reason: "tls", evidence: { pcClock } } });
    const lines = [...(await check({ run }, "wan.collector")), ...(await check({ run }, "wan.portal"))];
    expect(said(lines).map((line) => line.slice(1))).toEqual(lines.map(() => ["unknown", detail, hint, "UBND xã"]));
    expect(lines).toHaveLength(3);
  });

  it("is not taken for the line where both portals' certificates have expired", async () => {
    const expired = measured([{ metric: "portal_up", value: 0 }], { certificateProblem: "CERT_HAS_EXPIRED" });
    const lines = await check({ run: runWith({ "portal-http": expired }) }, "wan.portal");
    expect(lines.map(({ owner }) => owner && say("en", owner))).toEqual(["Portal operator", "Portal operator"]);
  });
});

describe("words of programs and devices", () => {
  const down = (evidence: object, status?: number) =>
    measured([{ metric: "portal_up", value: 0 }, ...(status === undefined ? [] : [{ metric: "portal_status" as const, value: status }])], evidence);

  it.each<[string, Outcome, string, string | undefined]>([
    ["a name without address", down({ failedPhase: "dns", error: "ENOTFOUND" }), "không tìm được địa chỉ của tên miền (DNS)", "dns ENOTFOUND"],
    ["a closed port", down({ failedPhase: "tcp", error: "ECONNREFUSED" }), "không kết nối được", "tcp ECONNREFUSED"],
    ["TLS that fails", down({ failedPhase: "tls", error: "EPROTO" }), "không lập được kết nối bảo mật (TLS)", "tls EPROTO"],
    ["no answer", down({ failedPhase: "request", error: "ETIMEDOUT" }), "kết nối được nhưng không có trả lời", "request ETIMEDOUT"],
    ["half a page", down({ failedPhase: "body", error: "ECONNRESET" }), "bị ngắt khi đang tải", "body ECONNRESET"],
    ["an expired certificate", down({ certificateProblem: "CERT_HAS_EXPIRED" }), "chứng thư đã hết hạn hoặc chưa có hiệu lực", "CERT_HAS_EXPIRED"],
    ["a fault of the portal's own", down({}, 503), "máy chủ báo lỗi 503", undefined],
    ["a circle of redirects", down({ error: "ERR_TOO_MANY_REDIRECTS" }, 302), "tự chuyển hướng vòng tròn", "ERR_TOO_MANY_REDIRECTS"],
  ])("a portal that is down says why in words: %s", async (_, outcome, why, technical) => {
    const [first] = await check({ run: runWith({ "portal-http": outcome }) }, "wan.portal");
    expect([first?.detail && say("vi", first.detail), first?.technical]).toEqual([`không vào được: ${why}`, technical]);
  });

  it("stand behind the line in small, for the technician, and in JSON by themselves", async () => {
    const said = "connect ECONNREFUSED 10.1.0.5:443";
    const results = await check({ status: { ...status, uplink: { attempts: 3, lastError: said } } }, "self.delivery");
    const [line = "", hint = "", behind] = renderText(report(results), "vi", plainLook).split("\n").slice(3);
    expect(line).toContain("từ đó máy chủ của tỉnh không trả lời");
    expect(`${line}${hint}`).not.toContain("ECONNREFUSED");
    expect(behind).toBe(`      chi tiết kỹ thuật: “${said}”`);
    expect(JSON.parse(renderJson(report(results))).checks).toMatchObject([{ technical: said }]);
  });

  it.each([
    [20, "vừa xong"],
    [90, "2 phút trước"],
    [7_200, "2 giờ trước"],
  ])("what was measured %i s ago is told as %s", (ageS, words) => {
    const result: CheckResult = {
      id: "lan.dns",
      group: "lan",
      title: phrase("selfcheck.title.dns"),
      state: "ok",
      detail: phrase("selfcheck.detail.dns", { ms: 4 }),
      ageS,
    };
    expect(renderText(report([result]), "vi", plainLook)).toContain(`(${words})`);
  });

  it("a file that cannot be read is named, the fault stands behind", async () => {
    const [fault] = await check({ faults: [{ what: "spool.db", error: new Error("no such table") }] }, "self.files");
    expect([fault?.detail && say("vi", fault.detail), fault?.technical]).toEqual(["không đọc được spool.db", "no such table"]);
  });

  it("a file that a person can mend says how in the reader's language, and who this PC is counts as unread, not as not enrolled", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "agent.json"), "{");
    const { out } = await agentCommand(["self-check", "--offline", "--only", "self"], { folder, lang: "vi" });
    expect(out).toContain(`→ ${join(folder, "agent.json")} bị hỏng: không biết máy này thuộc trung tâm nào. Xin CNTT tỉnh mã mới rồi đăng ký lại`);
    expect(out).not.toContain("damaged");
    expect(out.split("\n")[0]).toContain("Tự kiểm tra máy này (không đọc được agent.json, chưa rõ thuộc trung tâm nào)");
    expect(out).not.toContain("chưa đăng ký");
    const lines = out.split("\n").filter((line) => /^ {2}\[\? chưa rõ\] +(Đăng ký với tỉnh|Chương trình giám sát) /.test(line));
    expect(lines.map((line) => line.includes("không đọc được agent.json"))).toEqual([true, true]);
  });
});

describe("a portal that answers with another page", () => {
  const maintenance = measured(
    [
      { metric: "portal_up", value: 0 },
      { metric: "portal_status", value: 200 },
    ],
    { expectedTextFound: false },
  );
  const portals = bundledPolicy.portals.map((portal) => ({ ...portal, expectText: "Cổng dịch vụ công" }));

  it("is asked for the plan's text, and nobody is sent to the line for it", async () => {
    const asked: unknown[] = [];
    const run: Surroundings["run"] = async (_probe, options) => {
      asked.push(options);
      return maintenance;
    };
    const results = await check({ run, policy: { ...bundledPolicy, portals } }, "wan.portal");
    expect(asked).toMatchObject(portals.map(({ url, expectText }) => ({ url, expectText })));
    const [first] = results;
    expect([first?.state, first?.detail && say("vi", first.detail)]).toEqual([
      "fail",
      "có trả lời (mã 200), nhưng bằng một trang khác, có thể cổng đang bảo trì",
    ]);
    expect(results.map(({ owner }) => owner && say("en", owner))).toEqual(["Portal operator", "Portal operator"]);
  });

  it("says so in the plan's line", async () => {
    const kept = bundledPolicy.portals.flatMap(({ id }) =>
      [1, 2, 3, 4].map((seq) => ({
        ...observation(0, { probe: "portal-http", target: id, takenAt: new Date(nowMs - seq * 60_000).toISOString(), outcome: maintenance }),
        seq,
      })),
    );
    const open = Date.UTC(2026, 10, 27, 3);
    const runs = kept.map((one) => ({ ...one, takenAt: new Date(Date.parse(one.takenAt) - nowMs + open).toISOString() }));
    const spool = { ...spoolView(), ...holding(runs) };
    const [found] = await check({ run: undefined, nowMs: open, spool }, "R16");
    expect(found?.detail && say("en", found.detail)).toContain("answers with another page (perhaps maintenance): vnpt-igate");
  });
});

describe("portals of which none is heard", () => {
  it("count against nobody, and nobody at the centre is told that the centre cannot be reached", async () => {
    const open = Date.UTC(2026, 10, 27, 3);
    const mute = measured([{ metric: "portal_up", value: 0 }], { failedPhase: "tcp", error: "ETIMEDOUT" });
    const runs = [1, 2, 3, 4].flatMap((minutes) =>
      bundledPolicy.portals.map(({ id }, index) => ({
        ...observation(0, { probe: "portal-http", target: id, takenAt: new Date(open - minutes * 60_000).toISOString(), outcome: mute }),
        seq: minutes * 2 + index,
      })),
    );
    const spool = { ...spoolView(), ...holding(runs) };
    const [found] = await check({ run: undefined, nowMs: open, spool }, "R16");
    expect([found?.state, found?.detail && say("vi", found.detail)]).toEqual([
      "unknown",
      expect.stringContaining("máy này không vào được vnpt-igate; lỗi có thể ở đường truyền"),
    ]);
    expect(found?.detail && say("vi", found.detail)).not.toContain("mất liên lạc");
  });
});

describe("the exit code is the worst state", () => {
  const of = (...states: CheckResult["state"][]) =>
    exitCodeOf(states.map((state, index) => ({ id: String(index), group: "self", state, title: { vi: "x", en: "x" } })));
  it.each<[number, CheckResult["state"][]]>([
    [0, ["ok", "not_applicable", "elsewhere"]],
    [1, ["ok", "warn", "unknown"]],
    [2, ["ok", "warn", "fail", "unknown"]],
    [3, ["ok", "unknown"]],
    [3, ["ok", "not_tested"]],
    [3, []],
  ])("%i for %j", (code, states) => {
    expect(of(...states)).toBe(code);
  });
});

describe("--local", () => {
  it("counts what the commune can mend and leaves the provider's matters out", async () => {
    const results = await check({ run: runWith({ "camera-presence": cameras }) });
    expect(exitCodeOf(results)).toBe(1);
    const line = results.filter(({ id }) => id === "wan.throughput");
    expect([exitCodeOf(line), localOnly(line).length]).toEqual([1, 0]);
    expect(localOnly(results).map(({ id }) => id)).toContain("devices.camera-presence");
  });
});

describe("golden files", () => {
  it("hold both languages line by line", () => {
    const lines = (lang: string) => readFileSync(join(import.meta.dirname, "golden", `self-check.${lang}.txt`), "utf8").split("\n").length;
    expect(lines("vi")).toBe(lines("en"));
    expect(lines("vi")).toBeGreaterThan(20);
  });
});
