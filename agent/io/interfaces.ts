import { readdir, readFile, realpath } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { powershellRows } from "./run-program.ts";

export type Medium = "ethernet" | "wifi" | "virtual" | "unknown";

/** One network interface of this PC. What the system does not tell is absent. Octet counters wrap never or at 2^64. */
export type NetworkInterface = {
  readonly name: string;
  readonly medium: Medium;
  /** Negotiated speed; absent for virtual interfaces and where no cable is in. */
  readonly speedMbps?: number;
  readonly duplex?: "full" | "half";
  readonly receivedBytes?: number;
  readonly sentBytes?: number;
};

/** Reads one interface by the name that the system gives it; undefined when there is none of that name. @throws when the system cannot be asked */
export type ReadInterface = (name: string, signal: AbortSignal) => Promise<NetworkInterface | undefined>;

export const readInterface: ReadInterface = (name, signal) => (platform() === "win32" ? readWindows(name, signal) : readLinux(name, signal));

const SYSFS = "/sys/class/net";

/** Reads an interface from sysfs. `root` is another tree in tests. */
export async function readLinux(name: string, signal: AbortSignal, root = SYSFS): Promise<NetworkInterface | undefined> {
  if (name.includes("/") || name.startsWith(".")) return undefined;
  const folder = join(root, name);
  const files = await readdir(folder).catch(() => undefined);
  if (files === undefined) return undefined;
  const read = (file: string) =>
    readFile(join(folder, file), { encoding: "utf8", signal }).then(
      (text) => text.trim(),
      () => undefined,
    );
  const [speed, duplex, received, sent] = await Promise.all([read("speed"), read("duplex"), read("statistics/rx_bytes"), read("statistics/tx_bytes")]);
  const isVirtual = (await realpath(folder)).includes("/devices/virtual/");
  const medium = files.includes("wireless") || files.includes("phy80211") ? "wifi" : isVirtual ? "virtual" : files.includes("device") ? "ethernet" : "unknown";
  return assemble(name, medium, {
    // A veth or tap says 10000 whatever carries it.
    speedMbps: isVirtual ? undefined : toNumber(speed),
    duplex,
    receivedBytes: toNumber(received),
    sentBytes: toNumber(sent),
  });
}

// Not run in our tests, for want of a Windows machine; the parser is tested with rows in the documented shape.
async function readWindows(name: string, signal: AbortSignal): Promise<NetworkInterface | undefined> {
  const rows = await powershellRows(
    "Get-NetAdapter | ForEach-Object {$s=Get-NetAdapterStatistics -Name $_.Name -ErrorAction SilentlyContinue;[pscustomobject]@{Name=$_.Name;Speed=[double]$_.ReceiveLinkSpeed;Medium=[int]$_.NdisPhysicalMedium;Virtual=[bool]$_.Virtual;FullDuplex=$_.FullDuplex;Received=[double]$s.ReceivedBytes;Sent=[double]$s.SentBytes}}",
    signal,
  );
  return parseNetAdapter(rows, name);
}

const NetAdapter = z.object({
  Name: z.string(),
  Speed: z.number().nullish(),
  Medium: z.number().nullish(),
  Virtual: z.boolean().nullish(),
  FullDuplex: z.boolean().nullish(),
  Received: z.number().nullish(),
  Sent: z.number().nullish(),
});

/** Finds the row of one adapter. NdisPhysicalMedium: 1 and 9 are wireless LAN, 14 is 802.3 (ntddndis.h). */
export function parseNetAdapter(rows: readonly unknown[], name: string): NetworkInterface | undefined {
  const row = rows.flatMap((one) => NetAdapter.safeParse(one).data ?? []).find((one) => one.Name === name);
  if (!row) return undefined;
  const medium = row.Medium === 9 || row.Medium === 1 ? "wifi" : row.Virtual === true ? "virtual" : row.Medium === 14 ? "ethernet" : "unknown";
  return assemble(row.Name, medium, {
    speedMbps: row.Speed == null || row.Virtual === true ? undefined : row.Speed / 1e6,
    duplex: row.FullDuplex == null ? undefined : row.FullDuplex ? "full" : "half",
    receivedBytes: row.Received ?? undefined,
    sentBytes: row.Sent ?? undefined,
  });
}

/** Systems write the largest number for a speed that they do not know (NDIS_LINK_SPEED_UNKNOWN); no cable carries a terabit. */
const SPEED_MBPS_MAX = 1e6;

type Facts = { speedMbps: number | undefined; duplex: string | undefined; receivedBytes: number | undefined; sentBytes: number | undefined };

function assemble(name: string, medium: Medium, { speedMbps, duplex, receivedBytes, sentBytes }: Facts): NetworkInterface {
  return {
    name,
    medium,
    ...(speedMbps !== undefined && speedMbps > 0 && speedMbps < SPEED_MBPS_MAX && { speedMbps }),
    ...((duplex === "full" || duplex === "half") && { duplex }),
    ...(receivedBytes !== undefined && { receivedBytes }),
    ...(sentBytes !== undefined && { sentBytes }),
  };
}

function toNumber(text: string | undefined): number | undefined {
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? undefined : value;
}
