import { randomBytes } from "node:crypto";
import { type Context, Hono } from "hono";
import type { MeasureServer } from "#schemas/agent-config.ts";
import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import type { SharedFault } from "#schemas/facts.ts";
import type { PhoneEntry } from "#schemas/phones.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { problem } from "#schemas/problem.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { AgentKeys } from "./auth/agent-keys.ts";
import { browserCookies } from "./auth/browser-cookies.ts";
import { byToken } from "./auth/by-token.ts";
import { identifying } from "./auth/identify.ts";
import type { Nonces } from "./auth/nonces.ts";
import { CONFIG_KEY } from "./auth/seal-config.ts";
import type { CollectorConfig } from "./config.ts";
import type { Acceptor } from "./ingest/accept.ts";
import { BodyRefused } from "./ingest/read-body.ts";
import type { BackupState } from "./jobs/backup-watch.ts";
import type { ClockState } from "./jobs/clock-watch.ts";
import type { Counters } from "./jobs/counters.ts";
import type { Health } from "./jobs/health.ts";
import { StorageFull, type StorageState } from "./jobs/storage-watch.ts";
import type { LeaseDesk } from "./lease/lease-desk.ts";
import { type Asker, askerOf } from "./lease/slots.ts";
import type { Log } from "./log.ts";
import { isOwnName } from "./own-name.ts";
import { createDeeds } from "./people/deeds.ts";
import type { PeopleDesk } from "./people/desk.ts";
import type { SignOn } from "./people/sign-on.ts";
import { createTokenDesk } from "./people/token-desk.ts";
import type { PolicyAt } from "./policy-book.ts";
import { accountRoutes } from "./routes/account.ts";
import { clientAddress, isConfidential, proxyList } from "./routes/client-address.ts";
import { configRoutes } from "./routes/config.ts";
import { doerOf } from "./routes/doer.ts";
import { enrolRoutes } from "./routes/enrol.ts";
import { enrolmentRoutes } from "./routes/enrolment.ts";
import type { FormDeps } from "./routes/form-deps.ts";
import { guard } from "./routes/guard.ts";
import { healthRoutes } from "./routes/health.ts";
import { ingestRoutes } from "./routes/ingest.ts";
import { keyRoutes } from "./routes/key.ts";
import { leaseRoutes } from "./routes/lease.ts";
import { lostPcRoutes } from "./routes/lost-pc.ts";
import { isForPerson, pageFrame } from "./routes/page.ts";
import { peopleRoutes } from "./routes/people.ts";
import { signInRoutes } from "./routes/sign-in.ts";
import { signOnRoutes } from "./routes/sign-on.ts";
import { refused, type SignedEnv } from "./routes/signed.ts";
import { isAtThisMachine } from "./routes/this-machine.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { webRoutes } from "./routes/web.ts";
import { agentsLetIn, changeKey, enrolWithCode, type KnownAgent, noteAgentVersion } from "./store/agents.ts";
import { configSeal } from "./store/config-seals.ts";
import type { Db } from "./store/db.ts";
import { enrolmentOf, enrolments } from "./store/enrolment.ts";
import { declaredDaysAt } from "./store/facts.ts";
import { pointNames } from "./store/points.ts";
import { setting } from "./store/settings.ts";
import { findSite } from "./store/sites.ts";
import { formToken } from "./web/form-token.ts";
import { messagePage } from "./web/message-page.ts";

export type AppDeps = {
  readonly db: Db;
  readonly config: CollectorConfig;
  readonly policy: PolicyProfile;
  readonly calendar: Calendar;
  readonly measureServers: readonly MeasureServer[];
  readonly phones: readonly PhoneEntry[];
  readonly keys: AgentKeys;
  readonly nonces: Nonces;
  readonly clock: () => number;
  readonly accept: Acceptor;
  readonly leases: LeaseDesk;
  readonly log: Log;
  readonly counters: Counters;
  readonly demo: boolean;
  readonly health: () => Promise<Health>;
  readonly storageState: () => StorageState;
  readonly clockState: () => ClockState;
  readonly backupState: () => BackupState;
  readonly gauges: () => Promise<Readonly<Record<string, number>>>;
  /** The policy that was in force at an instant, for reports of the past. */
  readonly policyAt: PolicyAt;
  /** Has centres judged anew after something was declared or waived. */
  readonly judgeAgain: (centres: readonly string[]) => Promise<void>;
  readonly people: PeopleDesk;
  /** The province's sign-on service, where one is configured. */
  readonly signOn: SignOn | undefined;
  /** Seals what browsers hand back: tokens of forms, names of devices. Shared by all collectors on one database. */
  readonly browserSecret: string;
  readonly sharedFaults: () => readonly SharedFault[];
  readonly freeze: (agentId: string, message: string) => Promise<void>;
};

