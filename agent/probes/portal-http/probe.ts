import { isIP } from "node:net";
import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { defineProbe, type ProbeContext, ProbeError } from "../../probe.ts";
import { judge } from "./judge.ts";
import { timedGet } from "./timed-get.ts";

const Options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Code of the portal in the policy; becomes the label of each reading. */
  portal: Code.optional(),
  /** A text that the page must hold; without it the portal counts as down. */
  expectText: z.string().min(1).max(200).optional(),
  timeoutMs: z.number().min(500).max(30_000).default(15_000),
});

const USER_AGENT = "hcc-watch/0.1 (infrastructure probe of a commune public-administration centre)";

/** Asks a portal's public page once, as a citizen's browser would, and says how long each step took. */
export const portalHttp = defineProbe({
  kind: "portal-http",
  options: Options,
  deadlineMs: ({ timeoutMs }) => timeoutMs + 20_000,
  async run({ url: text, portal, expectText, timeoutMs }, context) {
    const url = new URL(text);
    const get = await timedGet(url, AbortSignal.any([context.signal, AbortSignal.timeout(timeoutMs)]), USER_AGENT);
    context.signal.throwIfAborted();
    const hasNetwork = get.failed === undefined || (await canLeave(url, context));
    const verdict = judge(get, { url, portal, expectText, hasNetwork, nowMs: context.nowMs() });
    if (verdict.kind === "failed") throw new ProbeError(verdict.reason, verdict.message, verdict.evidence);
    return { readings: verdict.readings, evidence: verdict.evidence };
  },
});

/** Asked only after a failure: is there any way out of this PC? A table that cannot be read counts as yes: the portal's failure stands. */
async function canLeave(url: URL, { io, signal, log }: ProbeContext): Promise<boolean> {
  if (isLoopback(url.hostname)) return true;
  try {
    return (await io.readDefaultRoute(signal)) !== undefined;
  } catch (error) {
    log("the default route could not be read", { error: String(error) });
    return true;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || (isIP(host) === 4 && host.startsWith("127."));
}
