import type { LedgerRow } from "#schemas/asset-ledger.ts";
import type { Attestation } from "#schemas/attestation.ts";
import type { Segment } from "#schemas/fault-location.ts";
import type { Finding, FindingPart, FindingReason, FindingState, Transition } from "#schemas/finding.ts";
import type { ListedAgent } from "../../collector/store/agents.ts";
import type { Enrolment } from "../../collector/store/enrolment.ts";
import type { DeviceBrief, LatestReading } from "../../collector/web/device-brief.ts";
import type { CentreBrief, CentreRows, DeviceRows, FindingBrief, Incident, PageStore, StandingFinding, StoredRun } from "../../collector/web/page-store.ts";
import { samplePolicy } from "./sample-policy.ts";

/** The moment of the sample: Saturday 28 November 2026, 10:00 in Vietnam. */
export const sampleNowMs = Date.parse("2026-11-28T03:00:00.000Z");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const ago = (ms: number) => new Date(sampleNowMs - ms).toISOString();

/** A device name that attacks HTML, terminals, reading direction and spreadsheets at once. */
export const hostileName = `=HYPERLINK("http://evil.test","x")<script>alert(1)</script><img src=x onerror=alert(2)>\u001b[31m\u202eevil\u2066`;

const names = ["Chư Păh", "Ia Grai", "Đak Đoa", "Mang Yang", "An Khê", "Kông Chro", "Ayun Pa", "Phú Thiện", "Hoài Nhơn", "Tuy Phước", "Vân Canh", "Quy Nhơn"];

/** Twelve centres; the last never spoke. */
export const sampleCentres: readonly CentreBrief[] = names.map((name, index) => ({
  code: `xa-${String(index + 1).padStart(2, "0")}`,
  name: `Xã ${name}`,
  district: index < 7 ? "Khu vực Tây" : "Khu vực Đông",
  latitude: 13.3 + ((index * 7) % 12) * 0.1,
  longitude: 107.7 + index * 0.13,
  officers: 6 + (index % 3),
  keyArea: index === 11,
  contractMbps: 250,
  isp: index === 11 ? "Nhà mạng B" : "Nhà mạng A",
  ...(index === 0 && { contractNumber: "GLI-HĐ/00123" }),
  ...(index < 11 && { lastContactAt: ago((index + 1) * 40_000) }),
}));

type Cell = readonly [state: FindingState, reason: FindingReason, observed?: number, detail?: NonNullable<Finding["detail"]>];
const [line, wifi, recordings, zones, computers, portals]: readonly Cell[] = [
  ["pass", "met", 243],
  ["pass", "capacity_demonstrated", 52, { peak: 52 }],
  ["pass", "met", 30],
  ["pass", "inspected", 4],
  ["pass", "met", 8],
  ["pass", "met", 99.9],
];
const outside: Cell = ["not_applicable", "not_key_area"];
const offline: Cell = ["unknown", "site_offline"];
// One line per centre, one cell per requirement of samplePolicy: R01 R02 R05 R07 R10 R15 R16.
const cells: readonly (readonly (Cell | undefined)[])[] = [
  [
    ["fail", "below_floor", 168, { runs: 5, below: 4, days: 3, belowInHours: 3 }],
    wifi,
    ["fail", "retention_short", 11, { channel: "ch1" }],
    zones,
    computers,
    outside,
    portals,
  ],
  [["pending", "unconfirmed", 187, { below: 2, days: 1 }], wifi, recordings, zones, computers, outside, portals],
  [line, ["pending", "not_yet_demonstrated", 21, { peak: 21 }], recordings, ["unknown", "not_attested", 0, { open: 4 }], computers, outside, portals],
  [offline, offline, offline, zones, offline, outside, offline],
  [line, wifi, ["error", "rule_error"], zones, computers, outside, portals],
  ...Array.from({ length: 6 }, () => [line, wifi, recordings, zones, computers, outside, portals]),
  [],
];
const units: Record<string, string> = { R01: "Mbps", R02: "clients", R05: "d", R07: "count", R10: "devices", R15: "devices", R16: "%" };
const required: Record<string, number> = { R01: 200, R02: 50, R05: 30, R07: 4, R10: 6, R16: 99 };

