import { z } from "zod";
import { targetOptions } from "#schemas/target.ts";
import { esclServices } from "../../io/escl.ts";
import { DEVICES_IN_PARALLEL, inParallel } from "../../io/in-parallel.ts";
import type { MdnsService } from "../../io/mdns.ts";
import { NO_WAY_OUT } from "../../io/references.ts";
import { openWays, type Ways } from "../../io/ways.ts";
import { defineProbe, ProbeError } from "../../probe.ts";
import { askDevice, VISIT_MS } from "./ask-device.ts";
import { askSpooler } from "./ask-spooler.ts";
import type { DeviceAnswer } from "./device-answer.ts";
import { judge, judgePart } from "./judge.ts";

const Options = targetOptions({
  /** Whether this PC's own spooler is asked as well, for USB printers and scanners that no other PC can see. */
  spooler: z.boolean().default(false),
});
type Options = z.infer<typeof Options>;

/** Longest run, whatever the number of targets, ms. */
const RUN_MS_MAX = 90_000;
/** Time to hear where scanners say that they are, ms. */
const LISTEN_MS = 2_000;
/** Roles whose presence alone is asked, so that the neighbour table may answer for them. */
const presenceRoles: ReadonlySet<string> = new Set(["officer-pc", "citizen-pc", "kiosk", "display"]);

/** Which devices of the office are there and work: printers, scanners, PCs, kiosk and display. */
export const officeDevices = defineProbe<Options>({
  kind: "office-devices",
  options: Options,
  deadlineMs: ({ targets }) => Math.min(RUN_MS_MAX, 5_000 + VISIT_MS * Math.ceil(targets.length / DEVICES_IN_PARALLEL)),
  async run({ targets, spooler }, context) {
    const { signal, io } = context;
    const ways = openWays(
      targets.map(({ address }) => address),
      context,
    );
    let heard: Promise<readonly MdnsService[]> | undefined;
    const announced = () => (heard ??= io.mdnsBrowse(esclServices, LISTEN_MS, signal).catch(() => []));
    const answers = await inParallel(targets, DEVICES_IN_PARALLEL, (target) => askDevice(target, io, announced, signal));
    const hidden = answers.some(({ up, role }) => !up && presenceRoles.has(role));
    const table = hidden ? await io.readNeighbours(signal).catch(() => []) : [];
    // A PC whose firewall drops everything still answers ARP, which our knocking has just made the kernel ask; a stale entry is no answer.
    const known = new Set(table.filter(({ stale }) => !stale).map(({ address }) => address));
    const whole = answers.map(
      (answer): DeviceAnswer =>
        !answer.up && presenceRoles.has(answer.role) && known.has(answer.address) ? { ...answer, up: true, method: "neighbours" } : answer,
    );
    const local = spooler ? await askSpooler(io, signal) : [];
    const cutOff = await cutOffOf(whole, ways);
    const [why] = cutOff.values();
    if (why === undefined) return judge([...whole, ...local]);
    // Silence of these is this PC's own; the others, and what hangs on it by USB, still tell.
    const rest = [...whole.filter(({ address }) => !cutOff.has(address)), ...local];
    if (rest.length === 0) throw new ProbeError("no_route", why);
    return judgePart(rest);
  },
});

/** Silent devices of which silence says nothing, with the reason. One that answers shows that there is a way even without a default route. */
async function cutOffOf(answers: readonly DeviceAnswer[], ways: Ways): Promise<ReadonlyMap<string, string>> {
  const seen = answers.filter(({ up }) => up);
  for (const { address } of seen) await ways.answered(address);
  const reasons = new Map<string, string>();
  for (const { address, up } of answers) {
    const why = up || reasons.has(address) ? undefined : await ways.cutOff(address);
    if (why !== undefined && !(why === NO_WAY_OUT && seen.length > 0)) reasons.set(address, why);
  }
  return reasons;
}
