import type { Centre, Device, DeviceRole } from "#schemas/inventory.ts";
import type { CentreProfile, LineProfile, RecordingKind, WifiProfile } from "./profile.ts";
import { between, chance, draw, pick, rounded, whole } from "./seeded.ts";

/** Centres of the simulated province: as many as Gia Lai has communes and wards. */
export const DEMO_CENTRES = 135;

// Two lists whose pairs sound like commune names of the region; the mark in each name keeps them from being taken for real ones.
const first = ["Ia", "Đắk", "Kông", "Tân", "Phú", "An", "Bình", "Hòa", "Vĩnh", "Xuân", "Mỹ", "Cát", "Nhơn", "Tây", "Sơn"] as const;
const second = ["Lăng", "Rơ", "Thạch", "Khê", "Quang", "Mơr", "Lộc", "Trà", "Đoan"] as const;
const districts = ["Khu vực Bắc", "Khu vực Đông Bắc", "Khu vực Đông", "Khu vực Nam", "Khu vực Tây Nam", "Khu vực Tây", "Khu vực Trung tâm"] as const;
const isps = ["Nhà mạng A", "Nhà mạng B", "Nhà mạng C"] as const;
const rectangle = { south: 13.05, north: 14.55, west: 107.55, east: 109.2 } as const;
const columns = 15;

/** The simulated province: the same seed gives the same centres, devices and habits. */
export function demoProvince(seed: number, count = DEMO_CENTRES): readonly CentreProfile[] {
  return Array.from({ length: count }, (_, index) => profileOf(seed, index));
}

function profileOf(seed: number, index: number): CentreProfile {
  const code = `demo-${String(index + 1).padStart(3, "0")}`;
  const wifi = wifiOf(seed, code);
  const recordingKind = recordingKindOf(seed, code);
  const cameras = whole(3, 6, seed, code, "cameras");
  const officers = whole(5, 10, seed, code, "officers");
  const line = lineOf(seed, code);
  return {
    centre: centreOf(seed, index, code, officers, line, [...officeDevices(seed, code, officers), ...cameraDevices(cameras), ...accessPointDevices(wifi)]),
    line,
    wifi,
    recording: {
      kind: recordingKind,
      depthDays: depthOf(seed, code, recordingKind),
      channels: Array.from({ length: cameras }, (_, camera) => `ch${camera + 1}`),
    },
    phaseMs: whole(0, 599, seed, code, "phase") * 1_000,
    agentVersion: chance(0.12, seed, code, "version") ? "0.0.9" : "0.1.0",
  };
}

function centreOf(seed: number, index: number, code: string, officers: number, line: LineProfile, devices: Device[]): Centre {
  const column = index % columns;
  const row = Math.floor(index / columns);
  const rows = Math.ceil(DEMO_CENTRES / columns);
  const ward = chance(0.15, seed, code, "ward");
  const name = `${ward ? "Phường" : "Xã"} ${first[column % first.length]} ${second[row % second.length]} (mô phỏng)`;
  return {
    code,
    name,
    district: districts[Math.floor((column / columns) * districts.length)] ?? districts[0],
    latitude: rounded(rectangle.south + ((row + 0.2 + 0.6 * draw(seed, code, "north")) / rows) * (rectangle.north - rectangle.south), 5),
    longitude: rounded(rectangle.west + ((column + 0.2 + 0.6 * draw(seed, code, "east")) / columns) * (rectangle.east - rectangle.west), 5),
    officers,
    keyArea: ward || chance(0.05, seed, code, "key"),
    contractMbps: pick([200, 250, 300, 300], seed, code, "contract"),
    isp: line.kind === "slow" ? isps[2] : pick(isps, seed, code, "isp"),
    contractNumber: `MP-2026/${String(index + 1).padStart(5, "0")}`,
    devices,
  };
}

