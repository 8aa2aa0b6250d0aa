import { readFile } from "node:fs/promises";
import { platform } from "node:os";
import { z } from "zod";
import { parseRows, powershellRows, runProgram } from "./run-program.ts";

/** Most rows of the table that are kept: a /20 full of hosts stays below. */
export const NEIGHBOURS_MAX = 4_096;

/**
 * One host of the local network as this PC's kernel knows it. The MAC may belong to a citizen's phone:
 * it must not leave the function that matches it against the list of office devices.
 */
export type Neighbour = {
  readonly address: string;
  readonly mac: string;
  readonly interface: string;
  /** True when the host has not answered ARP lately: Linux keeps such entries for hours in small networks. */
  readonly stale?: true;
};

/** Reads the kernel's neighbour table: hosts whose MAC is known, gone and failed entries left out. @throws when the table cannot be read */
export type ReadNeighbours = (signal: AbortSignal) => Promise<readonly Neighbour[]>;

export const readNeighbours: ReadNeighbours = (signal) => (platform() === "win32" ? readWindows(signal) : readLinux(signal));

async function readLinux(signal: AbortSignal): Promise<readonly Neighbour[]> {
  try {
    return parseIpNeigh(await runProgram("ip", ["-j", "neigh", "show"], signal));
  } catch (error) {
    signal.throwIfAborted();
    // Without iproute2 the kernel still shows its IPv4 half.
    return parseProcArp(
      await readFile("/proc/net/arp", { encoding: "utf8", signal }).catch(() => {
        throw error;
      }),
    );
  }
}

// Not run in our tests, for want of a Windows machine; the parser is tested with rows in the documented shape.
async function readWindows(signal: AbortSignal): Promise<readonly Neighbour[]> {
  return parseGetNetNeighbor(
    await powershellRows("Get-NetNeighbor | Select-Object IPAddress,LinkLayerAddress,InterfaceAlias,@{n='State';e={[string]$_.State}}", signal),
  );
}

const IpNeigh = z.object({ dst: z.string(), dev: z.string(), lladdr: z.string().optional(), state: z.array(z.string()).default([]) });

/** Reads the answer of `ip -j neigh show`. */
export function parseIpNeigh(text: string): readonly Neighbour[] {
  return keep(
    rowsOf(IpNeigh, parseRows(text)).map(({ dst, dev, lladdr, state }) => ({
      address: dst,
      mac: lladdr ?? "",
      interface: dev,
      gone: state.some((word) => word === "FAILED" || word === "INCOMPLETE" || word === "NOARP"),
      ...(state.some((word) => word === "STALE" || word === "DELAY" || word === "PROBE") && { stale: true as const }),
    })),
  );
}

/** Reads /proc/net/arp; flag 0x2 marks a complete entry. */
export function parseProcArp(text: string): readonly Neighbour[] {
  const rows = text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return keep(rows.map(([address = "", , flags = "0", mac = "", , name = ""]) => ({ address, mac, interface: name, gone: (Number(flags) & 2) === 0 })));
}

const NetNeighbor = z.object({ IPAddress: z.string(), LinkLayerAddress: z.string().nullish(), InterfaceAlias: z.string(), State: z.string() });

/** Reads rows of PowerShell's Get-NetNeighbor. Its permanent rows are multicast and broadcast mappings. */
export function parseGetNetNeighbor(rows: readonly unknown[]): readonly Neighbour[] {
  return keep(
    rowsOf(NetNeighbor, rows).map(({ IPAddress, LinkLayerAddress, InterfaceAlias, State }) => ({
      address: IPAddress,
      mac: LinkLayerAddress ?? "",
      interface: InterfaceAlias,
      gone: State === "Unreachable" || State === "Incomplete" || State === "Permanent",
      ...((State === "Stale" || State === "Delay" || State === "Probe") && { stale: true as const }),
    })),
  );
}

function rowsOf<Row>(shape: z.ZodType<Row>, rows: readonly unknown[]): Row[] {
  return rows.slice(0, NEIGHBOURS_MAX).flatMap((row) => shape.safeParse(row).data ?? []);
}

/** Unifies MACs to `aa:bb:cc:dd:ee:ff`; drops rows without one, group addresses and what is gone. */
function keep(rows: readonly (Neighbour & { gone: boolean })[]): readonly Neighbour[] {
  return rows.slice(0, NEIGHBOURS_MAX).flatMap(({ gone, mac: raw, ...row }) => {
    const mac = raw.toLowerCase().replaceAll("-", ":");
    const isHost = /^[0-9a-f]([02468ace])(:[0-9a-f]{2}){5}$/.test(mac) && mac !== "00:00:00:00:00:00";
    return gone || !isHost ? [] : [{ ...row, mac }];
  });
}
