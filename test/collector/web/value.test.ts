import { expect, test } from "vitest";
import type { MetricName } from "#schemas/metrics.ts";
import { readingValue } from "../../../collector/web/value.ts";

test.each<[MetricName, number, string]>([
  ["dhcp_free", 192, "192"],
  ["wifi_radios", 4, "4"],
  ["portal_status", 200, "200"],
  ["printer_pages", 54_612, "54.612"],
  ["download_mbps", 254.9, "254,9\u00a0Mbps"],
  ["recording_depth_days", 32.8, "32,8\u00a0ngày"],
  ["printer_working", 0, "không"],
  ["host_disk_free_bytes", 77.8e9, "77,8\u00a0GB"],
])("a reading of %s is written behind the metric's name: a count has no unit, since its name says what was counted", (metric, value, words) => {
  expect(readingValue("vi", metric, value)).toBe(words);
});
