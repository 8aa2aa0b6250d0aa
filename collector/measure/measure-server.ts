import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { MEASURE_HEADER } from "#schemas/measure.ts";
import { problem } from "#schemas/problem.ts";
import { checkLease, SECRET_LENGTH_MIN } from "./lease-token.ts";
import { OwnLoad } from "./own-load.ts";
import { STREAM_MS_MAX, streams } from "./streams.ts";
import { TransferLedger } from "./transfer-ledger.ts";

export type MeasureServerOptions = {
  readonly host: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Shared with the collector, which signs leases with it. At least 32 characters. */
  readonly secret: string;
  /** This server's code in the policy; leases of other servers are refused. Without it all are taken. */
  readonly id?: string;
  /** PEM texts; without them the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Cap on what one agent moves, so that one fast line does not take the uplink from the others. A test that meets it is told so and excused. */
  readonly rateMaxMbps?: number;
  readonly nowMs?: () => number;
};
export type MeasureServer = { readonly url: string; close(): Promise<void> };

// Longer than any window in which a compressing box on the way looks for repetitions.
const NOISE_BYTES = 16 * 1024 * 1024;
const CONNECTIONS_MAX = 1_024;

/**
 * Starts the speed-test server: down, up, ping and watch of schemas/measure.ts. It keeps nothing on disk, asks nobody,
 * and lets nobody test without a lease that the collector signed.
 * @throws Error when the secret is too short or the port is taken
 */
export async function startMeasureServer(options: MeasureServerOptions): Promise<MeasureServer> {
  const { host, port, secret, id, tls, rateMaxMbps, nowMs = Date.now } = options;
  if (secret.length < SECRET_LENGTH_MIN) throw new Error(`the secret of the measure server needs at least ${SECRET_LENGTH_MIN} characters`);
  const ledger = new TransferLedger(rateMaxMbps);
  const load = new OwnLoad();
  const noise = randomBytes(NOISE_BYTES);

  const route = (request: IncomingMessage, response: ServerResponse): Refusal | undefined => {
    const path = request.url?.split("?")[0];
    const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
    const check = checkLease(token ?? "", secret, nowMs(), id);
    if (!check.ok) return { status: 401, code: `lease_${check.fault}`, title: "a measure server needs a valid lease of the collector" };
    const transfer = ledger.open(check.claims, nowMs());
    if (!transfer) return { status: 503, code: "server_full", title: "too many leases are open" };
    const stream = streams.get(`${request.method} ${path}`);
    if (!stream) return { status: 404, code: "no_such_path", title: "not a path of a measure server: GET ping, down, watch; POST up" };
    if (stream.movesBytes && !ledger.takeStream(transfer)) return { status: 429, code: "lease_used_up", title: "the lease allows no more streams or bytes" };
    if (stream.movesBytes) response.once("close", () => transfer.streams--);
    stream.run(request, response, { transfer, noise, load });
    return undefined;
  };
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader(MEASURE_HEADER, "1");
    response.setHeader("cache-control", "no-store, no-transform");
    if (request.url === "/health/live") response.writeHead(204).end();
    else {
      const refusal = route(request, response);
      if (refusal) refuse(response, refusal);
    }
  };

  const server = tls ? createTlsServer(tls, handle) : createServer(handle);
  server.maxConnections = CONNECTIONS_MAX;
  server.headersTimeout = 10_000;
  server.requestTimeout = STREAM_MS_MAX;
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, host, resolve));
  const bound = server.address() as AddressInfo;
  return {
    url: `${tls ? "https" : "http"}://${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}`,
    close: () =>
      new Promise((resolve) => {
        load.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Refusal = { readonly status: number; readonly code: string; readonly title: string };

function refuse(response: ServerResponse, { status, code, title }: Refusal): void {
  // The body of a refused upload is not read to its end.
  response.writeHead(status, { "content-type": "application/problem+json", connection: "close" }).end(JSON.stringify(problem(status, code, title)));
}
