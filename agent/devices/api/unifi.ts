import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import type { Reading } from "#schemas/observation.ts";
import { DeviceError } from "../../io/device-error.ts";
import { API_ROWS_MAX, type ApiReply, type ApiSession, rows, shaped } from "./api-session.ts";
import { type ApiAnswer, countSeats, type Seat, type WifiApi } from "./wifi-api.ts";

const PAGE = 200;
const SITES_MAX = 20;
const INTEGRATION = "/proxy/network/integration/v1/sites";

const Sites = z.object({ data: rows(z.object({ id: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) })) });
const Clients = z.object({ totalCount: z.number().optional(), data: rows(z.object({ type: z.string().optional() })) });
const Station = z.object({ is_wired: z.boolean().optional(), essid: z.string().optional(), radio: z.string().optional() });
const Radio = z.object({ radio: z.string(), cu_total: z.number().optional() });
const UnifiDevice = z.object({
  type: z.string().optional(),
  name: z.string().optional(),
  state: z.number().optional(),
  radio_table_stats: z.array(Radio).max(8).optional(),
});
const listOf = <Row>(row: z.ZodType<Row>) => z.object({ data: rows(row) });
const bands: Readonly<Record<string, string>> = { ng: "2.4", na: "5", "6e": "6" };
/** State of a connected access point. */
const CONNECTED = 1;

/** UniFi Network: the official API with a key, else the older one with a local read-only account. */
export const unifiApi: WifiApi = {
  id: "unifi",
  vendor: "Ubiquiti",
  scope: "controller",
  async fits(session) {
    const open = await session.get(INTEGRATION);
    // Many devices answer 401 to any path, but with a Basic or Digest challenge.
    if (open.status === 401 && open.headers["www-authenticate"] === undefined) return true;
    const { status, json } = await session.get("/status");
    return status === 200 && z.object({ meta: z.object({ server_version: z.string() }) }).safeParse(json).success;
  },
  read: (session, target) => (session.access.apiKey === undefined ? readLegacy(session, target) : readOfficial(session, target, session.access.apiKey)),
};

async function readOfficial(session: ApiSession, target: string, apiKey: string): Promise<ApiAnswer> {
  const headers = { "x-api-key": apiKey };
  const sites = shaped(session, await session.get(INTEGRATION, headers), Sites, "its sites");
  const seats: Seat[] = [];
  for (const { id } of sites.data.slice(0, SITES_MAX)) {
    for (let offset = 0; offset < API_ROWS_MAX; offset += PAGE) {
      const { data } = shaped(session, await session.get(`${INTEGRATION}/${id}/clients?offset=${offset}&limit=${PAGE}`, headers), Clients, "its clients");
      for (const { type } of data) if (type === "WIRELESS") seats.push({});
      if (data.length < PAGE) break;
    }
  }
  return { totals: new Map([["wifi_clients", seats.length] as const]), details: countSeats(seats, target) };
}

type Login = { readonly prefix: string; readonly headers: Record<string, string>; readonly logout: string };

async function readLegacy(session: ApiSession, target: string): Promise<ApiAnswer> {
  const { prefix, headers, logout } = await logIn(session);
  try {
    const stations = shaped(session, await session.get(`${prefix}/api/s/default/stat/sta`, headers), listOf(Station), "its stations");
    const devices = shaped(session, await session.get(`${prefix}/api/s/default/stat/device`, headers), listOf(UnifiDevice), "its devices");
    const seats = stations.data
      .filter(({ is_wired }) => is_wired === false)
      .map(({ essid, radio }): Seat => ({ ssid: essid, radio: radio && (bands[radio] ?? radio) }));
    const points = devices.data.filter(({ type }) => type === "uap");
    const radios = points.filter(({ state }) => state === CONNECTED).reduce((sum, { radio_table_stats }) => sum + (radio_table_stats?.length ?? 0), 0);
    const busy = points
      .flatMap(({ radio_table_stats }) => radio_table_stats ?? [])
      .flatMap(({ cu_total }) => (cu_total !== undefined && cu_total >= 0 && cu_total <= 100 ? [cu_total] : []));
    return {
      totals: new Map([
        ["wifi_clients", seats.length] as const,
        ...(radios > 0 ? [["wifi_radios", radios] as const] : []),
        ...(busy.length > 0 ? [["wifi_utilisation_percent", Math.max(...busy)] as const] : []),
      ]),
      details: [
        ...countSeats(seats, target),
        ...points.map(
          ({ name, state }, index): Reading => ({
            metric: "wifi_ap_up",
            value: state === CONNECTED ? 1 : 0,
            labels: { ap: cleanText(`${target} ${name ?? index + 1}`) },
          }),
        ),
      ],
    };
  } finally {
    await session.post(logout, { headers }).catch(() => {});
  }
}

/** UniFi OS first, then the older controller on 8443. The session's cookie and CSRF token go back in headers. */
async function logIn(session: ApiSession): Promise<Login> {
  const { user, password } = session.access;
  const body = { username: user ?? "", password: password ?? "" };
  const modern = await session.post("/api/auth/login", { body });
  const isOld = modern.status === 404;
  const reply = isOld ? await session.post("/api/login", { body }) : modern;
  // What it says of a user whom it lets in may speak of second factors, too.
  const said = reply.status === 200 ? "" : JSON.stringify(reply.json ?? "");
  // So it answers, right password or not, once several programs have logged in within a minute; some versions with 403.
  if (reply.status === 429 || said.includes("LIMIT_REACHED"))
    throw new DeviceError("device_busy", `${session.device} takes no more logins for now; the next run asks again, and an API key needs no login`);
  if (reply.status === 499 || /2fa|mfa/i.test(said))
    throw new DeviceError("auth_failed", `${session.device} asks for a second factor; use an account with local access only, or an API key`);
  if ([400, 401, 403].includes(reply.status)) throw new DeviceError("auth_failed", `${session.device} refused user or password; it was asked once only`);
  if (reply.status !== 200) throw new DeviceError("bad_reply", `${session.device} answered HTTP ${reply.status} to the login`);
  const cookie = cookiesOf(reply);
  const csrf = reply.headers["x-csrf-token"] ?? reply.headers["x-updated-csrf-token"];
  const headers: Record<string, string> = { cookie, ...(csrf !== undefined && { "x-csrf-token": csrf }) };
  return isOld ? { prefix: "", headers, logout: "/api/logout" } : { prefix: "/proxy/network", headers, logout: "/api/auth/logout" };
}

function cookiesOf({ headers }: ApiReply): string {
  const found = [...(headers["set-cookie"] ?? "").matchAll(/(?:^|,\s*)(TOKEN|unifises|csrf_token)=([^;,\s]+)/g)];
  return found.map(([, name, value]) => `${name}=${value}`).join("; ");
}
