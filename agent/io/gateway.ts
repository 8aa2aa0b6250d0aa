import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { networkInterfaces, platform } from "node:os";
import { z } from "zod";
import { parseRows, powershellRows, runProgram } from "./run-program.ts";

/** The way out of this PC. A point-to-point line has an interface and no gateway address. */
export type DefaultRoute = { readonly interface: string; readonly gateway?: string };

/** Reads the default route that the kernel prefers, IPv4 first; undefined when there is none: the PC has no network. @throws when the table cannot be read */
export type ReadDefaultRoute = (signal: AbortSignal) => Promise<DefaultRoute | undefined>;

export const readDefaultRoute: ReadDefaultRoute = (signal) => (platform() === "win32" ? readWindows(signal) : readLinux(signal));

async function readLinux(signal: AbortSignal): Promise<DefaultRoute | undefined> {
  try {
    const v4 = parseIpRoute(await runProgram("ip", ["-j", "-4", "route", "show", "default"], signal));
    return v4 ?? parseIpRoute(await runProgram("ip", ["-j", "-6", "route", "show", "default"], signal));
  } catch (error) {
    signal.throwIfAborted();
    return parseProcRoute(
      await readFile("/proc/net/route", { encoding: "utf8", signal }).catch(() => {
        throw error;
      }),
    );
  }
}

// Not run in our tests, for want of a Windows machine; the parser is tested with rows in the documented shape.
async function readWindows(signal: AbortSignal): Promise<DefaultRoute | undefined> {
  const rows = await powershellRows(
    "Get-NetRoute | Where-Object {$_.DestinationPrefix -in '0.0.0.0/0','::/0'} | Select-Object DestinationPrefix,NextHop,InterfaceAlias,RouteMetric,InterfaceMetric",
    signal,
  );
  return parseGetNetRoute(rows, new Set(Object.keys(networkInterfaces())));
}

const IpRoute = z.object({ dev: z.string(), gateway: z.string().optional(), metric: z.number().default(0), flags: z.array(z.string()).default([]) });

/** Reads the answer of `ip -j route show default`. */
export function parseIpRoute(text: string): DefaultRoute | undefined {
  const routes = parseRows(text).flatMap((row) => IpRoute.safeParse(row).data ?? []);
  const [best] = routes.filter(({ flags }) => !flags.includes("dead") && !flags.includes("linkdown")).sort((a, b) => a.metric - b.metric);
  return best && route(best.dev, best.gateway);
}

/** Reads /proc/net/route: hexadecimal, host byte order (little-endian on every PC that we meet). */
export function parseProcRoute(text: string): DefaultRoute | undefined {
  const rows = text
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  const [best] = rows.filter((row) => row[1] === "00000000" && row[7] === "00000000").sort((a, b) => Number(a[6]) - Number(b[6]));
  const octets = best?.[2]
    ?.match(/../g)
    ?.reverse()
    .map((octet) => Number.parseInt(octet, 16));
  return best?.[0] === undefined ? undefined : route(best[0], octets?.join("."));
}

const NetRoute = z.object({
  DestinationPrefix: z.string(),
  NextHop: z.string(),
  InterfaceAlias: z.string(),
  RouteMetric: z.number().nullish(),
  InterfaceMetric: z.number().nullish(),
});

/**
 * Reads rows of PowerShell's Get-NetRoute. Windows adds both metrics and takes the least. The table keeps what was entered by hand for an adapter whose cable
 * is out: only routes of interfaces in `up` count.
 */
export function parseGetNetRoute(rows: readonly unknown[], up: ReadonlySet<string>): DefaultRoute | undefined {
  const routes = rows.flatMap((row) => NetRoute.safeParse(row).data ?? []).filter(({ InterfaceAlias }) => up.has(InterfaceAlias));
  const cost = (row: z.infer<typeof NetRoute>) => (row.RouteMetric ?? 0) + (row.InterfaceMetric ?? 0) + (row.DestinationPrefix === "0.0.0.0/0" ? 0 : 1e9);
  const [best] = routes.sort((a, b) => cost(a) - cost(b));
  return best && route(best.InterfaceAlias, best.NextHop);
}

function route(name: string, gateway: string | undefined): DefaultRoute {
  const isAddress = gateway !== undefined && isIP(gateway) !== 0 && gateway !== "0.0.0.0" && gateway !== "::";
  return isAddress ? { interface: name, gateway } : { interface: name };
}
