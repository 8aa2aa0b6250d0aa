import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { Hono } from "hono";
import { beforeEach, expect, it } from "vitest";
import { IngestReply, signatureHeaders, signingText } from "#schemas/exchange.ts";
import type { SharedFault } from "#schemas/facts.ts";
import { AgentKeys } from "../../../collector/auth/agent-keys.ts";
import { Nonces } from "../../../collector/auth/nonces.ts";
import { acceptInto } from "../../../collector/ingest/accept.ts";
import type { IngestQueue } from "../../../collector/ingest/ingest-queue.ts";
import { ingestRoutes } from "../../../collector/routes/ingest.ts";
import { type SignedEnv, signedByAgent } from "../../../collector/routes/signed.ts";
import { batchOf } from "../../support/batches.ts";

const DAY = 86_400_000;
const END = Date.parse("2026-12-01T00:00:00+07:00");
const agentId = "agt-0123456789abcdef";
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const nonces = new Nonces("secret");
let nowMs = END;
let stored: number[] = [];
let told = 0;
let faults: SharedFault[] = [];
/** The last answer. */
let answered: unknown;

const known = {
  siteId: 1,
  agentId,
  publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
  state: "active",
  point: "main",
  centre: "mot",
  isp: "",
} as const;
const keys = new AgentKeys(async () => ({ ...known, closedOn: "2026-12-01" }), nonces);
const queue = {
  queued: 0,
  add: async ({ filed }: { filed: { observations: readonly { takenMs: number }[] } }) => {
    stored.push(...filed.observations.map(({ takenMs }) => takenMs));
    return { result: "accepted", ackedThrough: 0, accepted: filed.observations.length, duplicates: 0 };
  },
} as unknown as IngestQueue;
const shared = { nonces, clock: () => nowMs, onClosedCentre: () => void told++ };
const app = new Hono<SignedEnv>()
  .use(signedByAgent({ ...shared, keys }))
  .route("/", ingestRoutes({ ...shared, accept: acceptInto(queue, () => undefined), onConflict: async () => undefined, sharedFaults: () => faults }))
  .get("/v1/config", (c) => c.text("served"));

async function ask(method: "GET" | "POST", path: string, body = ""): Promise<string> {
  const nonce = nonces.current(nowMs);
  const text = signingText({ method, path, agent: agentId, nonce, bodySha256: createHash("sha256").update(body).digest("hex") });
  const signature = sign(null, Buffer.from(text), privateKey).toString("base64");
  const headers = { [signatureHeaders.agent]: agentId, [signatureHeaders.nonce]: nonce, [signatureHeaders.signature]: signature };
  const reply = await app.request(path, { method, headers, ...(body !== "" && { body }) });
  answered = await reply.json().catch(() => undefined);
  return `${reply.status} ${reply.ok ? "" : (answered as { code: string }).code}`.trim();
}

/** Sends a batch of observations that were taken so long before the centre's end, ms; after it where that is less than 0. */
function send(...before: readonly number[]): Promise<string> {
  const each = (index: number) => ({ takenAt: new Date(END - (before[index] ?? 0)).toISOString(), clock: "ok" as const });
  return ask("POST", "/v1/batches", JSON.stringify(batchOf({ count: before.length, each })));
}

beforeEach(() => {
  nowMs = END + 60_000;
  stored = [];
  told = 0;
});

it("what an agent took before its centre was closed is stored, for as long as agents may be late", async () => {
  expect([await send(DAY, 1), stored, told]).toEqual(["200", [END - DAY, END - 1], 0]);
  nowMs = END + 45 * DAY - 2;
  expect(await send(1)).toBe("200");
  nowMs = END + 45 * DAY;
  expect([await send(1), told]).toEqual(["403 centre_closed", 1]);
});

it("what it took after is refused and told, and a batch that straddles the end goes in parts", async () => {
  expect([await send(0), told]).toEqual(["403 centre_closed", 1]);
  expect([await send(-1, -2), told]).toEqual(["403 centre_closed", 2]);
  expect([await send(2, 0), told]).toEqual(["422 centre_closed_within", 2]);
  expect(stored).toEqual([]);
});

it("nothing else is open to it", async () => {
  expect([await ask("GET", "/v1/config"), told]).toEqual(["403 centre_closed", 1]);
});

it("an answer tells of the faults that centres share, and of nothing where there are none", async () => {
  faults = [{ target: "vnpt-igate", fromMs: END - DAY, toMs: END }];
  await send(1);
  expect(IngestReply.parse(answered).sharedFaults).toEqual([
    { target: "vnpt-igate", from: new Date(END - DAY).toISOString(), to: new Date(END).toISOString() },
  ]);
  faults = [];
  await send(1);
  expect(answered).not.toHaveProperty("sharedFaults");
});
