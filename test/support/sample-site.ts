import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import type { Attestation, Waiver } from "#schemas/attestation.ts";
import type { DutyRecord } from "#schemas/duty.ts";
import { localPerson } from "../../collector/auth/local-person.ts";
import { buildDossier, dossierOfCentre } from "../../collector/report/dossier.ts";
import { periodOf } from "../../collector/report/period.ts";
import { attestRoutes } from "../../collector/routes/attest.ts";
import { dutiesRoutes } from "../../collector/routes/duties.ts";
import { openApiRoutes } from "../../collector/routes/openapi.ts";
import { reportRoutes } from "../../collector/routes/report.ts";
import { waiverRoutes } from "../../collector/routes/waiver.ts";
import { formToken } from "../../collector/web/form-token.ts";
import { calendar, plan } from "./facts.ts";
import { guarded } from "./guarded.ts";
import { memoryForms } from "./memory-forms.ts";
import { sampleComparison } from "./sample-months.ts";
import { samplePages } from "./sample-pages.ts";
import { samplePolicy } from "./sample-policy.ts";
import { sampleCentres, sampleFindings, sampleNowMs, sampleStore } from "./sample-province.ts";

export type SampleSite = AsyncDisposable & {
  readonly url: string;
  readonly waivers: readonly Waiver[];
  readonly attestations: readonly Attestation[];
  readonly records: readonly DutyRecord[];
  setRevision(revision: string): void;
  /** Ends the session of whoever looks, or begins it again. */
  setSignedIn(isSignedIn: boolean): void;
};

/** All pages over the sample province on a port of its own, with a store in memory behind the forms. */
export async function sampleSite({ demo = true } = {}): Promise<SampleSite> {
  const { waivers, attestations, store, deeds, doer } = memoryForms();
  const records: DutyRecord[] = [];
  let revision = "1";
  let isSignedIn = true;
  const page = { policy: samplePolicy, lang: "vi", demo, now: () => sampleNowMs, token: formToken("sample") } as const;
  const forms = {
    ...page,
    doer,
    deeds: {
      ...deeds,
      recordDuties: async (_: unknown, more: readonly DutyRecord[]) => {
        records.push(...more);
        return [];
      },
    },
    changed: async () => undefined,
    store: {
      centreName: async (code: string) => sampleCentres.find((centre) => centre.code === code)?.name,
      ...store,
    },
  };
  const desk = {
    centreNames: async () => sampleCentres.map(({ code, name }) => ({ code, name })),
    dossier: async (month: string, centre?: string) => {
      const rows = { centres: sampleCentres, findings: sampleCentres.flatMap((_, index) => sampleFindings(index)), changes: [], attestations, waivers };
      const province = buildDossier("province", periodOf(month), samplePolicy, rows, { nowMs: sampleNowMs, demo, calendar });
      return centre === undefined ? province : dossierOfCentre(province, centre);
    },
    comparison: sampleComparison,
  };
  const routes = samplePages({ ...page, calendarAt: () => calendar, store: { ...sampleStore, revision: async () => revision } })
    .route("/", waiverRoutes(forms))
    .route("/", attestRoutes(forms))
    .route("/", dutiesRoutes({ ...forms, policy: plan, calendarAt: () => calendar, dutiesOf: async () => records.toReversed() }))
    .route("/", reportRoutes({ ...page, desk, linkEvidence: async () => undefined }))
    .route("/", openApiRoutes(page));
  const app = guarded(routes, page, () => (isSignedIn ? localPerson : undefined));
  const listening = Promise.withResolvers<AddressInfo>();
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, listening.resolve);
  const { port } = await listening.promise;
  return {
    url: `http://127.0.0.1:${port}`,
    waivers,
    attestations,
    records,
    setRevision(next) {
      revision = next;
    },
    setSignedIn(next) {
      isSignedIn = next;
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed.promise;
    },
  };
}
