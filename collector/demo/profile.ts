import type { Centre } from "#schemas/inventory.ts";

/** How a centre's line behaves. */
export type LineProfile = {
  readonly kind: "good" | "borderline" | "slow" | "flaky";
  readonly downMbps: number;
  readonly upMbps: number;
  readonly rttMs: number;
  /** Share of the line that citizens and officers take at the busiest hour. */
  readonly busyShare: number;
};

/** How a centre's Wi-Fi is used and by whom it can be asked. */
export type WifiProfile = {
  readonly kind: "capable" | "small" | "full" | "unreadable";
  readonly accessPoints: readonly string[];
  readonly peakClients: number;
  readonly limitPerRadio: number;
  readonly ssid: string;
};

/** What the recorder of a centre can prove. */
export type RecordingKind = "full" | "short" | "gapped" | "young" | "denied" | "stopped";

/** All that makes one simulated centre different from the next. */
export type CentreProfile = {
  readonly centre: Centre;
  readonly line: LineProfile;
  readonly wifi: WifiProfile;
  readonly recording: { readonly kind: RecordingKind; readonly depthDays: number; readonly channels: readonly string[] };
  /** How long after the full hour this agent's runs start, up to 10 minutes: agents never all speak at once. */
  readonly phaseMs: number;
  readonly agentVersion: string;
};
