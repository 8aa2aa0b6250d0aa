/** One metric of the catalogue: its unit, what a value means, the bounds outside of which a value is malformed, its labels. */
export type MetricDefinition = {
  readonly unit: Unit;
  readonly meaning: string;
  readonly min: number;
  readonly max: number;
  readonly labels: readonly LabelName[];
  /** The one value that is as it should be. Absent where a value merely tells, or where a rule of the policy has to judge it. */
  readonly good?: 1;
};

export type Unit = "Mbps" | "B" | "ms" | "s" | "d" | "min" | "%" | "bool" | "clients" | "devices" | "pages" | "status" | "count";

/** Names that a reading's label may have. Their values are text from outside, cleaned by `cleanText`. */
export const labelNames = [
  "ap",
  "camera",
  "channel",
  "device",
  "direction",
  "disk",
  "hop",
  "interface",
  "method",
  "portal",
  "radio",
  "role",
  "segment",
  "server",
  "ssid",
  "supply",
] as const;
export type LabelName = (typeof labelNames)[number];

const flag = { unit: "bool", min: 0, max: 1 } as const;
const state = { ...flag, good: 1 } as const;
const count = { min: 0, max: 1e6 } as const;
const time = { unit: "ms", min: 0, max: 3.6e6 } as const;
const percent = { unit: "%", min: 0, max: 100 } as const;
const link = ["server"] as const;

/**
 * Every number that an agent may report. The one place of a metric's unit and bounds.
 * Names end with their unit; a total over all labels is one reading without labels.
 */
