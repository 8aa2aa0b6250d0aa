import type { Reading } from "#schemas/observation.ts";
import type { ProbeContext } from "../../probe.ts";
import type { Part } from "./part.ts";

// A router that drops ICMP nearly always listens on, or refuses, one of these.
const ROUTER_PORTS = [53, 80, 443] as const;

/**
 * The default gateway and the interface towards it. No default route at all is a reading (gateway_up 0).
 * A gateway that is silent but stays in the neighbour table gives no reading: it may only be mute.
 */
export async function gatewayPart(context: ProbeContext): Promise<Part> {
  const { io, signal } = context;
  const route = await io.readDefaultRoute(signal);
  if (!route) return { readings: [{ metric: "gateway_up", value: 0 }], evidence: { defaultRoute: "none" } };
  const nic = await io.readInterface(route.interface, signal);
  const readings: Reading[] = [];
  if (nic?.speedMbps !== undefined) readings.push({ metric: "nic_speed_mbps", value: nic.speedMbps, labels: { interface: route.interface } });
  const evidence = { interface: route.interface, medium: nic?.medium ?? "unknown", ...(route.gateway !== undefined && { gateway: route.gateway }) };
  if (route.gateway === undefined) return { readings, evidence: { ...evidence, gatewayMethod: "none" } };
  const method = await answeringMethod(route.gateway, context);
  if (method !== "neighbour") readings.push({ metric: "gateway_up", value: method === "none" ? 0 : 1 });
  return { readings, evidence: { ...evidence, gatewayMethod: method } };
}

async function answeringMethod(gateway: string, { io, signal }: ProbeContext): Promise<"icmp" | "tcp" | "neighbour" | "none"> {
  const [icmp] = await Promise.allSettled([io.icmpBurst(gateway, { count: 3, intervalMs: 200, timeoutMs: 1_000 }, signal)]);
  if (icmp.status === "fulfilled" && icmp.value.rttsMs.length > 0) return "icmp";
  const bursts = await Promise.all(ROUTER_PORTS.map((port) => io.tcpBurst(gateway, port, { count: 1, intervalMs: 0, timeoutMs: 1_500 }, signal)));
  if (bursts.some(({ rttsMs }) => rttsMs.length > 0)) return "tcp";
  const neighbours = await io.readNeighbours(signal);
  return neighbours.some(({ address }) => address === gateway) ? "neighbour" : "none";
}