/** The findings of one centre of the sample, by its place in `sampleCentres`. */
export function sampleFindings(index: number): readonly StandingFinding[] {
  const centre = sampleCentres[index];
  if (!centre) return [];
  return samplePolicy.requirements.flatMap(({ id }, place): StandingFinding[] => {
    const [state, reason, observed, detail] = cells[index]?.[place] ?? [];
    if (!state || !reason) return [];
    const declared = id === "R01" ? { declared: { value: 250, at: ago(90 * DAY), inspected: false } } : {};
    return [
      {
        centre: centre.code,
        requirement: id,
        state,
        reason,
        evidenceClass: id === "R07" ? (reason === "inspected" ? "inspected" : "declared") : "measured",
        evidence: id === "R01" && observed ? [`${"a".repeat(16)}:1`, `${"a".repeat(16)}:2`] : [],
        evaluatedAt: ago(60_000),
        policy: "sample-890@2",
        since: ago((2 + index + place) * DAY),
        ...(observed !== undefined && { observed }),
        ...(required[id] !== undefined && { required: required[id] }),
        ...(units[id] && { unit: units[id] }),
        ...(detail && { detail }),
        ...(state !== "unknown" && { observedAt: ago((place + 1) * HOUR) }),
        ...(state === "pass" && { validUntil: ago(-3 * DAY) }),
        ...declared,
        ...(id === "R05" && state === "fail" && { parts: [...hostileParts()] }),
        ...(id === "R05" && index === 0 && { waiver: { id: "w1", reason: "Chờ thay ổ cứng", document: "123/UBND-VP", until: "2026-12-31" } }),
      },
    ];
  });
}

function hostileParts(): FindingPart[] {
  return [
    { subject: hostileName.slice(0, 128), state: "fail", reason: "retention_short", observed: 11 },
    { subject: "CAM-02", state: "pass", reason: "met", observed: 30.5 },
  ];
}

function bandwidth(index: number): StoredRun[] {
  return Array.from({ length: 40 }, (_, run): StoredRun => {
    const wave = Math.round(18 * Math.sin(run * 1.7));
    const down = index === 0 ? 172 + wave / 2 : 243 + wave;
    return {
      ref: `${"a".repeat(16)}:${run + 1}`,
      probe: "link-bandwidth",
      takenAt: ago(run * 17 * HOUR),
      outcome: {
        kind: "measured",
        readings: [
          { metric: "download_mbps", value: down, labels: { server: "collector" } },
          { metric: "upload_mbps", value: down - 12, labels: { server: "collector" } },
        ],
        ...(run % 9 === 4 && { excuse: "line_busy" }),
      },
    };
  });
}

function recordingRuns(index: number): StoredRun[] {
  const channels = ["ch1", "ch2", "ch3"];
  const short = index === 0;
  return [
    {
      ref: `${"a".repeat(16)}:900`,
      probe: "recording-depth",
      takenAt: ago(5 * HOUR),
      outcome: {
        kind: "measured",
        readings: channels.flatMap((channel, place) => [
          { metric: "recording_depth_days" as const, value: short && place === 0 ? 11 : 30.4, labels: { channel } },
          { metric: "recording_coverage_percent" as const, value: short && place < 2 ? 88 : 99.8, labels: { channel } },
          { metric: "recording_longest_gap_minutes" as const, value: short && place === 1 ? 1_900 : 3, labels: { channel } },
          { metric: "recording_now" as const, value: 1, labels: { channel } },
        ]),
        evidence: {
          window: { from: ago(30 * DAY), to: ago(5 * HOUR + 900_000) },
          requiredDays: 30,
          lastDay: "2026-11-28",
          recorders: [],
          channels: channels.map((channel, place) => ({
            device: "nvr-1",
            channel,
            name: place === 0 ? hostileName.slice(0, 60) : `Quầy ${place + 1}`,
            verdict: short && place < 2 ? "NON_COMPLIANT" : "COMPLIANT",
            reasons: short ? ([["RETENTION_SHORT"], ["GAPS"]][place] ?? []) : [],
            notes: [],
            method: "onvif-events",
            gaps: short && place === 1 ? [{ from: ago(17 * DAY), to: ago(17 * DAY - 1_900 * 60_000) }] : [],
            gapsTotal: short && place === 1 ? 1 : 0,
            ring: "full",
            probes: [
              {
                purpose: "oldest",
                target: ago((short && place === 0 ? 11 : 30) * DAY - HOUR / 2),
                frame: ago((short && place === 0 ? 11 : 30) * DAY - HOUR / 2),
                deltaS: 0,
                frameTime: "abs",
                codec: "H264",
                bytes: 18_000,
                rtspStatus: 200,
              },
            ],
            projection: short
              ? { outlook: "short", daysMin: 10.4, daysMax: 12.7, basis: "segment_sizes", missingTb: 3.8, fittingKbps: 820 }
              : { outlook: "ok", daysMin: 31.2, daysMax: 38.1, basis: "segment_sizes" },
            perDayMinutes: Array.from({ length: 31 }, (_, day) => {
              if (short && place === 0 && day < 19) return 0;
              if (short && place === 1 && (day === 12 || day === 13)) return day === 12 ? 600 : 380;
              return day === 0 ? 840 : day === 30 ? 285 : 1_440;
            }),
          })),
        },
      },
    },
  ];
}

