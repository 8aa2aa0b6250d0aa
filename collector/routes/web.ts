import { Hono } from "hono";
import { vietnamDay } from "#schemas/calendar.ts";
import { needsOf } from "#schemas/evaluate/needs.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import type { Lang } from "#schemas/words.ts";
import { AGENT_SILENT } from "../alert/incident.ts";
import { readListApart } from "../inventory/read-list-apart.ts";
import { siteLedger } from "../inventory/site-ledger.ts";
import { declaredFor, presentList } from "../inventory/take-list.ts";
import { findingsAsOf } from "../jobs/past-findings.ts";
import { type Afterwards, unjudgedDays } from "../jobs/unjudged-days.ts";
import type { Deeds } from "../people/deeds.ts";
import type { PolicyAt } from "../policy-book.ts";
import { linkEvidenceOf } from "../report/link-evidence-desk.ts";
import { monthDesk } from "../report/month-desk.ts";
import type { Db } from "../store/db.ts";
import { newestWalks } from "../store/devices.ts";
import { dutiesSince } from "../store/duties.ts";
import { enrolmentOf } from "../store/enrolment.ts";
import { findIncident, incidentPart } from "../store/incidents.ts";
import { maintenancePart } from "../store/maintenance.ts";
import { deadLetters, outboxState } from "../store/outbox.ts";
import { standingFindings } from "../store/page-rows.ts";
import { pageStore } from "../store/pages.ts";
import { sitesWithPoints } from "../store/points.ts";
import { allSites, findSite } from "../store/sites.ts";
import { waiverPart, waiversFrom } from "../store/waivers.ts";
import type { PointReading } from "../web/device-brief.ts";
import type { FormToken } from "../web/form-token.ts";
import { sharedProvince } from "../web/shared-province.ts";
import { asOf } from "../web/standing.ts";
import { attestRoutes } from "./attest.ts";
import { centresRoutes } from "./centres.ts";
import { type DutiesDeps, dutiesRoutes } from "./duties.ts";
import { findingsRoutes } from "./findings.ts";
import type { FormDeps } from "./form-deps.ts";
import { type IncidentDeps, incidentRoutes } from "./incident.ts";
import { type ListsDeps, listsRoutes } from "./lists.ts";
import { type MaintenanceDeps, maintenanceRoutes } from "./maintenance.ts";
import { openApiRoutes } from "./openapi.ts";
import { pageRoutes } from "./page.ts";
import { reportRoutes } from "./report.ts";
import { waiverRoutes } from "./waiver.ts";

export type WebDeps = {
  readonly db: Db;
  readonly policy: PolicyProfile;
  readonly lang: Lang;
  /** The database holds simulated measurements: every page and report says so. */
  readonly demo: boolean;
  readonly now: () => number;
  readonly token: FormToken;
  readonly deeds: Deeds;
  readonly doer: FormDeps["doer"];
  /** The policy and calendar that were in force at a past instant; reports of past months go by them. */
  readonly policyAt: PolicyAt;
  /** Has centres judged anew after something was declared or waived. */
  readonly changed: (centres: readonly string[]) => Promise<void>;
};

