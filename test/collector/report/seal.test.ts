import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { dossierText, sealOf } from "../../../collector/report/seal.ts";
import { sampleComparison } from "../../support/sample-months.ts";

test("the text of a dossier is its JSON, however many centres it has, and its seal is the hash of that", async () => {
  const { before } = await sampleComparison("2026-10", "2026-11");
  const [first] = before.centres;
  if (!first) throw new Error("the sample has centres");
  const centres = Array.from({ length: 151 }, (_, place) => ({ ...first, code: `xa-${place}`, name: 'Xã "Ia Hrú",]' }));
  for (const dossier of [
    before,
    { ...before, centres },
    { ...before, centres: [] },
    { ...before, centres, closedCentres: centres.slice(0, 1), policies: undefined },
  ]) {
    const whole = JSON.stringify(dossier);
    expect(await dossierText(dossier as typeof before)).toBe(whole);
    expect(await sealOf(dossier as typeof before)).toBe(createHash("sha256").update(whole).digest("hex"));
  }
});
