import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { toColumns } from "../../schemas/batch-columns.ts";
import { Batch, signatureHeaders, signingText } from "../../schemas/exchange.ts";

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
  /** Batches in columns instead of the plain form. */
  readonly columns: boolean;
};
/** `bytes` is the sum of all bodies. */
export type LoadResult = { readonly seconds: number; readonly latenciesMs: number[]; readonly bytes: number };
export type LoadAgent = { readonly agent: string; readonly publicKey: string; readonly key: KeyObject };

/** The same agents in every process: their keys follow from their numbers. */
export function loadAgents(count: number): LoadAgent[] {
  return Array.from({ length: count }, (_, index) => {
    const seed = createHash("sha256").update(`load ${index}`).digest();
    const key = createPrivateKey({ key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey(key).export({ format: "der", type: "spki" }).toString("base64");
    return { agent: `agt-${index.toString(16).padStart(16, "0")}`, publicKey, key };
  });
}

/** A request as it goes over the wire: the load must cost next to nothing beside what it loads. */
type Prepared = { readonly request: Buffer; readonly bodyBytes: number };

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
    const batch = {
      protocol: 1,
      stream,
      from,
      to: from + plan.observations - 1,
      sentAt: new Date(plan.startMs).toISOString(),
      lane: "live",
      observations,
    };
    const body = JSON.stringify(plan.columns ? toColumns(Batch.parse(batch)) : batch);
    const bodySha256 = createHash("sha256").update(body).digest("hex");
    const text = signingText({ method: "POST", path: "/v1/batches", agent, nonce: plan.nonce, bodySha256 });
    const head = [
      "POST /v1/batches HTTP/1.1",
      "host: 127.0.0.1",
      `${signatureHeaders.agent}: ${agent}`,
      `${signatureHeaders.nonce}: ${plan.nonce}`,
      `${signatureHeaders.signature}: ${sign(null, Buffer.from(text), key).toString("base64")}`,
      `content-length: ${Buffer.byteLength(body)}`,
    ];
    return { request: Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`), bodyBytes: Buffer.byteLength(body) };
  });
}

/** Each agent has one request in flight, as real ones do. */
async function load(plan: LoadPlan): Promise<LoadResult> {
  const agents = loadAgents(plan.connections).map((agent, connection) => prepare(plan, agent, connection));
  const { hostname, port } = new URL(plan.url);
  const sockets = await Promise.all(agents.map(() => opened(Number(port), hostname)));
  const latenciesMs: number[] = [];
  const startMs = performance.now();
  await Promise.all(
    agents.map(async (requests, index) => {
      const socket = sockets[index];
      if (!socket) throw new Error("an agent has no connection");
      for (const one of requests) {
        const beganMs = performance.now();
        await post(socket, one.request);
        latenciesMs.push(performance.now() - beganMs);
      }
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  for (const socket of sockets) socket.destroy();
  return { seconds, latenciesMs, bytes: agents.flat().reduce((sum, { bodyBytes }) => sum + bodyBytes, 0) };
}

async function opened(port: number, host: string): Promise<Socket> {
  const socket = createConnection(port, host);
  socket.setNoDelay(true);
  await once(socket, "connect");
  return socket;
}

/** Sends one request and waits for the whole answer, which must be 200. */
function post(socket: Socket, request: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const take = (part: Buffer) => {
      answer += part.toString("latin1");
      const head = answer.indexOf("\r\n\r\n");
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(answer)?.[1]);
      if (head < 0 || answer.length < head + 4 + length) return;
      socket.off("data", take);
      socket.off("close", fail);
      if (answer.startsWith("HTTP/1.1 200 ")) resolve();
      else reject(new Error(answer));
    };
    const fail = () => reject(new Error("the server closed the connection"));
    socket.on("data", take);
    socket.once("close", fail);
    socket.write(request);
  });
}

const words = process.argv[2];
if (words?.startsWith("{")) process.stdout.write(JSON.stringify(await load(JSON.parse(words) as LoadPlan)));
