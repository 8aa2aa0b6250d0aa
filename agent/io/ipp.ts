import { isIPv6 } from "node:net";
import { DeviceError } from "./device-error.ts";
import { decodeIppAnswer, encodeIppRequest, type IppAnswer, type IppAttributes, ippOperations } from "./ipp-codec.ts";
import { lanHttpBytes } from "./lan-http.ts";

const ANSWER_BYTES_MAX = 512 * 1024;
const EXCHANGE_MS = 4_000;
/** client-error-not-found (RFC 8011 B.1.4.7): there is nothing at this path. */
const NOT_FOUND = 0x0406;
const LAST_SUCCESS = 0x00ff;

export type IppPrinter = { readonly address: string; readonly port: number; readonly path: string; readonly tls?: boolean | undefined };
/** Asks a printer for some of its attributes. @throws DeviceError */
export type IppAttributesOf = (printer: IppPrinter, wanted: readonly string[], signal: AbortSignal) => Promise<IppAttributes>;
/** Asks a print server (CUPS) for some attributes of all its queues. @throws DeviceError */
export type IppQueuesOf = (server: IppPrinter, wanted: readonly string[], signal: AbortSignal) => Promise<readonly IppAttributes[]>;

export const ippAttributesOf: IppAttributesOf = async (printer, wanted, signal) => {
  const host = isIPv6(printer.address) ? `[${printer.address}]` : printer.address;
  const uri = `${printer.tls ? "ipps" : "ipp"}://${host}:${printer.port}${printer.path}`;
  const { status, printers } = await exchange(printer, encodeIppRequest(ippOperations.getPrinterAttributes, wanted, uri), signal);
  const [attributes] = printers;
  if (status > LAST_SUCCESS || attributes === undefined) throw refusal(printer, status);
  return attributes;
};

export const ippQueuesOf: IppQueuesOf = async (server, wanted, signal) => {
  const { status, printers } = await exchange(server, encodeIppRequest(ippOperations.cupsGetPrinters, wanted), signal);
  // CUPS says "not found" when it has no queue at all.
  if (status > LAST_SUCCESS && status !== NOT_FOUND) throw refusal(server, status);
  return printers;
};

async function exchange({ address, port, path, tls }: IppPrinter, body: Uint8Array, signal: AbortSignal): Promise<IppAnswer> {
  const headers = { "content-type": "application/ipp" };
  const reply = await lanHttpBytes({ address, port, tls, method: "POST", path, headers, body, signal, capBytes: ANSWER_BYTES_MAX, deadlineMs: EXCHANGE_MS });
  const device = `${address}:${port}`;
  if (reply.status === 401 || reply.status === 403) throw new DeviceError("auth_failed", `${device} wants a password for IPP (HTTP ${reply.status})`);
  if (reply.status === 426) throw new DeviceError("tls", `${device} speaks IPP only over TLS; set http.tls`);
  if (reply.status === 404) throw new DeviceError("no_such_object", `${device} has no IPP service at ${path}`);
  if (reply.status !== 200) throw new DeviceError("bad_reply", `${device} answered IPP with HTTP ${reply.status}`);
  try {
    return decodeIppAnswer(reply.bytes);
  } catch (cause) {
    throw new DeviceError("malformed", `${device} answered with broken IPP`, { cause });
  }
}

function refusal({ address, port, path }: IppPrinter, status: number): DeviceError {
  const trouble = status === NOT_FOUND ? "no_such_object" : "bad_reply";
  return new DeviceError(trouble, `${address}:${port}${path} refused the IPP request (status 0x${status.toString(16).padStart(4, "0")})`);
}
