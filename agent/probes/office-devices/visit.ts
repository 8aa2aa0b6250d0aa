import { cleanText } from "#schemas/clean-text.ts";
import type { Target } from "#schemas/target.ts";
import { DeviceError } from "../../io/device-error.ts";
import type { Io } from "../../io/io.ts";
import type { MdnsService } from "../../io/mdns.ts";
import type { DeviceAnswer } from "./device-answer.ts";

export const KNOCK_MS = 1_000;
export const SNMP_PORT = 161;

/** One device being asked. `announced` listens once for all devices of a run, when the first of them wants to know. */
export type Visit = {
  readonly target: Target;
  readonly io: Io;
  readonly signal: AbortSignal;
  readonly announced: () => Promise<readonly MdnsService[]>;
};

/** What one way of asking brought. */
export type Found = Omit<DeviceAnswer, "label" | "address" | "role">;

/** Runs one way of asking; a device's fault is remembered, everything else goes through. */
export async function attempt<Value>(
  ask: () => Promise<Value | undefined>,
): Promise<{ value?: Value | undefined; trouble?: NonNullable<DeviceAnswer["trouble"]> }> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!(error instanceof DeviceError)) throw error;
    return { trouble: troubleOf(error) };
  }
}

/** A device's fault as it is kept beside its answer. */
export function troubleOf({ trouble, message }: DeviceError): NonNullable<DeviceAnswer["trouble"]> {
  return { reason: trouble === "device_busy" ? "refused" : trouble, message: cleanText(message, 200) };
}
