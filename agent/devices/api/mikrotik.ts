import { z } from "zod";
import { DeviceError } from "../../io/device-error.ts";
import { type ApiSession, rows, shaped } from "./api-session.ts";
import { countSeats, type Seat, type WifiApi } from "./wifi-api.ts";

/** Registration tables of the three Wi-Fi packages: a station sits in one of them, an absent package is an error, not zero. */
const tables = ["/rest/interface/wifi/registration-table", "/rest/interface/wireless/registration-table", "/rest/caps-man/registration-table"] as const;
const Registration = z.object({ "mac-address": z.string().optional(), ssid: z.string().optional(), interface: z.string().optional() });
const Lease = z.object({ status: z.string().optional() });
const Pool = z.object({ ranges: z.string().optional() });
const Server = z.object({ "lease-time": z.string().optional(), disabled: z.string().optional() });

/** RouterOS 7.1 and later: REST with Basic authentication; every value is text. */
export const mikrotikApi: WifiApi = {
  id: "mikrotik",
  vendor: "MikroTik",
  scope: "router",
  async fits(session) {
    const { status, headers } = await session.get("/rest/system/identity");
    return status === 401 && /basic/i.test(headers["www-authenticate"] ?? "");
  },
  async read(session, target) {
    const [first, ...others] = tables;
    // The first one alone: a wrong password must not be tried three times at once.
    const found = [await registrations(session, first), ...(await Promise.all(others.map((path) => registrations(session, path))))];
    const answered = found.filter((table) => table !== undefined);
    if (answered.length === 0) throw new DeviceError("unsupported", `${session.device} has none of the three Wi-Fi packages`);
    const stations = new Map(answered.flat().map((row, index) => [row["mac-address"] ?? `row ${index}`, row]));
    const seats = [...stations.values()].map(({ ssid, interface: name }): Seat => ({ ssid: ssid ?? name }));
    const dhcp = await readDhcp(session);
    return { totals: new Map([["wifi_clients", seats.length], ...dhcp]), details: countSeats(seats, target) };
  },
};

async function registrations(session: ApiSession, path: string) {
  const reply = await session.get(path, authorization(session));
  if (reply.status === 400 || reply.status === 404 || reply.status === 500) return undefined;
  return shaped(session, reply, rows(Registration), "the registration table");
}

/** Bound leases, the addresses of all pools that are not leased, and the longest lease time. An account that may not see them leaves them out. */
async function readDhcp(session: ApiSession): Promise<readonly (readonly ["dhcp_leases" | "dhcp_free" | "dhcp_lease_s", number])[]> {
  const paths = ["/rest/ip/dhcp-server/lease", "/rest/ip/pool", "/rest/ip/dhcp-server"];
  const [leases, pools, servers] = await Promise.all(paths.map((path) => session.get(path, authorization(session))));
  const given = rows(Lease).safeParse(leases?.json);
  if (leases?.status !== 200 || !given.success) return [];
  const bound = given.data.filter(({ status }) => status === "bound").length;
  const known = rows(Pool).safeParse(pools?.json);
  const size = pools?.status === 200 && known.success ? known.data.reduce((sum, { ranges }) => sum + poolSize(ranges ?? ""), 0) : 0;
  const serving =
    rows(Server)
      .safeParse(servers?.json)
      .data?.filter(({ disabled }) => disabled !== "true") ?? [];
  const leaseS = Math.max(0, ...serving.map((server) => durationS(server["lease-time"] ?? "")));
  return [
    ["dhcp_leases", bound],
    ...(size > 0 ? ([["dhcp_free", Math.max(0, size - bound)]] as const) : []),
    ...(leaseS > 0 ? ([["dhcp_lease_s", leaseS]] as const) : []),
  ];
}

const secondsOf: Readonly<Record<string, number>> = { w: 604_800, d: 86_400, h: 3_600, m: 60, s: 1 };

/** RouterOS' durations, `1w2d`, `30m` or `1d00:10:00`, in s; 0 for what is none. Pure. */
export function durationS(text: string): number {
  const [, units = "", clock] = /^((?:\d{1,6}[wdhms])*)(\d{1,3}:\d{2}:\d{2})?$/.exec(text) ?? [];
  const [hours = 0, minutes = 0, seconds = 0] = (clock ?? "0").split(":").map(Number);
  const inUnits = [...units.matchAll(/(\d+)([wdhms])/g)].reduce((sum, [, count, unit = ""]) => sum + Number(count) * (secondsOf[unit] ?? 0), 0);
  return inUnits + hours * 3_600 + minutes * 60 + seconds;
}

/** Addresses in `192.168.88.10-192.168.88.254,10.0.0.5`; IPv4 only. Pure. */
export function poolSize(ranges: string): number {
  return ranges.split(",").reduce((sum, range) => {
    const [first, last = first] = range.trim().split("-").map(ipv4Number);
    return first === undefined || last === undefined || last < first ? sum : sum + last - first + 1;
  }, 0);
}

function ipv4Number(text: string): number | undefined {
  const parts = text.trim().split(".").map(Number);
  return parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part <= 255)
    ? parts.reduce((sum, part) => sum * 256 + part, 0)
    : undefined;
}

function authorization({ access }: ApiSession): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${access.user ?? ""}:${access.password ?? ""}`).toString("base64")}` };
}
