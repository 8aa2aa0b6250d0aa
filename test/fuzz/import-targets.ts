import { EventEmitter } from "node:events";
import { Bonjour } from "bonjour-service";
import { Calendar } from "#schemas/calendar.ts";
import vn from "#schemas/calendars/vn.json" with { type: "json" };
import { Inventory } from "#schemas/inventory.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { openApiSession } from "../../agent/devices/api/api-session.ts";
import { wifiApis } from "../../agent/devices/api/registry.ts";
import { DeviceError } from "../../agent/io/device-error.ts";
import type { LanHttp } from "../../agent/io/lan-http.ts";
import { parseLeases } from "../../agent/io/leases.ts";
import { serviceOf } from "../../agent/io/mdns.ts";
import { parseDutyRecord } from "../../collector/attest/duty-input.ts";
import { readCentreTable } from "../../collector/inventory/centre-file.ts";
import { centreCell, centreForm } from "../../collector/inventory/centre-form.ts";
import { readDeviceTable } from "../../collector/inventory/device-file.ts";
import { deviceCell, deviceForm } from "../../collector/inventory/device-form.ts";
import { tableOf } from "../../collector/inventory/read-table.ts";
import { TableRefused } from "../../collector/inventory/table-refused.ts";
import { writeTable } from "../../collector/inventory/write-table.ts";
import { parsePerson } from "../../collector/people/person-input.ts";
import { parseToken } from "../../collector/people/token-desk.ts";
import type { FakeReply, FakeRequest } from "../support/http-fake.ts";
import { omadaController, openWrt, routerOs, unifiConsole } from "../support/wifi-controllers.ts";
import type { FuzzTarget } from "./fuzz-target.ts";

const NOW_MS = Date.UTC(2026, 10, 28);

const rows = [
  { centre: "xa-01", device: { id: "may-in-1", role: "printer", name: "Máy in tầng 2", address: "10.0.0.3", serial: "=1+1" } },
  { centre: "xa-01", device: { id: "cam-1", role: "camera", address: "10.0.0.4" } },
] as const;
const inventory = async (bytes: Buffer) =>
  readDeviceTable(await tableOf(bytes, "fuzz", "vi", deviceForm), { file: "fuzz", lang: "vi", isCentre: (code) => code === "xa-01" });
const centre = { code: "xa-01", name: "Chư Păh", latitude: 14.1, officers: 5, keyArea: true, contractNumber: "00123", devices: [] };
const declared = new Map([[centre.code, centre]]);
/** What a table gives must be what the contract takes: the store reads it back by that. */
const centres = async (bytes: Buffer) => {
  const found = readCentreTable(await tableOf(bytes, "fuzz", "vi", centreForm), { file: "fuzz", lang: "vi", declared, clear: false });
  Inventory.parse({ centres: found.centres });
};

/** A form or a row of a file, whose fields somebody else has filled in. */
const fieldsOf = (parse: (fields: Record<string, unknown>) => unknown) => (bytes: Buffer) => {
  let fields: unknown;
  try {
    fields = JSON.parse(bytes.toString("utf8"));
  } catch {
    return;
  }
  if (typeof fields === "object" && fields !== null) parse(fields as Record<string, unknown>);
};
const json = (value: unknown) => [Buffer.from(JSON.stringify(value), "utf8")];

