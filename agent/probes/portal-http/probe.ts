import { isIP } from "node:net";
import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { ExpectedText } from "#schemas/policy.ts";
import { anybodyAnswers, hasWayOut, isThisPc, References } from "../../io/references.ts";
import { inSubnets } from "../../io/sweep.ts";
import { defineProbe, inside, type ProbeContext, ProbeError } from "../../probe.ts";
import { endOf } from "../../url-end.ts";
import { judge, type Question } from "./judge.ts";
import { INSIDE, timedGet } from "./timed-get.ts";

const Options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Code of the portal in the policy; becomes the label of each reading. */
  portal: Code.optional(),
  /** A text that only the portal's own page holds; a page that lacks it is another one, such as that of a maintenance. */
  expectText: ExpectedText.optional(),
  timeoutMs: z.number().min(500).max(30_000).default(15_000),
  /** PEM of the one authority that may certify the page, instead of those that a browser on this PC trusts. */
  ca: z.string().min(1).optional(),
  /** Who else is outside: knocked at once each when the portal says nothing. Where all of them are silent, too, the fault is the line's. */
  references: References,
});

const USER_AGENT = "hcc-watch/0.1 (infrastructure probe of a commune public-administration centre)";

/** Asks a portal's public page once, as a citizen's browser would, and says how long each step took. */
export const portalHttp = defineProbe({
  kind: "portal-http",
  options: Options,
  deadlineMs: ({ timeoutMs }) => timeoutMs + 20_000,
  async run({ url: text, portal, expectText, timeoutMs, ca, references }, context) {
    const url = new URL(text);
    const reach = (address: string) => context.mayReach(endOf(text).host, address);
    const get = await timedGet(url, AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]), { userAgent: USER_AGENT, ca, reach });
    // A declared portal whose name leads home was told by a resolver that lies, which is a fault that somebody here can mend.
    const isAtHome = portal !== undefined && leadsHome(url.hostname, get.address, context.io.attachedNetworks());
    if (get.failed?.code === INSIDE && !isAtHome) throw inside(url.hostname);
    context.signal.throwIfAborted();
    const hasNetwork = get.failed === undefined || (await hasWayOut(url.hostname, context.io.readDefaultRoute, context.signal, context.log));
    const isSilent = get.failed !== undefined && hasNetwork && !isAtHome;
    const [isReferenceUp, names] = await Promise.all([
      isSilent ? anybodyAnswers(references, context) : undefined,
      isSilent && get.failed?.phase === "dns" ? askNames(url.hostname, references, context) : undefined,
    ]);
    const verdict = judge(get, { url, portal, expectText, hasNetwork, isReferenceUp, names, isAtHome, nowMs: context.nowMs(), trustedMs: context.trustedMs() });
    if (verdict.kind === "failed") throw new ProbeError(verdict.reason, verdict.message, verdict.evidence);
    return { readings: verdict.readings, evidence: verdict.evidence };
  },
});

/** The portal's own name, and those of the references beside it: where these are known, name servers are well. */
async function askNames(name: string, references: References, { io, signal }: ProbeContext): Promise<NonNullable<Question["names"]>> {
  const others = references.map(({ host }) => host).filter((host) => isIP(host) === 0 && host !== name && !isThisPc(host));
  const [own, ...words] = await Promise.all([name, ...others].map((one) => io.askNameServers(one, signal)));
  signal.throwIfAborted();
  return { own: own ?? "silent", isOtherFound: words.includes("found") };
}

/**
 * Pure. Whether a name was given an address of a network in which this PC stands, or of the PC itself: no public page is there. A portal that is named by its
 * address, or as this PC, is what was wanted.
 */
export function leadsHome(host: string, address: string | undefined, attached: readonly string[]): boolean {
  if (address === undefined || isIP(host.replace(/^\[|\]$/g, "")) !== 0 || isThisPc(host)) return false;
  return isThisPc(address) || address === "0.0.0.0" || address === "::" || inSubnets(attached)(address);
}
