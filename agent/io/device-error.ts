import type { FailureReason, SkipReason } from "#schemas/observation.ts";

/** Why a device could not be asked: a failure of the run, or `device_busy`, which another night may cure. */
export type DeviceTrouble = FailureReason | Extract<SkipReason, "device_busy">;

/** A device or its answer let us down. `trouble` is one word of the shared list, the message names device and cure. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
  readonly trouble: DeviceTrouble;
  constructor(trouble: DeviceTrouble, message: string, options?: ErrorOptions) {
    super(message, options);
    this.trouble = trouble;
  }
}

const troubleOfCode: Readonly<Record<string, DeviceTrouble>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "server_lost",
  EPIPE: "server_lost",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "no_route",
  EADDRNOTAVAIL: "no_route",
  ENOTFOUND: "dns",
  EAI_AGAIN: "dns",
  HPE_HEADER_OVERFLOW: "malformed",
};

/** Puts an error of node:net, node:http or node:tls into the shared words. `device` is the address, for the message. */
export function deviceErrorFrom(cause: unknown, device: string): DeviceError {
  if (cause instanceof DeviceError) return cause;
  const code = codeOf(cause);
  if (code.startsWith("HPE_")) return new DeviceError("malformed", `${device} does not speak HTTP correctly (${code})`, { cause });
  if (code.startsWith("ERR_TLS") || code.startsWith("ERR_SSL") || code.includes("CERT") || code === "EPROTO")
    return new DeviceError("tls", `${device} could not agree on TLS (${code}); check the "tls" and "port" options`, { cause });
  const trouble = troubleOfCode[code];
  if (trouble) return new DeviceError(trouble, `${device} could not be reached (${code}); check address, port and cable`, { cause });
  return new DeviceError("bad_reply", `${device} broke the connection off (${code || "no code"})`, { cause });
}

function codeOf(cause: unknown): string {
  if (cause === null || typeof cause !== "object" || !("code" in cause)) return "";
  return typeof cause.code === "string" ? cause.code : "";
}