/** All that people and other systems look at, on one database. */
export function webRoutes(deps: WebDeps): Hono {
  const { db } = deps;
  const pages = pageStore(db);
  const afterwards: Afterwards = new Map();
  const store = {
    ...pages,
    centre: async (code: string, since: string, today: string, devicesPage?: number) => {
      const rows = await pages.centre(code, since, today, devicesPage);
      if (!rows) return undefined;
      const nowMs = deps.now();
      const span = { firstDay: vietnamDay(Date.parse(since)), lastDay: today, nowMs, knownMs: nowMs, only: [code] };
      return { ...rows, unjudged: await unjudgedDays({ ...deps, afterwards }, rows.history, span) };
    },
    enrolment: (code: string, nowMs: number) => enrolmentOf(db, code, nowMs),
    ledger: async (code: string, nowMs: number) => {
      const site = await findSite(db, code);
      return site ? siteLedger(db, site, deps.policyAt(nowMs).calendar, nowMs) : [];
    },
  };
  const province = sharedProvince(store, deps.policy);
  const calendarAt = (atMs: number) => deps.policyAt(atMs).calendar;
  const forms = {
    ...deps,
    store: {
      centreName: async (code: string) => (await findSite(db, code))?.centre.name,
      waiversFrom: (day: string, centre?: string) => waiversFrom(db, day, centre),
      waiverPart: (day: string, centre: string | undefined, page: number) => waiverPart(db, day, centre, page),
    },
  };
  return new Hono()
    .route("/", pageRoutes({ ...deps, calendarAt, store, province }))
    .route("/", centresRoutes({ ...deps, calendarAt, province, store: { ...store, centre: pages.centre } }))
    .route("/", findingsRoutes({ ...deps, store: { ...store, findingsAsOf: (query, atMs) => findingsAsOf(db, deps.policyAt, query, atMs) } }))
    .route(
      "/",
      reportRoutes({
        ...deps,
        desk: monthDesk(deps),
        linkEvidence: (centre, firstDay, lastDay, point) => linkEvidenceOf(deps, centre, firstDay, lastDay, point),
      }),
    )
    .route("/", openApiRoutes(deps))
    .route("/", waiverRoutes(forms))
    .route("/", attestRoutes(forms))
    .route("/", dutiesRoutes({ ...forms, calendarAt, dutiesOf: dutiesOf(deps) }))
    .route("/", incidentRoutes({ ...forms, incidents: incidentStore(deps) }))
    .route("/", maintenanceRoutes({ ...forms, maintenance: maintenanceStore(deps) }))
    .route("/", listsRoutes({ ...deps, lists: listStore(deps) }));
}

function dutiesOf({ db, policyAt, now }: WebDeps): DutiesDeps["dutiesOf"] {
  return async (code, requirement) => {
    const site = await findSite(db, code);
    const { dutiesFrom } = needsOf([requirement], policyAt(now()).calendar, now());
    if (!site || dutiesFrom === undefined) return [];
    return (await dutiesSince(db, site.siteId, dutiesFrom, { atMs: now() })).filter((record) => record.requirement === requirement.id);
  };
}

const DEAD_SHOWN = 20;

function incidentStore({ db, now }: WebDeps): IncidentDeps["incidents"] {
  return {
    part: (filter, page) => incidentPart(db, filter, page),
    find: async (id) => {
      const incident = await findIncident(db, id);
      const site = incident && (await findSite(db, incident.siteId));
      const { code, name, isp, contractNumber } = site?.centre ?? {};
      const hasPoints = site !== undefined && (await sitesWithPoints(db, [site.siteId])).size > 0;
      return (
        incident && {
          ...incident,
          ...(code && { centre: code }),
          ...(name && { centreName: name }),
          ...(isp && { isp }),
          ...(contractNumber && { contractNumber }),
          ...(hasPoints && { hasPoints }),
        }
      );
    },
    background: async ({ siteId, requirement, state, beganMs }) => {
      if (state === "closed") return { walks: [] };
      const [findings, walks] = await Promise.all([standingFindings(db, siteId), newestWalks(db, siteId)]);
      const finding = findings.find((one) => one.requirement === requirement);
      // What was walked before an agent fell silent says nothing of why.
      const isSince = ({ at }: PointReading) => requirement !== AGENT_SILENT || Date.parse(at) >= beganMs;
      return { finding: finding && asOf(finding, now()), walks: walks.filter(isSince) };
    },
    post: async () => ({ outbox: await outboxState(db, now()), dead: await deadLetters(db, DEAD_SHOWN) }),
  };
}

function maintenanceStore({ db }: WebDeps): MaintenanceDeps["maintenance"] {
  return {
    part: (day, page) => maintenancePart(db, day, page),
    codes: async () => new Set((await allSites(db)).map(({ centre }) => centre.code)),
  };
}

function listStore({ db, now }: WebDeps): ListsDeps["lists"] {
  return {
    present: async (kind, file, lang) => (await presentList(db, { kind, file, lang, nowMs: now() })).bytes,
    declaredFor: (day) => declaredFor(db, day, now()),
    read: readListApart,
  };
}