function history(index: number): Transition[] {
  const centre = sampleCentres[index]?.code ?? "";
  return sampleFindings(index)
    .flatMap(({ requirement, state, since }): Transition[] => [
      { centre, requirement, to: "unknown", reason: "no_data", at: ago(60 * DAY) },
      { centre, requirement, from: "unknown", to: "pass", reason: "met", at: ago(26 * DAY) },
      ...(state === "pass" ? [] : [{ centre, requirement, from: "pass" as const, to: state, reason: "no_data" as const, at: since }]),
    ])
    .sort((a, b) => a.at.localeCompare(b.at));
}

const incidents: readonly Incident[] = [
  { id: "i1", requirement: "R01", beganAt: ago(2 * DAY) },
  { id: "i2", requirement: "R16", subject: "igate", beganAt: ago(9 * DAY), closedAt: ago(9 * DAY - 3 * HOUR) },
];

const attestations: readonly Attestation[] = [
  { id: "t1", centre: "xa-01", requirement: "R07", item: "reception", holds: true, by: "Trần Thị B", post: "Giám đốc", inspector: false, at: ago(40 * DAY) },
  {
    id: "t2",
    centre: "xa-01",
    requirement: "R07",
    item: "waiting",
    holds: true,
    by: "Đoàn kiểm tra số 3",
    inspector: true,
    document: "45/BB-VP",
    at: ago(20 * DAY),
  },
];

/** The sample as a store of the pages. */
const found = {
  identity: "hash aaaaaaaa 01",
  roles: ["printer" as const],
  address: "10.0.0.77",
  serial: "SECRET-SERIAL",
  firstDay: "2026-11-02",
  lastDay: "2026-11-26",
};

/** A name of one word of 97 characters. */
const unbrokenName = `${"MAN-HINH_".repeat(10)}TANG-01`;

/** One asset in each standing. */
const sampleLedger: readonly LedgerRow[] = [
  { state: "missing", role: "scanner", label: "scanner-1", device: { id: "scanner-1", role: "scanner", address: "10.0.0.30" } },
  { state: "replaced", role: "printer", label: "printer-1", device: { id: "printer-1", role: "printer", model: "M404" }, found, lastDay: "2026-11-26" },
  { state: "duplicate", role: "copier", label: "copier-1", device: { id: "copier-1", role: "copier" }, sameAs: "printer-1" },
  { state: "extra", role: "printer", label: "10.0.0.77", found: { ...found, vendor: "Epson", model: "L3250" }, lastDay: "2026-11-26" },
  { state: "declared_only", role: "display", label: "display-1", device: { id: "display-1", role: "display", name: unbrokenName } },
  { state: "matched", role: "officer-pc", label: "pc-1", device: { id: "pc-1", role: "officer-pc", name: hostileName }, lastDay: "2026-11-26" },
];

/** Devices of the first centre: one of each state, one with a hostile name that no inventory holds. */
export const sampleDevices: readonly DeviceBrief[] = [
  { id: "printer-1", declared: true, role: "printer", vendor: "Ricoh", model: "IM 2500", answered: { up: true, at: ago(5 * 60_000) } },
  { id: "CAM-02", declared: true, role: "camera", name: "Quầy tiếp nhận", answered: { up: false, at: ago(5 * 60_000) } },
  { id: "scanner-1", declared: true, role: "scanner" },
  { id: hostileName.slice(0, 128), declared: false, answered: { up: true, at: ago(3 * 24 * HOUR) } },
];

