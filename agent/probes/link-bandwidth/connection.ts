import { lookup } from "node:dns/promises";
import { Agent, type ClientRequest, type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps, Agent as TlsAgent } from "node:https";
import { getCACertificates } from "node:tls";
import { HEADER_FACTOR, HEADER_FACTOR_V6, MEASURE_HEADER } from "#schemas/measure.ts";
import { isDateFault } from "../../date-fault.ts";
import type { MayReach } from "../../io/tcp.ts";
import { inside, ProbeError, ProbeSkip } from "../../probe.ts";
import { endOf } from "../../url-end.ts";

/** A measure server whose name was resolved, the right to use it, and who may certify it where that is not Node's own choice. */
export type Server = {
  readonly id: string;
  readonly url: URL;
  readonly address: string;
  readonly family: number;
  readonly token: string;
  readonly authorities?: readonly string[];
};

type Named = Pick<Server, "id" | "url" | "token"> & { readonly ca?: string | undefined };

/** Resolves the server's name once: all streams of a test must go to the same machine. `ca`, a PEM text, is trusted beside the public authorities. @throws ProbeError dns, no_permission */
export async function resolveServer({ id, url, token, ca }: Named, mayReach: MayReach): Promise<Server> {
  const { host } = endOf(url.href);
  const [found] = await Promise.allSettled([lookup(host)]);
  if (found.status === "rejected") throw new ProbeError("dns", `the name of measure server ${id} (${url.hostname}) could not be resolved`);
  const { address, family } = found.value;
  if (!mayReach(host, address)) throw inside(host);
  return { id, url, address, family, token, ...(ca !== undefined && { authorities: [...getCACertificates(), ca] }) };
}

/** Bytes on the wire for each byte of a stream to this server. */
export function headerFactorOf({ family }: Pick<Server, "family">): number {
  return family === 6 ? HEADER_FACTOR_V6 : HEADER_FACTOR;
}

type Question = { readonly method: "GET" | "POST"; readonly path: string; readonly headers?: Record<string, string | number>; readonly agent?: Agent | false };

/** Where a path of the server is, and what opens it. */
export function endpointOf({ url, token, authorities }: Server, path: string) {
  const isTls = url.protocol === "https:";
  return {
    isTls,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (isTls ? 443 : 80)),
    pathname: `${url.pathname.replace(/\/$/, "")}${path}`,
    authorization: `Bearer ${token}`,
    trust: authorities === undefined ? {} : { ca: [...authorities] },
  };
}

/** Opens a request to the server's one address; proxies of the environment are not used. The caller ends or writes it. */
export function openRequest(server: Server, { method, path, headers = {}, agent = false }: Question, signal: AbortSignal): ClientRequest {
  const { isTls, host, port, pathname, authorization, trust } = endpointOf(server, path);
  const options: RequestOptions = {
    method,
    host,
    port,
    path: pathname,
    lookup: (_name, { all }, give) => (all ? give(null, [{ address: server.address, family: server.family }]) : give(null, server.address, server.family)),
    headers: { authorization, ...headers },
    agent,
    signal,
  };
  return isTls ? requestHttps({ ...options, ...trust }) : requestHttp(options);
}

/** An agent that keeps one connection open, for pings that time the line and not the handshake. */
export function oneConnection(server: Server): Agent {
  return server.url.protocol === "https:" ? new TlsAgent({ keepAlive: true, maxSockets: 1 }) : new Agent({ keepAlive: true, maxSockets: 1 });
}

/** What an answer says of itself before its body. */
export type ReplyHead = Pick<IncomingMessage, "statusCode" | "headers">;

/** Why an answer is not the measure server's, as an error to throw; undefined when it is. */
export function refusalOf(server: Server, reply: ReplyHead): ProbeError | ProbeSkip | undefined {
  if (reply.headers[MEASURE_HEADER] === undefined)
    return new ProbeError("bad_reply", `a login page or proxy answered instead of measure server ${server.id} (HTTP ${reply.statusCode})`, { captive: true });
  if (reply.statusCode === 401)
    return new ProbeError("refused", `measure server ${server.id} refused the lease: check the secret that it shares with the collector, and its clock`);
  if (reply.statusCode === 429) return new ProbeSkip("lease_used", `measure server ${server.id}: the lease allows no more streams or bytes`);
  if ((reply.statusCode ?? 500) >= 400) return new ProbeError("refused", `measure server ${server.id} refused the stream (HTTP ${reply.statusCode})`);
  return undefined;
}

/** Names what the network did as a reason of the short list. */
export function connectionError(server: Server, error: unknown): ProbeError | ProbeSkip {
  if (error instanceof ProbeError || error instanceof ProbeSkip) return error;
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (isDateFault(code)) {
    const message = `the certificate of measure server ${server.id} is not valid at the time of this PC's clock (${code}): look at the clock, then at the server`;
    return new ProbeError("tls", message, { pcClock: "unproven" });
  }
  const reason =
    code === "ECONNREFUSED"
      ? "refused"
      : code === "ENETUNREACH" || code === "EHOSTUNREACH"
        ? "no_route"
        : code === "ETIMEDOUT"
          ? "timeout"
          : code.startsWith("ERR_TLS") || code.includes("CERT")
            ? "tls"
            : "server_lost";
  return new ProbeError(reason, `measure server ${server.id}: ${code || String(error)}`);
}
