import type { AttestedRule, Requirement } from "#schemas/policy.ts";

/** The items that people attest for a requirement, whether alone or beside a measured value. */
export function attestedRule({ rule, declared }: Requirement): AttestedRule | undefined {
  return rule.kind === "attested" ? rule : declared;
}
