import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { ExpectedText } from "#schemas/policy.ts";
import { anybodyAnswers, hasWayOut, References } from "../../io/references.ts";
import { defineProbe, ProbeError } from "../../probe.ts";
import { judge } from "./judge.ts";
import { timedGet } from "./timed-get.ts";

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
    const get = await timedGet(url, AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]), USER_AGENT, ca);
    context.signal.throwIfAborted();
    const hasNetwork = get.failed === undefined || (await hasWayOut(url.hostname, context.io.readDefaultRoute, context.signal, context.log));
    const isReferenceUp = get.failed !== undefined && hasNetwork ? await anybodyAnswers(references, context.io.tcpKnock, context.signal) : undefined;
    const verdict = judge(get, { url, portal, expectText, hasNetwork, isReferenceUp, nowMs: context.nowMs(), trustedMs: context.trustedMs() });
    if (verdict.kind === "failed") throw new ProbeError(verdict.reason, verdict.message, verdict.evidence);
    return { readings: verdict.readings, evidence: verdict.evidence };
  },
});
