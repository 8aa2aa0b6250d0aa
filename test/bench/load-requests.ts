import { createHash, sign } from "node:crypto";
import { toColumns } from "../../schemas/batch-columns.ts";
import { Batch, signatureHeaders, signingText } from "../../schemas/exchange.ts";
import { type LoadAgent, loadAgents } from "./load-agents.ts";
import { type LoadPlan, type LoadRun, runsOf, STEP_MS } from "./load-plan.ts";

/** A request as it goes over the wire: the load must cost next to nothing beside what it loads. */
export type Prepared = { readonly wire: Buffer; readonly bodyBytes: number };
/** How a system is spoken to. */
export type Dialect = {
  /** Closes the connection after each answer. */
  readonly once: boolean;
  /** Whether an answer is complete. @throws when it is not the one that all being well gives. */
  isWhole(answer: string): boolean;
};

/** The requests of each connection, made before the clock starts. */
export function prepareRequests(plan: LoadPlan): Prepared[][] {
  const agents = [...loadAgents(plan.centres).entries()];
  const request = { collector: signedBatch, influxdb: linePoints, zabbix: trapperPacket }[plan.to];
  return Array.from({ length: plan.connections }, (_, connection) => {
    const own = agents.filter(([centre]) => centre % plan.connections === connection);
    return Array.from({ length: plan.requests }, (_, number) => own.map(([centre, agent]) => request(plan, agent, centre, number))).flat();
  });
}

export const dialects: Readonly<Record<LoadPlan["to"], Dialect>> = {
  collector: { once: false, isWhole: (answer) => isWholeHttp(answer, 200) },
  influxdb: { once: false, isWhole: (answer) => isWholeHttp(answer, 204) },
  zabbix: { once: true, isWhole: isWholeTrapperAnswer },
};

function signedBatch(plan: LoadPlan, { agent, key }: LoadAgent, centre: number, number: number): Prepared {
  const runs = runsOf(plan, number);
  const observations = runs.map(({ seq, takenMs, probe, target, outcome }) => ({
    seq,
    probe,
    ...(target !== undefined && { target }),
    takenAt: new Date(takenMs).toISOString(),
    uptimeMs: seq * STEP_MS,
    bootId: "boot",
    clock: "ok",
    elapsedMs: 12.5,
    outcome,
  }));
  const batch = {
    protocol: 1,
    stream: (plan.run * 1_000 + centre).toString(16).padStart(16, "0"),
    from: runs[0]?.seq,
    to: runs.at(-1)?.seq,
    sentAt: new Date(plan.startMs).toISOString(),
    lane: "live",
    observations,
  };
  const body = JSON.stringify(plan.columns ? toColumns(Batch.parse(batch)) : batch);
  const bodySha256 = createHash("sha256").update(body).digest("hex");
  const text = signingText({ method: "POST", path: "/v1/batches", agent, nonce: plan.nonce, bodySha256 });
  return overHttp("/v1/batches", body, [
    `${signatureHeaders.agent}: ${agent}`,
    `${signatureHeaders.nonce}: ${plan.nonce}`,
    `${signatureHeaders.signature}: ${sign(null, Buffer.from(text), key).toString("base64")}`,
  ]);
}

/** InfluxDB's line protocol: a point for each sample, with the labels of its series as tags. */
function linePoints(plan: LoadPlan, _agent: LoadAgent, centre: number, number: number): Prepared {
  const lines = samplesIn(runsOf(plan, number)).map(
    ({ metric, target, hop, value, takenMs }) => `${metric},site=c-${centre}${target && `,target=${target}`}${hop && `,hop=${hop}`} v=${value} ${takenMs}`,
  );
  return overHttp("/write?db=bench&precision=ms", lines.join("\n"), []);
}

/** Zabbix' sender protocol: a head with the length, then JSON. */
function trapperPacket(plan: LoadPlan, _agent: LoadAgent, centre: number, number: number): Prepared {
  const data = samplesIn(runsOf(plan, number)).map(({ metric, target, hop, value, takenMs }) => ({
    host: hostName(centre),
    key: itemKey(metric, target, hop),
    value: String(value),
    clock: Math.floor(takenMs / 1_000),
    ns: (takenMs % 1_000) * 1_000_000,
  }));
  return trapper({ request: "sender data", data });
}

/** A message of Zabbix' protocol. */
export function trapper(message: object): Prepared {
  const body = JSON.stringify(message);
  const head = Buffer.from("ZBXD\u0001\0\0\0\0\0\0\0\0", "latin1");
  head.writeUInt32LE(Buffer.byteLength(body), 5);
  return { wire: Buffer.concat([head, Buffer.from(body)]), bodyBytes: Buffer.byteLength(body) };
}

/** Names under which Zabbix knows what the load sends. */
export const hostName = (centre: number): string => `c-${centre}`;
export const itemKey = (metric: string, target: string, hop: string): string => `${metric}[${target},${hop}]`;

function samplesIn(runs: readonly LoadRun[]) {
  return runs.flatMap(({ takenMs, target = "", outcome }) =>
    (outcome.kind === "measured" ? outcome.readings : []).map(({ metric, value, labels }) => ({ metric, target, hop: labels?.hop ?? "", value, takenMs })),
  );
}

function overHttp(path: string, body: string, headers: readonly string[]): Prepared {
  const bodyBytes = Buffer.byteLength(body);
  const head = [`POST ${path} HTTP/1.1`, "host: 127.0.0.1", ...headers, `content-length: ${bodyBytes}`];
  return { wire: Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`), bodyBytes };
}

function isWholeHttp(answer: string, status: number): boolean {
  const head = answer.indexOf("\r\n\r\n");
  const length = status === 204 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(answer)?.[1]);
  if (head < 0) return false;
  if (!answer.startsWith(`HTTP/1.1 ${status} `)) throw new Error(answer);
  return answer.length >= head + 4 + length;
}

function isWholeTrapperAnswer(answer: string): boolean {
  if (answer.length < 13) return false;
  if (!answer.startsWith("ZBXD")) throw new Error(answer);
  if (answer.length < 13 + Buffer.from(answer, "latin1").readUInt32LE(5)) return false;
  if (!/failed: 0;/.test(answer)) throw new Error(answer);
  return true;
}
