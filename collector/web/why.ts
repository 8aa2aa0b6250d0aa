import type { Finding } from "#schemas/finding.ts";
import { isTextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";

/** Why a finding has its state, as a sentence; the code itself where the catalogue has no sentence. */
export function why(lang: Lang, finding: Pick<Finding, "reason" | "detail" | "observed" | "required">): string {
  const key = `finding.reason.${finding.reason}`;
  if (!isTextKey(key)) return finding.reason;
  const { observed, required } = finding;
  const detail = Object.fromEntries(Object.entries(finding.detail ?? {}).map(([name, value]) => [name, typeof value === "boolean" ? String(value) : value]));
  return text(lang, key, { ...(observed !== undefined && { observed }), ...(required !== undefined && { required }), ...detail });
}
