import { z } from "zod";

const severities = ["info", "low", "moderate", "high", "critical"] as const;
/** From this severity on a known hole must be closed before anything is released. */
const barred: ReadonlySet<string> = new Set(["high", "critical"]);

const Report = z.object({
  vulnerabilities: z.record(z.string(), z.object({ severity: z.enum(severities), fixAvailable: z.unknown() })),
});
const Refusal = z.object({ message: z.string() });

export type AuditVerdict = { readonly exitCode: 0 | 1; readonly lines: readonly string[] };

/** What `npm audit --json` has said, for a person and for CI. A registry that answers no audits is a notice: silence is no finding, and no proof either. */
export function auditVerdict(output: string): AuditVerdict {
  const said = jsonOf(output);
  const report = Report.safeParse(said);
  if (!report.success) {
    const why = Refusal.safeParse(said).data?.message ?? "no report";
    return { exitCode: 0, lines: [`audit: NOT DONE, this registry answers no audits (${why.slice(0, 120)}); run "npm audit" where one does`] };
  }
  const found = Object.entries(report.data.vulnerabilities);
  const bad = found.filter(([, { severity }]) => barred.has(severity));
  if (bad.length === 0) return { exitCode: 0, lines: [`audit: no known hole of high severity (${found.length} lesser)`] };
  return {
    exitCode: 1,
    lines: bad.map(([name, { severity, fixAvailable }]) => `audit: ${name}: ${severity}${fixAvailable ? ', "npm audit fix" has a fix' : ""}`),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
