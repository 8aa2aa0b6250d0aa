import { isIPv6 } from "node:net";
import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "./device-error.ts";
import type { LanHttp, LanReply } from "./lan-http.ts";
import type { MdnsService } from "./mdns.ts";
import { parseXml } from "./xml.ts";

const STATUS_BYTES_MAX = 256 * 1024;
const EXCHANGE_MS = 3_000;
const REDIRECTS_MAX = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Services under which eSCL is announced over mDNS. */
export const esclServices = ["uscan", "uscans"] as const;

export type EsclScanner = { readonly address: string; readonly port: number; readonly path: string; readonly tls?: boolean | undefined };
/** A scanner's own words; `guarded` when it is there but wants a password or has no time. */
export type EsclStatus = { readonly state: string; readonly feeder?: string; readonly guarded: boolean };

/** Reads `<path>/ScannerStatus`. Nothing moves in the scanner. @throws DeviceError no_such_object when there is no eSCL at this place */
export async function readEsclStatus(lanHttp: LanHttp, scanner: EsclScanner, signal: AbortSignal): Promise<EsclStatus> {
  const device = `${scanner.address}:${scanner.port}`;
  const { status, body } = await follow(lanHttp, { ...scanner, path: `${scanner.path}/ScannerStatus` }, signal);
  if (status === 401 || status === 403 || status === 503) return { state: status === 503 ? "Busy" : "Guarded", guarded: true };
  if (status !== 200) throw new DeviceError("no_such_object", `${device} has no eSCL scanner at ${scanner.path} (HTTP ${status})`);
  const root = parseXml(body, device);
  const state = cleanText(root.value("State") ?? "", 32);
  if (root.name !== "ScannerStatus" || state === "") throw new DeviceError("malformed", `${device} sent no ScannerStatus`);
  const feeder = root.value("AdfState");
  return { state, guarded: false, ...(feeder !== undefined && { feeder: cleanText(feeder, 48) }) };
}

/** Where the host at `address` says over mDNS that its eSCL stands: `rs` of the TXT record is often a UUID. Pure. */
export function announcedEscl(services: readonly MdnsService[], address: string): readonly EsclScanner[] {
  return services.flatMap(({ type, port, addresses, txt }) => {
    const path = (txt.rs ?? "eSCL").replace(/^\/+|\/+$/g, "");
    if (!addresses.includes(address) || !/^\w[\w.~-]*(\/\w[\w.~-]*)*$/.test(path)) return [];
    return [{ address, port, path: `/${path}`, tls: type === "uscans" }];
  });
}

/** Some machines send from plain HTTP to TLS or to a path with an identifier in it. Another host is never asked. */
async function follow(lanHttp: LanHttp, first: EsclScanner, signal: AbortSignal): Promise<LanReply> {
  let place = first;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop++) {
    const reply = await lanHttp({ ...place, method: "GET", signal, capBytes: STATUS_BYTES_MAX, deadlineMs: EXCHANGE_MS });
    if (!redirects.has(reply.status)) return reply;
    place = redirected(place, reply.headers.location ?? "");
  }
  throw new DeviceError("bad_reply", `${first.address}:${first.port} redirects in a circle`);
}

function redirected(from: EsclScanner, location: string): EsclScanner {
  const host = isIPv6(from.address) ? `[${from.address}]` : from.address;
  const url = URL.parse(location, `${from.tls ? "https" : "http"}://${host}:${from.port}${from.path}`);
  const tls = url?.protocol === "https:";
  if (url === null || url.hostname !== host || !(tls || url.protocol === "http:"))
    throw new DeviceError("no_such_object", `${from.address}:${from.port} redirects to another host (${cleanText(location, 80)}), which is not followed`);
  return { address: from.address, port: Number(url.port) || (tls ? 443 : 80), path: `${url.pathname}${url.search}`, tls };
}
