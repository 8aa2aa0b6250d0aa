import type { collectorWork as vi } from "../vi/collector-work.ts";

export const collectorWork: Record<keyof typeof vi, string> = {
  "collector.page.option": "which page of {rows} rows; the first when absent",
};
