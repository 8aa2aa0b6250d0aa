import { expect, it } from "vitest";
import { auditVerdict } from "../../deploy/audit-verdict.ts";

const report = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities });

it.each([
  ["nothing known passes", report({}), 0, "no known hole"],
  ["a lesser hole passes and is counted", report({ a: { severity: "moderate", fixAvailable: true } }), 0, "(1 lesser)"],
  ["a hole of high severity fails and is named", report({ hono: { severity: "high", fixAvailable: { name: "hono" } } }), 1, "hono: high"],
  ["a critical one fails", report({ x: { severity: "critical", fixAvailable: false } }), 1, "x: critical"],
  ["a registry without audits is a notice", JSON.stringify({ message: "405 Method Not Allowed", error: {} }), 0, "NOT DONE"],
  ["no answer at all is a notice", "", 0, "NOT DONE"],
])("%s", (_, output, exitCode, words) => {
  const verdict = auditVerdict(output);
  expect(verdict.exitCode).toBe(exitCode);
  expect(verdict.lines.join("\n")).toContain(words);
});