/** For how long browsers come back by TLS alone, s: a year. */
const HSTS_S = 31_536_000;
/** Most characters of an address in the log: strangers choose it. */
const LOGGED_PATH_MAX = 256;
/** A full disk does not get room within seconds. */
const STORAGE_RETRY_S = 30;
const RETRY_S = 15;

/** Tells once a day of each agent that still sends for a closed centre: each of them asks every hour. */
function tellOfRefused(log: Log, clock: () => number): (agent: KnownAgent) => void {
  const told = new Map<string, string>();
  return ({ agentId, centre, closedOn }) => {
    const today = vietnamDay(clock());
    if (told.get(agentId) === today) return;
    told.set(agentId, today);
    log.warn({ agentId, centre, closedOn }, "an agent of a closed centre still sends and is refused; remove it from its PC, or take the closing back");
  };
}

/** What answers requests. */
export type App = Pick<Hono, "fetch" | "request">;

/** All routes of the collector. A request that fails inside is logged whole and answered without a word of why. */
export function createApp(deps: AppDeps): Hono {
  const { db, config, policy, calendar, measureServers, keys, nonces, clock, accept, leases, log, counters, demo } = deps;
  const { people, signOn } = deps;
  const isPublicTls = new URL(config.publicUrl).protocol === "https:";
  const token = formToken(deps.browserSecret, isPublicTls);
  const cookies = browserCookies({ secure: isPublicTls, key: deps.browserSecret });
  const proxies = proxyList(config.trustedProxies);
  const tokens = createTokenDesk({ db, clock });
  const identify = identifying({ people, cookies, isAtThisMachine, isShared: isShared(config) });
  const web = {
    policy,
    lang: config.lang,
    demo,
    now: clock,
    phones: deps.phones,
    storage: deps.storageState,
    clock: deps.clockState,
    backup: deps.backupState,
  };
  const signIn = { ...web, people, cookies, proxies, token, signOn };
  const app = new Hono();
  const sorry = (c: Context, key: TextKey) => {
    const frame = pageFrame(c, web);
    return messagePage(frame, text(frame.lang, key));
  };

  app.use(async (c, next) => {
    await next();
    counters.add("hcc_requests_total", 1, { status: `${Math.floor(c.res.status / 100)}xx` });
    c.res.headers.set("x-content-type-options", "nosniff");
    // What is read with a session or a key stays in no cache on the way.
    if (c.req.path.startsWith("/v1/") && !c.res.headers.has("cache-control")) c.res.headers.set("cache-control", "no-store");
    if (isPublicTls) c.res.headers.set("strict-transport-security", `max-age=${HSTS_S}`);
  });
  app.onError((error, c) => {
    if (error instanceof BodyRefused) return refused(c, error);
    if (error instanceof StorageFull) {
      c.header("retry-after", String(STORAGE_RETRY_S));
      if (isForPerson(c)) return c.html(sorry(c, "web.storage.full"), 503);
      return c.json(problem(503, "storage_full", "the collector's disk is full; nothing was stored", { retryAfterS: STORAGE_RETRY_S }), 503);
    }
    counters.add("hcc_request_errors_total");
    log.error({ err: error, method: c.req.method, path: cleanText(c.req.path, LOGGED_PATH_MAX) }, "a request failed");
    c.header("retry-after", String(RETRY_S));
    if (isForPerson(c)) return c.html(sorry(c, "web.unavailable"), 503);
    return c.json(problem(503, "unavailable", "the collector cannot answer now; nothing was stored", { retryAfterS: RETRY_S }), 503);
  });
  app.notFound((c) => (isForPerson(c) ? c.html(sorry(c, "web.notFound"), 404) : c.json(problem(404, "not_found", "there is nothing at this address"), 404)));

  const onClosedCentre = tellOfRefused(log, clock);
  app.use(
    ...guard({
      ...web,
      signed: { keys, nonces, clock, onClosedCentre },
      token,
      identify,
      byToken: byToken(tokens, (c) => isConfidential(c, proxies, isPublicTls)),
      isAtThisMachine,
    }),
  );

  app.route("/", healthRoutes(deps.health));
  app.get("/metrics", async (c) => c.text(counters.text(await deps.gauges()), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }));
  app.route("/", ingestRoutes({ nonces, clock, accept, onClosedCentre, onConflict: deps.freeze, sharedFaults: deps.sharedFaults }));
  app.route(
    "/",
    enrolRoutes({
      enrol: (code, agent, nowMs) => enrolWithCode(db, code, agent, nowMs),
      newAgentId,
      nonces,
      clock,
      addressOf: (c) => clientAddress(c, proxies),
      configKey: () => setting(db, CONFIG_KEY),
    }),
  );
  app.route(
    "/",
    configRoutes({
      clock,
      siteOf: (siteId) => findSite(db, siteId),
      declaredDaysAt: async (site, nowMs) => (await declaredDaysAt(db, [site], nowMs)).get(site.siteId),
      pointsOf: async (site) => (await pointNames(db, [site])).get(site.siteId) ?? [],
      sealOf: (place) => configSeal(db, place),
      noteVersion: (agentId, version) => noteAgentVersion(db, agentId, version),
      policy,
      calendar,
      measureServers,
      phones: deps.phones,
    }),
  );
  app.route("/", keyRoutes({ keys, clock, changeKey: (agentId, publicKey, oldUntilMs) => changeKey(db, agentId, publicKey, oldUntilMs) }));
  app.route("/", leaseRoutes({ leases, whoAsks: agentBehind }));
  app.route("/", signInRoutes(signIn));
  app.route("/", signOnRoutes(signIn));
  app.route("/", accountRoutes(signIn));
  app.route("/", peopleRoutes({ ...signIn, publicUrl: config.publicUrl, centreExists: async (code) => (await findSite(db, code)) !== undefined }));
  app.route("/", tokenRoutes({ ...signIn, tokens }));
  const deeds = createDeeds({ db, clock });
  const doer: FormDeps["doer"] = (c) => doerOf(c, proxies);
  app.route(
    "/",
    lostPcRoutes({
      ...web,
      token,
      doer,
      publicUrl: config.publicUrl,
      centreName: async (code) => (await findSite(db, code))?.centre.name,
      agentsOf: (code) => agentsLetIn(db, code),
      lose: async (by, code, point) => {
        const lost = await deeds.loseGatewayPc(by, code, point);
        for (const agent of lost?.agents ?? []) keys.forget(agent);
        return lost;
      },
    }),
  );
  app.route(
    "/",
    enrolmentRoutes({
      ...web,
      token,
      doer,
      deeds,
      publicUrl: config.publicUrl,
      enrolments: () => enrolments(db, clock()),
      enrolmentOf: (code) => enrolmentOf(db, code, clock()),
    }),
  );
  app.route(
    "/",
    webRoutes({
      ...web,
      db,
      token,
      deeds,
      doer,
      changed: deps.judgeAgain,
      policyAt: deps.policyAt,
    }),
  );
  return app;
}

/** Who asks for a lease: the agent whose signature the guard has checked. */
async function agentBehind(c: Context): Promise<Asker | undefined> {
  const { agent } = (c as Context<Partial<SignedEnv>>).var;
  return agent && askerOf(agent);
}

/** Whether settings say that others than whoever sits at this machine reach the collector. */
function isShared({ publicUrl, trustedProxies, oidcFile }: CollectorConfig): boolean {
  return oidcFile !== undefined || trustedProxies.length > 0 || !isOwnName(new URL(publicUrl).hostname);
}

function newAgentId(): string {
  return `agt-${randomBytes(8).toString("hex")}`;
}
