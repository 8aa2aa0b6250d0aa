import type { MetricName } from "#schemas/metrics.ts";
import type { FailureReason, Reading } from "#schemas/observation.ts";

/** What one access point, controller or router told, or why it could not be asked. `label` names it in readings. */
export type TargetAnswer =
  | {
      readonly state: "answered";
      readonly label: string;
      readonly address: string;
      /** `snmp:<definition>`, `api:<vendor>`, or `none` when the device answers but tells no number. */
      readonly method: string;
      readonly vendor: string;
      readonly scope: "ap" | "controller" | "router" | "switch";
      /** How its wifi_clients was found: the device's own count of stations, or hosts in a table of addresses. */
      readonly counted: "stations" | "neighbours";
      readonly zeroDoubtful: boolean;
      readonly totals: ReadonlyMap<MetricName, number>;
      readonly details: readonly Reading[];
      readonly note?: string;
    }
  | { readonly state: "down"; readonly label: string; readonly address: string }
  | { readonly state: "failed"; readonly label: string; readonly address: string; readonly reason: FailureReason; readonly message: string };

export type Answered = Extract<TargetAnswer, { state: "answered" }>;
