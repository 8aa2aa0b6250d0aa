import type { Lang } from "#schemas/words.ts";
import type { Page } from "./page.ts";

/** Conditions that more than one query sets. Variables carry short codes, so Grafana's default quoting fits PostgreSQL. */
export const inDistrict = "district_code IN ($district)";
/** Of problems: those of the whole province, as a portal that is down for all, are of every district. */
export const inDistrictOrProvince = "(district_code IN ($district) OR centre IS NULL)";
export const inCentre = "centre IN ($centre)";

/** Mean over all samples of a district's bucket, in view `district_hour`. */
export const mean = "sum(sum) / sum(n)";

/** What is drawn, and the reception point where that is not the main office: two lines, portals or Wi-Fis in one would zigzag between them. */
export function byPoint(name: "metric" | "hop || ' · ' || metric" | "portal"): string {
  return `concat_ws(' · ', ${name}, point)`;
}

/** Words for codes, all of them found under one beginning of their keys. */
export function wordsUnder<const Prefix extends string, const Code extends string>(
  prefix: Prefix,
  codes: readonly Code[],
): Readonly<Record<string, `${Prefix}${Code}`>> {
  return Object.fromEntries(codes.map((code) => [code, `${prefix}${code}` as const]));
}

/** The title of a requirement in the page's language, as a column called `title`. */
export function titleColumn({ lang }: Page): `title_${Lang} AS title` {
  return `title_${lang} AS title`;
}

/** The same of problems: one that is of no requirement has its own code, for which `title` has words. */
export function problemColumn({ lang }: Page): `coalesce(title_${Lang}, requirement) AS title` {
  return `coalesce(title_${lang}, requirement) AS title`;
}

/** Requirement number and title in one text, for legends and axes; the number alone of one that the policy no longer has. */
export function requirementLabel({ lang }: Page): string {
  return `concat_ws(' · ', requirement, title_${lang})`;
}