function lineOf(seed: number, code: string): LineProfile {
  const lot = draw(seed, code, "line");
  const kind = lot < 0.1 ? "slow" : lot < 0.15 ? "borderline" : lot < 0.22 ? "flaky" : "good";
  const range = { slow: [150, 190], borderline: [199, 206], flaky: [215, 260], good: [225, 310] } as const;
  const [low, high] = range[kind];
  const downMbps = rounded(between(low, high, seed, code, "down"));
  return {
    kind,
    downMbps,
    upMbps: rounded(downMbps * between(0.96, 1.04, seed, code, "up")),
    rttMs: rounded(between(6, 24, seed, code, "rtt")),
    busyShare: between(0.1, 0.45, seed, code, "busy"),
  };
}

function wifiOf(seed: number, code: string): WifiProfile {
  const lot = draw(seed, code, "wifi");
  const kind = lot < 0.1 ? "unreadable" : lot < 0.2 ? "small" : lot < 0.24 ? "full" : "capable";
  const aps = kind === "small" ? 1 : whole(2, 4, seed, code, "aps");
  const peaks = { unreadable: [20, 40], small: [18, 28], full: [55, 70], capable: [22, 64] } as const;
  const [low, high] = peaks[kind];
  return {
    kind,
    accessPoints: Array.from({ length: aps }, (_, ap) => `ap-${ap + 1}`),
    peakClients: whole(low, high, seed, code, "peak"),
    limitPerRadio: kind === "small" ? 16 : 64,
    ssid: "TTPVHCC-CongDan",
  };
}

function recordingKindOf(seed: number, code: string): RecordingKind {
  const lot = draw(seed, code, "recording");
  if (lot < 0.09) return "short";
  if (lot < 0.16) return "gapped";
  if (lot < 0.2) return "young";
  if (lot < 0.26) return "denied";
  return lot < 0.285 ? "stopped" : "full";
}

function depthOf(seed: number, code: string, kind: RecordingKind): number {
  if (kind === "short") return whole(9, 24, seed, code, "depth");
  if (kind === "young") return whole(8, 15, seed, code, "depth");
  return whole(33, 58, seed, code, "depth");
}

function officeDevices(seed: number, code: string, officers: number): Device[] {
  const lacks = (what: string) => (chance(0.09, seed, code, what) ? 1 : 0);
  const vendor = pick(["HP", "Canon", "Brother", "Ricoh"], seed, code, "vendor");
  const machines = (role: DeviceRole, count: number, from: number, maker?: string): Device[] =>
    Array.from({ length: Math.max(count, 0) }, (_, at) => ({
      id: `${role}-${at + 1}`,
      role,
      address: `10.${20 + (code.charCodeAt(5) - 48)}.${Number(code.slice(6))}.${from + at}`,
      ...(maker === undefined ? {} : { vendor: maker }),
    }));
  return [
    ...machines("officer-pc", officers - lacks("pc"), 20),
    ...machines("printer", officers - lacks("printer") * 2, 50, vendor),
    ...machines("scanner", Math.ceil(officers / 2) - lacks("scanner"), 80, vendor),
    ...machines("copier", 1 - lacks("copier"), 95, "Ricoh"),
    ...machines("citizen-pc", 2 - lacks("citizen"), 100),
    ...machines("kiosk", chance(0.3, seed, code, "kiosk") ? 1 : 0, 110),
    ...machines("display", chance(0.3, seed, code, "kiosk") ? 1 : 0, 115),
    ...machines("router", 1, 1),
  ];
}

function cameraDevices(cameras: number): Device[] {
  const recorder: Device = { id: "recorder-1", role: "recorder", address: "10.9.0.2", vendor: "Hikvision" };
  return [recorder, ...Array.from({ length: cameras }, (_, at): Device => ({ id: `camera-${at + 1}`, role: "camera", address: `10.9.0.${10 + at}` }))];
}

function accessPointDevices(wifi: WifiProfile): Device[] {
  return wifi.accessPoints.map((id, at): Device => ({ id, role: "access-point", address: `10.8.0.${10 + at}`, vendor: "Ubiquiti" }));
}
