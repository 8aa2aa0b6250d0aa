import type { collectorAdmin as vi } from "../vi/collector-admin.ts";

export const collectorAdmin: Record<keyof typeof vi, string> = {
  "collector.about": "Stores, judges and shows what the agents of commune centres measure",
};