export const metrics = {
  // link-bandwidth
  download_mbps: { unit: "Mbps", min: 0, max: 1e5, labels: link, meaning: "link rate towards the centre, headers included" },
  upload_mbps: { unit: "Mbps", min: 0, max: 1e5, labels: link, meaning: "link rate from the centre, headers included" },
  download_goodput_mbps: { unit: "Mbps", min: 0, max: 1e5, labels: link, meaning: "application bytes received per second" },
  upload_goodput_mbps: { unit: "Mbps", min: 0, max: 1e5, labels: link, meaning: "application bytes sent per second" },
  bandwidth_test_bytes: { unit: "B", min: 0, max: 1e12, labels: ["server", "direction"], meaning: "bytes that the test itself used" },
  idle_rtt_ms: { ...time, labels: link, meaning: "round trip before the test" },
  loaded_rtt_ms: { ...time, labels: ["server", "direction"], meaning: "round trip while the test fills the line" },
  // link-quality
  loss_percent: { ...percent, labels: ["hop"], meaning: "echo requests of the burst without an answer" },
  rtt_min_ms: { ...time, labels: ["hop"], meaning: "shortest round trip of the burst" },
  rtt_avg_ms: { ...time, labels: ["hop"], meaning: "mean round trip of the burst" },
  rtt_p95_ms: { ...time, labels: ["hop"], meaning: "95th percentile of the burst" },
  rtt_max_ms: { ...time, labels: ["hop"], meaning: "longest round trip of the burst" },
  jitter_ms: { ...time, labels: ["hop"], meaning: "mean difference of neighbouring round trips (RFC 3550 style, without smoothing)" },
  hop_up: { ...state, labels: ["hop"], meaning: "1 when the hop answered at least once" },
  segment_up: { ...state, labels: ["segment"], meaning: "1 when a segment of the way out is proven to carry, 0 when the way ends in it" },
  // portal-http
  portal_up: { ...state, labels: ["portal"], meaning: "1 when the portal answered with a status below 500" },
  portal_status: { unit: "status", min: 100, max: 599, labels: ["portal"], meaning: "HTTP status of the answer" },
  portal_dns_ms: { ...time, labels: ["portal"], meaning: "time to resolve the name" },
  portal_tcp_ms: { ...time, labels: ["portal"], meaning: "time to open the connection, after DNS" },
  portal_tls_ms: { ...time, labels: ["portal"], meaning: "time of the TLS handshake, after TCP" },
  portal_ttfb_ms: { ...time, labels: ["portal"], meaning: "time from the start to the first byte of the answer" },
  portal_total_ms: { ...time, labels: ["portal"], meaning: "time from the start to the end of the answer" },
  portal_certificate_days: { unit: "d", min: -36500, max: 36500, labels: ["portal"], meaning: "days until the certificate expires" },
  // host
  host_uptime_s: { unit: "s", min: 0, max: 1e10, labels: [], meaning: "time since the gateway PC started" },
  agent_ended_well: {
    ...state,
    labels: [],
    meaning: "1 when the agent's run before this one had ended in order, 0 when it was cut off; absent when nothing tells",
  },
  host_cpu_percent: { ...percent, labels: [], meaning: "load of all cores over the sample" },
  host_memory_free_percent: { ...percent, labels: [], meaning: "memory that programs can still take" },
  host_disk_free_bytes: { unit: "B", min: 0, max: 1e16, labels: ["disk"], meaning: "free space of the disk that holds the spool" },
  host_disk_free_percent: { ...percent, labels: ["disk"], meaning: "free share of the disk that holds the spool" },
  nic_speed_mbps: { unit: "Mbps", min: 0, max: 1e6, labels: ["interface"], meaning: "negotiated speed of the interface with the default route" },
  gateway_up: { ...state, labels: [], meaning: "1 when the default gateway answered" },
  dns_resolve_ms: { ...time, labels: [], meaning: "time of one lookup by the system's resolver" },
  lan_neighbours: { unit: "devices", ...count, labels: [], meaning: "hosts in the neighbour table, addresses dropped" },
  // wifi-clients
  wifi_clients: { unit: "clients", ...count, labels: ["ssid", "radio", "ap", "method"], meaning: "stations associated now" },
  wifi_limit_clients: { unit: "clients", ...count, labels: ["ssid", "radio", "ap"], meaning: "configured maximum of stations" },
  wifi_radios: { unit: "count", ...count, labels: ["ap"], meaning: "radios that broadcast" },
  wifi_ap_up: { ...state, labels: ["ap"], meaning: "1 when the access point or controller answered" },
  wifi_ssid_up: { ...state, labels: ["ap", "ssid", "radio"], meaning: "1 when the network name is broadcast" },
  wifi_utilisation_percent: { ...percent, labels: ["ap", "radio"], meaning: "share of time that the channel is busy" },
  dhcp_leases: { unit: "clients", ...count, labels: [], meaning: "leases in use in the Wi-Fi scope" },
  dhcp_free: { unit: "clients", ...count, labels: [], meaning: "addresses still free in the Wi-Fi scope" },
  dhcp_used_percent: { ...percent, labels: [], meaning: "share of the addresses of the fullest scope that are leased" },
  dhcp_lease_s: { unit: "s", ...count, labels: [], meaning: "longest time for which an address of the Wi-Fi is leased" },
  // office-devices
  device_up: { ...state, labels: ["device", "role", "method"], meaning: "1 when the device answered by any method" },
  devices_seen: { unit: "devices", ...count, labels: ["role"], meaning: "devices of the role that answered in this run" },
  devices_found: { unit: "devices", ...count, labels: ["role"], meaning: "devices that a search of the LAN met, PCs that nobody declared left out" },
  printer_working: { ...state, labels: ["device", "role"], meaning: "1 when it answers, is not down and no blocking fault stands" },
  printer_supply_percent: { ...percent, labels: ["device", "supply"], meaning: "what is left of the supply" },
  printer_pages: { unit: "pages", min: 0, max: 1e10, labels: ["device"], meaning: "life count of printed pages" },
  scanner_ready: { ...state, labels: ["device"], meaning: "1 when the scanner reports idle or processing" },
  // camera-presence, camera-stream
  camera_up: { ...state, labels: ["camera"], meaning: "1 when the camera or recorder answered its protocol" },
  camera_clock_skew_s: { unit: "s", min: -4e9, max: 4e9, labels: ["camera"], meaning: "device clock minus our clock, in UTC" },
  camera_profiles: { unit: "count", ...count, labels: ["camera"], meaning: "stream profiles that the device offers" },
  camera_stream_up: { ...state, labels: ["camera", "channel"], meaning: "1 when video packets arrived" },
  // vms-link
  vms_link_up: { ...state, labels: ["camera"], meaning: "1 when the device is registered at the province's system or its video is pulled from there" },
  vms_pulling: { ...flag, labels: ["camera"], meaning: "1 when the province's system is watching a stream now" },
  // recording-depth, recording-watch
  recording_depth_days: { unit: "d", min: 0, max: 36500, labels: ["channel"], meaning: "age of the oldest proven recording" },
  recording_coverage_percent: { ...percent, labels: ["channel"], meaning: "share of the window that is recorded" },
  recording_longest_gap_minutes: { unit: "min", min: 0, max: 5.3e7, labels: ["channel"], meaning: "longest hole inside the window" },
  recording_now: { ...state, labels: ["channel"], meaning: "1 when the newest recording is at most 15 minutes old" },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metrics;

/** Names of all metrics, in catalogue order. */
export const metricNames = Object.keys(metrics) as [MetricName, ...MetricName[]];

/** Whether a value is as it should be; undefined for metrics without a value that is. */
export function isGood(metric: MetricName, value: number): boolean | undefined {
  const { good }: MetricDefinition = metrics[metric];
  return good === undefined ? undefined : value === good;
}
