import { z } from "zod";
import { Network, targetOptions } from "#schemas/target.ts";
import { DEVICES_IN_PARALLEL, inParallel } from "../../io/in-parallel.ts";
import { inSubnets } from "../../io/sweep.ts";
import { openWays } from "../../io/ways.ts";
import { defineProbe, ProbeError } from "../../probe.ts";
import { askTarget, VISIT_MS } from "./ask-target.ts";
import { countLeases } from "./count-leases.ts";
import { countNeighbours } from "./count-neighbours.ts";
import { judge, wantsNeighbours } from "./judge.ts";

const Options = targetOptions({
  /** Networks of the Wi-Fi, to tell its hosts from wired ones in tables of addresses. */
  subnets: z.array(Network).max(16).default([]),
  /** Lease file of a dnsmasq on this very PC. Only the commune's own configuration may name it. */
  leaseFile: z.string().min(1).max(500).optional(),
});
type Options = z.infer<typeof Options>;

/** Longest run, whatever the number of targets, ms. */
const RUN_MS_MAX = 60_000;

/** How many people are on the Wi-Fi, and what limits it: asks access points, controllers and routers. */
export const wifiClients = defineProbe<Options>({
  kind: "wifi-clients",
  options: Options,
  deadlineMs: ({ targets }) => Math.min(RUN_MS_MAX, 5_000 + VISIT_MS * Math.ceil(targets.length / DEVICES_IN_PARALLEL)),
  async run({ targets, subnets, leaseFile }, context) {
    const { signal, io, nowMs } = context;
    const addresses = targets.map(({ address }) => address);
    const ways = openWays(addresses, context);
    const isInside = subnets.length > 0 ? inSubnets(subnets) : () => true;
    const isWanted = (address: string) => isInside(address) && !addresses.includes(address);
    const answers = await inParallel(targets, DEVICES_IN_PARALLEL, (target) => askTarget(target, { io, ways, isWanted }, signal));
    const leases = leaseFile === undefined ? undefined : await countLeases(io, leaseFile, subnets, nowMs());
    const asked = wantsNeighbours(answers, subnets.length > 0);
    const neighbours = asked ? await countNeighbours(io, { subnets, targets: addresses }, signal) : undefined;
    const { readings, evidence } = judge(answers, { leases: leases?.hosts, leaseS: leases?.longestS, neighbours, isWifiAlone: subnets.length > 0 });

    const [failure] = answers.filter((answer) => answer.state === "failed");
    if (failure && answers.every(({ state }) => state === "failed")) throw new ProbeError(failure.reason, `${failure.label}: ${failure.message}`, evidence);
    const tellsMore = readings.some(({ metric, value }) => metric !== "wifi_ap_up" || value === 0) || "contradiction" in evidence;
    if (!tellsMore) throw new ProbeError("unsupported", "the devices answer but none tells how many clients it has; see docs/add-a-device.md", evidence);
    return { readings, evidence };
  },
});
