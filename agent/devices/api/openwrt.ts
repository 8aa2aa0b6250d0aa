import { z } from "zod";
import { DeviceError } from "../../io/device-error.ts";
import { type ApiSession, shaped } from "./api-session.ts";
import { countSeats, type Seat, type WifiApi } from "./wifi-api.ts";

const NO_SESSION = "00000000000000000000000000000000";
/** Codes of ubus: 0 is fine, 6 is "permission denied". */
const UBUS_OK = 0;
const UBUS_DENIED = 6;
const INTERFACES_MAX = 32;

const Envelope = z.object({ result: z.unknown().optional(), error: z.object({ code: z.number() }).optional() });
const Login = z.object({ ubus_rpc_session: z.string().max(64) });
const Clients = z.object({ clients: z.record(z.string(), z.unknown()) });
const Status = z.object({ ssid: z.string().optional(), freq: z.number().optional() });

/** OpenWrt with uhttpd-mod-ubus and an rpcd ACL for hostapd: JSON-RPC on `/ubus`. */
export const openwrtApi: WifiApi = {
  id: "openwrt",
  vendor: "OpenWrt",
  scope: "ap",
  async fits(session) {
    const { status, json } = await call(session, "list", [NO_SESSION, "session"]);
    return status === 200 && z.object({ jsonrpc: z.literal("2.0") }).safeParse(json).success;
  },
  async read(session, target) {
    const sid = await login(session);
    const found = Envelope.safeParse((await call(session, "list", [sid, "hostapd.*"])).json);
    const names = Object.keys(z.record(z.string(), z.unknown()).safeParse(found.data?.result).data ?? {}).filter((name) => name.startsWith("hostapd."));
    if (names.length === 0) throw new DeviceError("no_permission", `${session.device} shows no hostapd interface; give the account an rpcd ACL for hostapd.*`);
    const seats: Seat[] = [];
    for (const name of names.slice(0, INTERFACES_MAX)) {
      const { clients } = await ubus(session, sid, name, "get_clients", Clients);
      const { ssid, freq } = await ubus(session, sid, name, "get_status", Status).catch(() => ({ ssid: undefined, freq: undefined }));
      for (let station = Object.keys(clients).length; station > 0; station--) seats.push({ ssid, radio: band(freq) });
    }
    return { totals: new Map([["wifi_clients", seats.length] as const, ["wifi_radios", names.length] as const]), details: countSeats(seats, target) };
  },
};

async function login(session: ApiSession): Promise<string> {
  const { user, password } = session.access;
  const given = { username: user ?? "root", password: password ?? "", timeout: 60 };
  const { ubus_rpc_session } = await ubus(session, NO_SESSION, "session", "login", Login, given);
  return ubus_rpc_session;
}

async function ubus<Shape>(session: ApiSession, sid: string, object: string, method: string, shape: z.ZodType<Shape>, args: object = {}): Promise<Shape> {
  const reply = await call(session, "call", [sid, object, method, args]);
  const { result, error } = shaped(session, reply, Envelope, `ubus ${object}`);
  const [code, value] = Array.isArray(result) ? result : [undefined, undefined];
  if (object === "session" && code === UBUS_DENIED) throw new DeviceError("auth_failed", `${session.device} refused user or password`);
  if (code === UBUS_DENIED || error) throw new DeviceError("no_permission", `${session.device} does not let this account call ${object}`);
  if (code !== UBUS_OK) throw new DeviceError("bad_reply", `${session.device} answered ubus code ${String(code)} for ${object}`);
  return shaped(session, { ...reply, json: value }, shape, `ubus ${object} ${method}`);
}

function call(session: ApiSession, method: "list" | "call", params: readonly unknown[]) {
  return session.post("/ubus", { body: { jsonrpc: "2.0", id: 1, method, params } });
}

/** Band of a channel's frequency in MHz. */
function band(freq: number | undefined): string | undefined {
  if (freq === undefined) return undefined;
  return freq < 3_000 ? "2.4" : freq < 5_925 ? "5" : "6";
}
