import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "./device-error.ts";
import type { LanHttp } from "./lan-http.ts";
import { parseXml } from "./xml.ts";

const STATUS_BYTES_MAX = 256 * 1024;
const EXCHANGE_MS = 3_000;

export type EsclScanner = { readonly address: string; readonly port: number; readonly path: string; readonly tls?: boolean | undefined };
/** A scanner's own words; `guarded` when it is there but wants a password or has no time. */
export type EsclStatus = { readonly state: string; readonly feeder?: string; readonly guarded: boolean };

/** Reads `<path>/ScannerStatus`. Nothing moves in the scanner. @throws DeviceError no_such_object when there is no eSCL at this place */
export async function readEsclStatus(lanHttp: LanHttp, { address, port, path, tls }: EsclScanner, signal: AbortSignal): Promise<EsclStatus> {
  const device = `${address}:${port}`;
  const request = { address, port, tls, method: "GET", path: `${path}/ScannerStatus`, signal, capBytes: STATUS_BYTES_MAX, deadlineMs: EXCHANGE_MS } as const;
  const { status, body } = await lanHttp(request);
  if (status === 401 || status === 403 || status === 503) return { state: status === 503 ? "Busy" : "Guarded", guarded: true };
  if (status !== 200) throw new DeviceError("no_such_object", `${device} has no eSCL scanner at ${path} (HTTP ${status})`);
  const root = parseXml(body, device);
  const state = root.value("State");
  if (root.name !== "ScannerStatus" || state === undefined) throw new DeviceError("malformed", `${device} sent no ScannerStatus`);
  const feeder = root.value("AdfState");
  return { state: cleanText(state, 32), guarded: false, ...(feeder !== undefined && { feeder: cleanText(feeder, 48) }) };
}
