import type { Finding } from "#schemas/finding.ts";
import type { Requirement } from "#schemas/policy.ts";
import { findingAdvice } from "#schemas/text/finding-advice.ts";
import { type CheckLine, phrase } from "./result.ts";

/** What to do about a requirement that is not met or not known, and who does it, in both languages: the same words as on the centre's page. */
export function remedyOf(requirement: Requirement, finding: Pick<Finding, "reason" | "detail">): Pick<CheckLine, "hint" | "owner"> {
  const [vi, en] = [findingAdvice("vi", requirement, finding), findingAdvice("en", requirement, finding)];
  return { hint: { vi: vi.words, en: en.words }, ...(vi.owner && { owner: phrase(`owner.${vi.owner}`) }) };
}
