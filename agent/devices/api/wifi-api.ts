import { cleanText } from "#schemas/clean-text.ts";
import type { MetricName } from "#schemas/metrics.ts";
import type { Reading } from "#schemas/observation.ts";
import type { ApiSession } from "./api-session.ts";

/** What an API told: totals by metric and the readings that break them down. No address of a station is in it. */
export type ApiAnswer = { readonly totals: ReadonlyMap<MetricName, number>; readonly details: readonly Reading[] };

/** One vendor's API. `fits` looks without credentials whether the device speaks it. */
export type WifiApi = {
  readonly id: "unifi" | "mikrotik" | "openwrt" | "omada";
  readonly vendor: string;
  readonly scope: "ap" | "controller" | "router";
  readonly fits: (session: ApiSession) => Promise<boolean>;
  /** @throws DeviceError */
  readonly read: (session: ApiSession, target: string) => Promise<ApiAnswer>;
};

/** Where a station sits; its own address is left behind. */
export type Seat = { readonly ssid?: string | undefined; readonly radio?: string | undefined; readonly ap?: string | undefined };

/** Counts stations by where they sit. Pure. */
export function countSeats(seats: readonly Seat[], target: string): readonly Reading[] {
  const groups = new Map<string, Reading>();
  for (const { ssid, radio, ap } of seats) {
    const labels = {
      ap: ap === undefined ? target : cleanText(`${target} ${ap}`),
      ...(ssid !== undefined && { ssid: cleanText(ssid) }),
      ...(radio !== undefined && { radio: cleanText(radio, 32) }),
    };
    const key = JSON.stringify(labels);
    groups.set(key, { metric: "wifi_clients", value: (groups.get(key)?.value ?? 0) + 1, labels });
  }
  return [...groups.values()];
}
