import { z } from "zod";
import type { ProbeContext, ProbeMemory } from "../probe.ts";
import type { DefaultRoute } from "./gateway.ts";
import { isThisPc, NO_WAY_OUT } from "./references.ts";
import { inSubnets } from "./sweep.ts";

/** Whether a device's silence is its own: a PC with Wi-Fi or a mobile stick beside its cable has a way out, and still none to the LAN. */

const NETWORKS_MAX = 16;
const KNOCK_MS = 1_500;
/** A router that stands in no table nearly always listens on, or refuses, one of these. */
const ROUTER_PORTS = [53, 80, 443] as const;
const KEY = "ways";

/** What earlier runs knew: networks of devices in which this PC had an address, and the gateway by which a device behind it last answered. */
const KnownWays = z.object({ networks: z.array(z.string().max(64)).max(NETWORKS_MAX), gateway: z.string().max(64).optional() });
export type KnownWays = z.infer<typeof KnownWays>;

/** For people, in the detail of a run. */
export const NETWORK_LEFT = "this PC has no link or no address any more in the network of this device: check its own network cable";
export const GATEWAY_SILENT = "the gateway behind which this device lies does not answer: check the router and this PC's own network cable";

/** How the way to an address begins: in a network of this PC, in one that it has left, or at a gateway. `attached` are the networks with a link, as CIDR. Pure. */
export function beginningOf(address: string, attached: readonly string[], known: KnownWays): "attached" | "left" | "routed" {
  if (inSubnets(attached)(address)) return "attached";
  return inSubnets(known.networks)(address) ? "left" : "routed";
}

/**
 * Which gateway decides on a device behind it: that of the default route, unless this PC has left the network of the one by which devices answered;
 * then none does. `undefined` where a line has no gateway to ask. Pure.
 */
export function gatewayTowards(attached: readonly string[], { gateway: former }: KnownWays, route: DefaultRoute): { gateway: string | undefined } | "left" {
  if (former === undefined) return { gateway: route.gateway };
  const home = attached.filter((network) => inSubnets([network])(former));
  if (home.length === 0) return "left";
  const isHere = route.gateway !== undefined && inSubnets(home)(route.gateway);
  return { gateway: isHere ? route.gateway : former };
}

/** The ways from this PC to the devices of one run. */
export type Ways = {
  /** Asked after silence: why it says nothing of the device; undefined where it is the device's own, or where nothing can be read. @throws when aborted */
  readonly cutOff: (address: string) => Promise<string | undefined>;
  /** Notes that a device answered, so that its gateway is known when it is silent. @throws when aborted */
  readonly answered: (address: string) => Promise<void>;
};

/** Begins a run: keeps in its memory which networks of these devices this PC stands in. */
export function openWays(addresses: readonly string[], { io, memory, signal, log }: Pick<ProbeContext, "io" | "memory" | "signal" | "log">): Ways {
  const attached = io.attachedNetworks();
  const asked = attached.filter((network) => addresses.some(inSubnets([network])));
  const { networks, gateway } = readKnown(memory);
  if (asked.some((network) => !networks.includes(network)))
    keepKnown(memory, { networks: [...new Set([...asked, ...networks])].slice(0, NETWORKS_MAX), ...(gateway !== undefined && { gateway }) });
  const tried = async <T>(what: string, read: Promise<T>): Promise<T | "unread"> => {
    try {
      return await read;
    } catch (error) {
      signal.throwIfAborted();
      log(`${what} could not be read`, { error: String(error) });
      return "unread";
    }
  };
  const isGatewayThere = async (address: string) => {
    const table = await tried("the neighbour table", io.readNeighbours(signal));
    if (table === "unread" || table.some((row) => row.address === address)) return true;
    const knocks = await Promise.all(ROUTER_PORTS.map((port) => io.tcpKnock(address, port, KNOCK_MS, signal)));
    return knocks.some((knock) => knock === "open" || knock === "refused");
  };

  const behindGateway = async (now: readonly string[]): Promise<string | undefined> => {
    const route = await tried("the default route", io.readDefaultRoute(signal));
    if (route === "unread") return undefined;
    if (route === undefined) return NO_WAY_OUT;
    const towards = gatewayTowards(now, readKnown(memory), route);
    if (towards === "left") return NETWORK_LEFT;
    return towards.gateway === undefined || (await isGatewayThere(towards.gateway)) ? undefined : GATEWAY_SILENT;
  };
  // The same for all devices of a run: asking the system takes a second on Windows.
  let behind: Promise<string | undefined> | undefined;

  return {
    cutOff: async (address) => {
      if (isThisPc(address)) return undefined;
      const now = io.attachedNetworks();
      const beginning = beginningOf(address, now, readKnown(memory));
      if (beginning !== "routed") return beginning === "left" ? NETWORK_LEFT : undefined;
      behind ??= behindGateway(now);
      return behind;
    },
    answered: async (address) => {
      const now = io.attachedNetworks();
      const known = readKnown(memory);
      if (isThisPc(address) || inSubnets(now)(address)) return;
      if (known.gateway !== undefined && inSubnets(now)(known.gateway)) return;
      const route = await tried("the default route", io.readDefaultRoute(signal));
      if (route !== "unread" && route?.gateway !== undefined) keepKnown(memory, { ...known, gateway: route.gateway });
    },
  };
}

function readKnown(memory: ProbeMemory): KnownWays {
  return KnownWays.safeParse(memory.get(KEY)).data ?? { networks: [] };
}

function keepKnown(memory: ProbeMemory, known: KnownWays): void {
  memory.set(KEY, known);
}
