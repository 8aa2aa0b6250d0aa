import type { DeviceRole } from "#schemas/inventory.ts";
import type { FailureReason } from "#schemas/observation.ts";
import type { PrinterState } from "../../devices/printer-state.ts";

/** How a device showed that it is there. */
export type PresenceMethod = "snmp" | "ipp" | "escl" | "wsd" | "tcp" | "icmp" | "neighbours" | "spooler";

/** What one device showed. `trouble` is what kept a richer protocol from answering, though the device itself is there. */
export type DeviceAnswer = {
  readonly label: string;
  readonly address: string;
  readonly role: DeviceRole;
  readonly up: boolean;
  readonly method?: PresenceMethod;
  readonly printer?: PrinterState;
  readonly scanner?: { readonly ready: boolean; readonly state: string; readonly feeder?: string };
  readonly trouble?: { readonly reason: FailureReason; readonly message: string };
};
