import { ErrorStatus } from "net-snmp";
import { DeviceError, type DeviceTrouble, deviceErrorFrom } from "./device-error.ts";

const troubleOfStatus: ReadonlyMap<number, DeviceTrouble> = new Map([
  [ErrorStatus.NoSuchName, "no_such_object"],
  [ErrorStatus.NoAccess, "no_permission"],
  [ErrorStatus.AuthorizationError, "no_permission"],
]);

// Codes of net-snmp's ResponseInvalidError, which its types leave out.
const COULD_NOT_DECRYPT = 4;
const AUTH_FAILURE = 5;

/** Puts an error of net-snmp into the shared words. `device` is address and port, for the message. */
export function snmpFault(cause: unknown, device: string): DeviceError {
  if (cause instanceof DeviceError) return cause;
  const { name = "", message = "", code, status } = shapeOf(cause);
  if (name === "RequestTimedOutError")
    return new DeviceError(
      "timeout",
      `${device} gave no answer to SNMP: it is off, SNMP is off, this PC is not allowed, the community is wrong, or it speaks another version of SNMP`,
      { cause },
    );
  if (name === "RequestFailedError") {
    const trouble = troubleOfStatus.get(Number(status)) ?? "bad_reply";
    return new DeviceError(trouble, `${device} refused the SNMP request (${message})`, { cause });
  }
  if (name === "ResponseInvalidError" && (code === AUTH_FAILURE || code === COULD_NOT_DECRYPT))
    return new DeviceError("auth_failed", `${device} refused the SNMPv3 user or its keys (${message}); check user, auth and privacy`, { cause });
  if (name === "ResponseInvalidError") return new DeviceError("malformed", `${device} answered with broken SNMP (${message})`, { cause });
  if (/unsupported|0308010c|digest method/i.test(`${String(code)} ${message}`))
    return new DeviceError("unsupported", `${device}: this Node cannot do the SNMPv3 protocols asked for; use SHA or SHA-256 with AES`, { cause });
  return deviceErrorFrom(cause, device);
}

function shapeOf(cause: unknown): { name?: string; message?: string; code?: unknown; status?: unknown } {
  return cause !== null && typeof cause === "object" ? cause : {};
}
