import type { Observation } from "#schemas/observation.ts";
import { type Acceptor, acceptInto } from "../../collector/ingest/accept.ts";
import { IngestQueue } from "../../collector/ingest/ingest-queue.ts";
import { createJudge, type Judge, type OnJudged } from "../../collector/jobs/judge.ts";
import { createLog } from "../../collector/log.ts";
import { openPolicyBook, type PolicyAt } from "../../collector/policy-book.ts";
import { sha256Of as sha256OfPolicy } from "../../collector/policy-files.ts";
import { writeGroup } from "../../collector/store/ingest.ts";
import { Partitions } from "../../collector/store/partitions.ts";
import { RunIds } from "../../collector/store/run-rows.ts";
import { allSites, importCentres } from "../../collector/store/sites.ts";
import type { Calendar } from "../../schemas/calendar.ts";
import type { Centre } from "../../schemas/inventory.ts";
import type { PolicyProfile } from "../../schemas/policy.ts";
import { batchOf, sha256Of } from "./batches.ts";
import { calendar } from "./facts.ts";
import { openTestDb, type TestDb } from "./test-database.ts";

/** An observation without the frame that every one has. */
export type Said = Pick<Observation, "probe" | "outcome"> & { readonly target?: string; readonly atMs: number };

/** Another agent than the one that a centre has by itself. */
export type OtherAgent = { readonly agentId: string; readonly stream: string; readonly point: string };

/** A province on PGlite: the real way in and the real judge, at whatever time the test says it is. */
export type JudgedProvince = {
  readonly db: TestDb;
  readonly judge: Judge;
  readonly policyAt: PolicyAt;
  siteIdOf(code: string): number;
  /** One batch from a centre's agent, received at `nowMs`; resolves when it is judged. */
  send(code: string, nowMs: number, said: readonly Said[], lane?: "live" | "backlog", from?: OtherAgent): Promise<void>;
  /** Takes data files of other content, as a restart with newer files does. */
  restart(nowMs: number, policies: readonly PolicyProfile[], calendarOfNow?: Calendar): Promise<JudgedProvince>;
};

type Options = { readonly centres: readonly Centre[]; readonly nowMs: number; readonly policies: readonly PolicyProfile[]; readonly onJudged?: OnJudged };

/** Opens an empty database with the centres declared. */
export async function openJudgedProvince({ centres, nowMs, ...rest }: Options): Promise<JudgedProvince> {
  const db = await openTestDb();
  await importCentres(db, centres, nowMs);
  return start(db, nowMs, rest);
}

async function start(db: TestDb, nowMs: number, { policies, onJudged }: Omit<Options, "centres" | "nowMs">, own: Calendar = calendar): Promise<JudgedProvince> {
  const files = policies.map((policy) => ({ policy, calendar: own, sha256: sha256OfPolicy(policy) }));
  const policyAt = await openPolicyBook(db, policies[0]?.id ?? "", nowMs, files);
  const tools = { db, partitions: new Partitions(db), ids: new RunIds(), calendar: own };
  const judge = createJudge({ db, policyAt, log: createLog("error"), ...(onJudged && { onJudged }) });
  const accept = acceptInto(new IngestQueue((group) => writeGroup(tools, group)), judge.touch);
  const sites = new Map((await allSites(db)).map((site) => [site.centre.code, site.siteId]));
  const siteIdOf = (code: string) => sites.get(code) ?? -1;
  return {
    db,
    judge,
    policyAt,
    siteIdOf,
    async send(code, sentMs, said, lane = "live", from = ownAgent(siteIdOf(code))) {
      await sendOne(accept, { siteId: siteIdOf(code), ...from }, nextSeq(db, from.stream), sentMs, said, lane);
      await judge.drain();
    },
    restart: (laterMs, newer, calendarOfNow) => start(db, laterMs, { policies: newer, ...(onJudged && { onJudged }) }, calendarOfNow),
  };
}

function ownAgent(siteId: number): OtherAgent {
  const stream = siteId.toString(16).padStart(16, "0");
  return { agentId: `agt-${stream}`, stream, point: "main" };
}

type From = OtherAgent & { readonly siteId: number };

async function sendOne(accept: Acceptor, from: From, next: Promise<number>, nowMs: number, said: readonly Said[], lane: "live" | "backlog"): Promise<void> {
  const { stream, ...sender } = from;
  const each = (index: number) => {
    const { probe, outcome, target, atMs } = said[index] as Said;
    return { probe, outcome, target, takenAt: new Date(atMs).toISOString() };
  };
  const batch = batchOf({ stream, from: await next, count: said.length, startMs: nowMs, lane, each });
  await accept(sender, { batch, bodySha256: sha256Of(batch), nowMs });
}

async function nextSeq(db: TestDb, stream: string): Promise<number> {
  const [row] = await db.query<{ next: number }>("SELECT coalesce(max(seq_to), 0)::int + 1 AS next FROM ingest_ledger WHERE stream = $1", [stream]);
  return row?.next ?? 1;
}