/** The gateway PC of a centre. */
export const sampleAgent = (centre: string, lastSeenAt: string | null): ListedAgent => ({
  ...{ agentId: `agt-${centre}`, centre, hostName: `PC-${centre}`, version: "0.1.0", enrolledAt: ago(30 * DAY), lastSeenAt },
  ...{ point: "main", state: "active", stateReason: null, stateChangedAt: null },
});

const walked = (segment: Segment, value: 0 | 1): LatestReading => ({ metric: "segment_up", value, labels: { segment }, at: ago(5 * 60_000) });

function briefOf({ requirement, state, since, validUntil, waiver }: StandingFinding): FindingBrief {
  const ends = validUntil !== undefined && { validUntilMs: Date.parse(validUntil) };
  return { requirement, state, sinceMs: Date.parse(since), waived: waiver !== undefined, ...ends };
}

export const sampleStore: PageStore = {
  async ledger(code) {
    return code === "xa-01" ? sampleLedger : [];
  },
  async province() {
    return {
      centres: sampleCentres,
      closed: [],
      findings: new Map(sampleCentres.map(({ code }, index) => [code, sampleFindings(index).map(briefOf)])),
      changes: [
        { requirement: "R01", from: "pass", to: "fail", at: ago(30 * 60_000), centres: 1, times: 1, newest: ["xa-01"] },
        { requirement: "R16", from: "unknown", to: "pass", at: ago(2 * HOUR), centres: 1, times: 1, newest: ["xa-06"] },
      ],
    };
  },
  async told(codes) {
    return sampleCentres.flatMap(({ code }, index) => (codes.includes(code) ? sampleFindings(index) : []));
  },
  async centre(code): Promise<CentreRows | undefined> {
    const index = sampleCentres.findIndex((centre) => centre.code === code);
    const centre = sampleCentres[index];
    if (!centre) return undefined;
    const runs = bandwidth(index);
    return {
      centre,
      findings: sampleFindings(index),
      history: history(index),
      incidents: index === 0 ? incidents : [],
      bandwidth: index === 11 ? [] : runs,
      recordings: index === 11 ? [] : recordingRuns(index),
      evidence: runs.slice(0, 2),
      attestations: index === 0 ? attestations : [],
      devices: { page: 1, rows: index === 0 ? sampleDevices : [], total: index === 0 ? sampleDevices.length : 0 },
      walks: index === 0 ? [walked("lan", 1), walked("line", 0)] : [],
    };
  },
  async enrolment(code): Promise<Enrolment | undefined> {
    const centre = sampleCentres.find((one) => one.code === code);
    const agents = centre?.lastContactAt === undefined ? [] : [sampleAgent(code, centre.lastContactAt)];
    return centre && { siteId: 1, centre, agents, points: [{ point: "main", isEnrolled: agents.length > 0, openCodes: 0 }], openCodes: 0 };
  },
  async device(code, id): Promise<DeviceRows | undefined> {
    const [centre] = sampleCentres;
    const device = sampleDevices.find((one) => one.id === id);
    if (!centre || !device || code !== centre.code) return undefined;
    const down = device.answered?.up === false;
    return {
      centre,
      device,
      hours: Array.from({ length: 20 * 24 }, (_, hour) => ({
        at: ago((20 * 24 - hour) * HOUR),
        upShare: down && hour > 20 * 24 - 6 ? 0 : hour % 100 === 0 ? 0.5 : 1,
      })),
      readings: [
        { metric: "device_up", value: down ? 0 : 1, labels: { device: id, method: "snmp" }, at: ago(5 * 60_000) },
        { metric: "printer_supply_percent", value: 12, labels: { device: id, supply: hostileName.slice(0, 128) }, at: ago(HOUR) },
      ],
      pages: [25, 12, 3].map((back, at) => ({ device: id, day: ago(back * 24 * HOUR).slice(0, 10), pages: 18_000 + at * 40 })),
      findings: sampleFindings(0).filter(({ requirement }) => requirement === "R05" && id === "CAM-02"),
      incidents: [],
      runs: bandwidth(0).slice(0, 2),
    };
  },
  async revision() {
    return "1";
  },
};