/** DNS as it comes by multicast: an answer that names a printer (RFC 1035, 6762), through the library and what we keep of it. */
const socket = Object.assign(new EventEmitter(), { address: () => ({ port: 5353 }), send: () => undefined, close: () => undefined });
const network = new Bonjour({ socket, bind: false, multicast: false } as Record<string, unknown>, () => undefined);
network.find({ type: "ipp" }, (service) => void serviceOf(service));
const name = (labels: string) => Buffer.concat([...labels.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);
const record = (owner: string, type: number, data: Buffer) => {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(120, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([name(owner), head, data]);
};
const printer = "May in._ipp._tcp.local";
const announced = Buffer.concat([
  Buffer.from("000084000000000400000000", "hex"),
  record("_ipp._tcp.local", 12, name(printer)),
  record(printer, 33, Buffer.concat([Buffer.from("000000000277", "hex"), name("may-in.local")])),
  record(printer, 16, Buffer.from("\u0008rp=ipp/x\u0005ty=HP", "latin1")),
  record("may-in.local", 1, Buffer.from([10, 0, 0, 3])),
]);

/** Each answer of a vendor's controller that was given in an honest visit, to be damaged in the next one. */
async function controllerTargets(id: string, answer: (request: FakeRequest) => FakeReply, login: object): Promise<FuzzTarget[]> {
  const api = wifiApis.find((one) => one.id === id);
  if (!api) throw new Error(`there is no API ${id}`);
  const access = { address: "10.0.0.2", port: 443, tls: true, ...login };
  const heard = new Map<string, string>();
  const speak =
    (damage?: { path: string; body: string }): LanHttp =>
    async ({ method, path, headers = {}, body = "" }) => {
      const { status = 200, headers: own = {}, body: honest = "" } = answer({ method, path, headers: { ...headers }, body: Buffer.from(body) });
      // OpenWrt has one address for all calls: what is asked tells them apart.
      const key = `${method} ${path} ${body.toString().slice(-60)}`;
      if (!damage) heard.set(key, honest.toString());
      return { status, headers: own, challenges: [], body: damage?.path === key ? damage.body : honest.toString() };
    };
  const visit = (http: LanHttp) => api.read(openApiSession(http, access, new AbortController().signal), "ap-1");
  await visit(speak());
  return [...heard].map(([path, body]) => ({
    name: `${id}: ${path.slice(0, 48)}`,
    samples: [Buffer.from(body)],
    parse: (bytes) => visit(speak({ path, body: bytes.toString("utf8") })),
    throws: [DeviceError],
    weight: 0.2,
  }));
}

const secret = "secret";
const account = { user: "hcc", password: secret };
const controllers = await Promise.all([
  controllerTargets("unifi", unifiConsole({ apiKey: secret, password: secret }), { apiKey: secret }),
  controllerTargets("unifi", unifiConsole({ apiKey: secret, password: secret }), account),
  controllerTargets("mikrotik", routerOs(account), account),
  controllerTargets("openwrt", openWrt(account), account),
  controllerTargets("omada", omadaController({ secret }), { user: "id", password: secret, apiKey: secret }),
]);

const policy = PolicyProfile.parse((await import("#schemas/policies/gia-lai-890.json", { with: { type: "json" } })).default);
const place = { policy, calendar: Calendar.parse(vn), nowMs: NOW_MS };
const duty = policy.requirements.find(({ rule }) => rule.kind === "checklist");
const duties = duty?.rule.kind === "checklist" ? duty.rule.duties : [];

const lists = await Promise.all(
  (["x.xlsx", "x.csv"] as const).map(async (file): Promise<readonly FuzzTarget[]> => {
    const weight = file === "x.xlsx" ? { weight: 0.02 } : {};
    return [
      { name: `devices, ${file}`, samples: [await writeTable(file, deviceForm, rows, deviceCell, "vi")], parse: inventory, throws: [TableRefused], ...weight },
      {
        name: `centres, ${file}`,
        samples: [await writeTable(file, centreForm, [centre], centreCell, "vi")],
        parse: centres,
        throws: [TableRefused],
        ...weight,
      },
    ];
  }),
);

/** Parsers of files, forms, multicast and vendors' APIs. */
export const importTargets: readonly FuzzTarget[] = [
  ...lists.flat(),
  {
    name: "DHCP leases",
    samples: [Buffer.from("1795900000 02:00:00:00:00:01 10.0.0.7 may-1 01:02\n0 06-02:00:00:00:00:02 10.0.0.8 * *\nduid 00:01\n")],
    parse: (bytes) => parseLeases(bytes.toString("utf8"), NOW_MS),
  },
  {
    name: "mDNS",
    samples: [announced],
    parse: (bytes) => socket.emit("message", bytes, { address: "10.0.0.3", family: "IPv4", port: 5353, size: bytes.length }),
  },
  {
    name: "duties",
    samples: duties.slice(0, 3).flatMap(({ id }) =>
      json({
        centre: "xa-01",
        requirement: duty?.id,
        duty: id,
        turn: "2026-11-28",
        state: "skipped",
        reason: "mất điện",
        by: "Trần Thị B",
        document: "12/BC",
      }),
    ),
    parse: fieldsOf((fields) => parseDutyRecord(fields, "d-1", place)),
  },
  {
    name: "person",
    samples: json({ login: "lan", name: "Lan", roles: ["commune"], centre: "xa-01", until: "2027-01-31" }),
    parse: fieldsOf((fields) => parsePerson(fields, "2026-11-28")),
  },
  { name: "token", samples: json({ name: "IOC", role: "viewer", days: "90" }), parse: fieldsOf(parseToken) },
  ...controllers.flat(),
];

/** Lets go of what the targets hold open. */
export function closeImportTargets(): void {
  network.destroy();
}
