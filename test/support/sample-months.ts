import { type Comparison, compareMonths } from "../../collector/report/comparison.ts";
import { buildDossier, type Dossier, type ReportRows } from "../../collector/report/dossier.ts";
import { periodOf } from "../../collector/report/period.ts";
import { calendar } from "./facts.ts";
import { samplePolicy } from "./sample-policy.ts";
import { sampleCentres, sampleFindings, sampleNowMs } from "./sample-province.ts";

/** A month of the sample province; with `shift` each centre stands as the one so many places behind it does. */
export function sampleMonth(
  month: string,
  { shift = 0, policy = samplePolicy, ...changed }: Partial<ReportRows> & { shift?: number; policy?: typeof samplePolicy } = {},
): Dossier {
  const findings = sampleCentres.flatMap(({ code }, index) =>
    sampleFindings((index + shift) % sampleCentres.length).map((finding) => ({
      ...finding,
      centre: code,
      ...(finding.validUntil && { validUntil: "2027-12-31T00:00:00.000Z" }),
    })),
  );
  const rows: ReportRows = { centres: sampleCentres, findings, changes: [], attestations: [], waivers: [], ...changed };
  return buildDossier("province", periodOf(month), policy, rows, { nowMs: sampleNowMs, demo: false, calendar });
}

/** Two months of it of which the earlier one stands otherwise. */
export async function sampleComparison(before: string, after: string): Promise<Comparison> {
  return compareMonths(sampleMonth(before, { shift: 1 }), sampleMonth(after), { before: samplePolicy, after: samplePolicy });
}
