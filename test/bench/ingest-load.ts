import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { Agent, request } from "node:http";
import { signatureHeaders, signingText } from "../../schemas/exchange.ts";

/** What one run of the load sends. */
export type LoadPlan = {
  readonly url: string;
  readonly nonce: string;
  /** Number of the run: makes its streams its own. */
  readonly run: number;
  readonly connections: number;
  readonly requests: number;
  readonly observations: number;
  readonly readings: number;
  readonly startMs: number;
};
export type LoadResult = { readonly seconds: number; readonly latenciesMs: number[] };
type LoadAgent = { readonly agent: string; readonly publicKey: string; readonly key: KeyObject };

/** The same agents in every process: their keys follow from their numbers. */
export function loadAgents(count: number): LoadAgent[] {
  return Array.from({ length: count }, (_, index) => {
    const seed = createHash("sha256").update(`load ${index}`).digest();
    const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).toString("base64");
    return { agent: `agt-${index.toString(16).padStart(16, "0")}`, publicKey, key };
  });
}

type Prepared = { readonly body: string; readonly headers: Record<string, string> };

/** Bodies and signatures are made before the clock starts. */
function prepare(plan: LoadPlan, { agent, key }: LoadAgent, connection: number): Prepared[] {
  const stream = (plan.run * 1_000 + connection).toString(16).padStart(16, "0");
  return Array.from({ length: plan.requests }, (_, round) => {
    const from = round * plan.observations + 1;
    const observations = Array.from({ length: plan.observations }, (_unused, index) => {
      const seq = from + index;
      return {
        seq,
        probe: "link-quality",
        target: `t-${index % 10}`,
        takenAt: new Date(plan.startMs + seq * 500).toISOString(),
        uptimeMs: seq * 500,
        bootId: "boot",
        clock: "ok",
        elapsedMs: 12.5,
        outcome: {
          kind: "measured",
          readings: Array.from({ length: plan.readings }, (_none, hop) => ({
            metric: "rtt_avg_ms",
            value: ((seq * 7 + hop) % 1_000) / 10,
            labels: { hop: `hop-${hop}` },
          })),
        },
      };
    });
    const body = JSON.stringify({
      protocol: 1,
      stream,
      from,
      to: from + plan.observations - 1,
      sentAt: new Date(plan.startMs).toISOString(),
      lane: "live",
      observations,
    });
    const bodySha256 = createHash("sha256").update(body).digest("hex");
    const text = signingText({ method: "POST", path: "/v1/batches", agent, nonce: plan.nonce, bodySha256 });
    return {
      body,
      headers: {
        [signatureHeaders.agent]: agent,
        [signatureHeaders.nonce]: plan.nonce,
        [signatureHeaders.signature]: sign(null, Buffer.from(text), key).toString("base64"),
        "content-length": String(Buffer.byteLength(body)),
      },
    };
  });
}

/** Each agent has one request in flight, as real ones do. */
async function load(plan: LoadPlan): Promise<LoadResult> {
  const agents = loadAgents(plan.connections).map((agent, connection) => prepare(plan, agent, connection));
  const keepAlive = new Agent({ keepAlive: true, maxSockets: plan.connections });
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  await Promise.all(
    agents.map(async (requests) => {
      for (const one of requests) {
        const beganMs = performance.now();
        await post(plan.url, one, keepAlive);
        latenciesMs.push(performance.now() - beganMs);
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  keepAlive.destroy();
  return { seconds, latenciesMs };
}

function post(url: string, { body, headers }: Prepared, agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/v1/batches`, { method: "POST", agent, headers }, (incoming) => {
      let answer = "";
      incoming.on("data", (part: Buffer) => {
        answer += part.toString("utf8");
      });
      incoming.on("end", () => {
        if (incoming.statusCode === 200) resolve();
        else reject(new Error(`${incoming.statusCode}: ${answer}`));
      });
    });
    outgoing.once("error", reject);
    outgoing.end(body);
  });
}

const words = process.argv[2];
if (words?.startsWith("{")) process.stdout.write(JSON.stringify(await load(JSON.parse(words) as LoadPlan)));
