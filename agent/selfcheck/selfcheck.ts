import { cleanText } from "#schemas/clean-text.ts";
import type { Phones } from "#schemas/phones.ts";
import { Owner } from "#schemas/policy.ts";
import { deviceChecks } from "./device-checks.ts";
import { networkChecks } from "./network-checks.ts";
import { type CheckGroup, type CheckResult, checkGroups, phrase } from "./result.ts";
import { selfChecks } from "./self-checks.ts";
import type { Check, Surroundings } from "./surroundings.ts";

const checks: readonly Check[] = [...selfChecks, ...networkChecks, ...deviceChecks];
/** `plan` is judged last, from what the others have just measured and what the spool remembers. */
const PLAN = "plan";

/** Ids of all checks below their groups; the plan's are those of its requirements. */
export const checksByGroup: ReadonlyMap<CheckGroup, readonly string[]> = new Map(
  checkGroups.map((group) => [group, checks.filter((check) => check.group === group).map(({ id }) => id)]),
);

/** Beginnings of ids that `--only` takes. */
export const checkIds: readonly string[] = [...new Set(checks.flatMap(({ id, group }) => [group, id])), PLAN];

export type SelfCheckOptions = {
  readonly only?: string | undefined;
  /** Lines of the plan; called after everything was measured. */
  readonly judge: (surroundings: Surroundings) => readonly CheckResult[];
  /** What is being checked now, for whoever waits. */
  readonly working?: (group: CheckGroup) => void;
};

/** Whether `--only` names something: a group, a check, a line below it, or a requirement such as R01. */
export function isCheckId(only: string): boolean {
  return /^R\d{2}$/.test(only) || checkIds.some((id) => only === id || only.startsWith(`${id}.`));
}

/** Runs all checks that are wanted. Never rejects: a check that fails is a line that says so, and the others go on. */
export async function selfCheck(surroundings: Surroundings, { only, judge, working }: SelfCheckOptions): Promise<CheckResult[]> {
  const wanted = only === undefined ? undefined : /^R\d{2}$/.test(only) ? `plan.${only}` : only;
  const isPlan = wanted?.split(".")[0] === PLAN;
  // The plan needs what the others measure, so they run for it too and their lines are left out below.
  const chosen = checks.filter(({ id, group }) => wanted === undefined || isPlan || wanted === group || isBelow(id, wanted) || isBelow(wanted, id));
  const results: CheckResult[] = [];
  for (const group of ["self", "lan", "wan", "devices"] as const) {
    const own = chosen.filter((check) => check.group === group);
    if (own.length > 0) working?.(group);
    const answer = (check: Check) => guarded(check.id, group, () => check.run(surroundings));
    results.push(...(await Promise.all(own.filter(({ alone }) => !alone).map(answer))).flat());
    for (const check of own.filter(({ alone }) => alone)) results.push(...(await answer(check)));
  }
  if (wanted === undefined || isPlan) {
    working?.(PLAN);
    results.push(...(await guarded(PLAN, PLAN, () => judge(surroundings))));
  }
  const told = results.map((result) => withPhone(result, surroundings.config?.phones));
  return wanted === undefined ? told : told.filter(({ id, group }) => wanted === group || isBelow(id, wanted));
}

function withPhone(result: CheckResult, phones: Phones = {}): CheckResult {
  const name = result.owner !== undefined && "key" in result.owner ? Owner.safeParse(result.owner.key.replace(/^owner\./, "")).data : undefined;
  const phone = name && phones[name];
  return phone === undefined ? result : { ...result, phone };
}

function isBelow(id: string, above: string): boolean {
  return id === above || id.startsWith(`${above}.`);
}

async function guarded(id: string, group: CheckGroup, run: () => Promise<readonly CheckResult[]> | readonly CheckResult[]): Promise<readonly CheckResult[]> {
  try {
    return await run();
  } catch (error) {
    return [
      {
        id,
        group,
        state: "unknown",
        title: { vi: id, en: id },
        detail: phrase("selfcheck.crashed"),
        technical: cleanText(error instanceof Error ? error.message : String(error), 200),
        hint: phrase("selfcheck.hint.crashed"),
        owner: phrase("owner.province-it"),
      },
    ];
  }
}
