import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { attestationColumns, parseAttestation } from "../../collector/attest/attestation-input.ts";
import { dutyColumns, parseDutyRecord } from "../../collector/attest/duty-input.ts";
import { readImportFile } from "../../collector/attest/import-file.ts";
import { parseWaiver, waiverColumns } from "../../collector/attest/waiver-input.ts";
import { loadPolicy } from "../../collector/policy-files.ts";
import { projectRoot } from "../support/source-files.ts";

const nowMs = Date.parse("2026-11-30T08:00:00Z");
const place = { ...loadPolicy("gia-lai-890", nowMs), nowMs };
const [, section = ""] = readFileSync(join(projectRoot, "docs/operations.md"), "utf8").split("### Declarations, duties and waivers from a file\n");
const examples = [...section.matchAll(/```csv\n(.*?)```/gs)].map(([, body = ""]) => body);

it.each([
  ["attest", attestationColumns, (fields: Fields, id: string) => parseAttestation(fields, id, new Date(nowMs).toISOString(), place.policy)],
  ["duty", dutyColumns, (fields: Fields, id: string) => parseDutyRecord(fields, id, place)],
  [
    "waiver",
    waiverColumns,
    (fields: Fields, id: string) =>
      parseWaiver(
        fields,
        id,
        "2026-11-30",
        place.policy.requirements.map((one) => one.id),
      ),
  ],
] as const)("docs/operations.md names each column of a file for `%s import`, and its example is taken", (file, columns, parse) => {
  const [row = ""] = section.split("\n").filter((line) => line.startsWith(`| \`${file}\` |`));
  expect(columns.filter((column) => !row.includes(`\`${column}\``))).toEqual([]);
  const taken = examples.map((body) => readImportFile<unknown>({ name: file, body }, columns, "en", parse));
  expect(taken.filter(({ values, faults }) => values.length === 1 && faults.length === 0)).toHaveLength(1);
});

type Fields = Readonly<Record<string, unknown>>;
