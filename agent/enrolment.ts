import { sign } from "node:crypto";
import { hostname } from "node:os";
import { cleanText } from "#schemas/clean-text.ts";
import { EnrolReply, type EnrolRequest, enrolText } from "#schemas/exchange.ts";
import type { Problem } from "#schemas/problem.ts";
import { moment } from "#schemas/text/moment-word.ts";
import { outcomeWord } from "#schemas/text/outcome-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { isDateFault } from "./date-fault.ts";
import { adoptIdentity, type Identity, pendingKey, publicKeyText } from "./identity.ts";
import { deviceErrorFrom } from "./io/device-error.ts";
import { NoAnswerError, UsageError } from "./terminal.ts";
import type { CollectorClient } from "./uplink/collector-client.ts";

export type Enrolment = { readonly dataDir: string; readonly collector: string; readonly version: string; readonly nowMs: () => number };

/**
 * Makes this PC known to a collector by its one-time code. The key is made here and only its public half is sent, with a proof of possession.
 * An interrupted attempt can be repeated with the same key.
 * @throws UsageError with what to do about a code that is refused, NoAnswerError when no collector answers, proves itself, or has time
 */
export async function enrol(code: string, client: CollectorClient, { dataDir, collector, version, nowMs }: Enrolment, signal: AbortSignal): Promise<Identity> {
  const key = pendingKey(dataDir);
  const publicKey = publicKeyText(key);
  const request: EnrolRequest = {
    code,
    publicKey,
    proof: sign(null, Buffer.from(enrolText(code, publicKey)), key).toString("base64"),
    hostName: cleanText(hostname(), 64),
    version,
  };
  const reply = await client.send({ method: "POST", path: "/v1/enrol", body: Buffer.from(JSON.stringify(request)), signal }).catch((error: unknown) => {
    const { code: fault } = error as { code?: unknown };
    if (isDateFault(fault))
      throw new NoAnswerError(
        (lang) => `${text(lang, "agent.dates.either", { now: moment(lang, nowMs()) })} ${text(lang, "agent.dates.hint.either")} (${collector}: ${fault})`,
      );
    if (typeof fault === "string" && /CERT|VERIFY/.test(fault))
      throw new NoAnswerError((lang) => text(lang, "agent.enrol.certificate", { collector, fault, folder: dataDir }));
    const { trouble } = deviceErrorFrom(error, collector);
    const said = cleanText(error instanceof Error ? error.message : String(error));
    const words = (lang: Lang) => (trouble === "bad_reply" ? said : `${outcomeWord(lang, trouble)}, ${fault}`);
    throw new NoAnswerError((lang) => text(lang, "agent.enrol.no_answer", { collector, error: words(lang) }));
  });
  const enrolled = EnrolReply.safeParse(reply.body);
  if (reply.status !== 200 && reply.status !== 201) throw refusal(collector, reply.status, reply.problem);
  if (!enrolled.success) throw new NoAnswerError((lang) => text(lang, "agent.enrol.stranger", { collector }));
  const { agent, centre, point, configKey } = enrolled.data;
  const identity: Identity = {
    agent,
    centre,
    ...(point !== undefined && { point }),
    collector,
    enrolledAt: new Date(nowMs()).toISOString(),
    ...(configKey !== undefined && { configKey }),
  };
  adoptIdentity(dataDir, identity);
  return identity;
}

/** What a refusal means for whoever typed the code; a collector always says it with a Problem. */
function refusal(collector: string, status: number, problem: Problem | undefined): UsageError {
  const say = (key: TextKey) => (lang: Lang) => text(lang, key, { collector, status, code: cleanText(problem?.code ?? "") });
  if (problem === undefined) return new NoAnswerError(say("agent.enrol.stranger"));
  if (status === 403) return new UsageError(say("agent.enrol.refused"));
  if (status === 422) return new UsageError(say("agent.enrol.mistyped"));
  return new NoAnswerError(say("agent.enrol.later"));
}
