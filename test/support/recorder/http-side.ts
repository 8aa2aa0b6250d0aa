import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { challenges, digestIsRight } from "./login.ts";
import type { Login, Scenario } from "./scenario.ts";

/** What a side answers. `search` marks answers to a search for recordings, on which the scenario's fault falls. */
export type Reply = { readonly status: number; readonly body: string; readonly search?: boolean };
export type Protocol = "onvif" | "isapi" | "dahua";

export type Sides = {
  readonly soap: (path: string, message: string, loggedIn: boolean) => Reply;
  readonly vendor: (method: string, path: string, body: string) => Reply | undefined;
};

const HUGE_BYTES = 300 * 1024 * 1024;

/** The HTTP server of a mock recorder: login, then the side that knows the path. */
export function createHttpSide(scenario: Scenario, sides: Sides, log: (line: string, whole: string) => void): Server {
  return createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      const line = `${request.method} ${request.url} ${body.match(/Body>\s*<\w+:(\w+)/)?.[1] ?? ""}`;
      log(line, [line, ...request.rawHeaders, body].join("\n"));
      answer(scenario, sides, request, body, response);
    });
    response.on("error", () => {});
  });
}

function answer(scenario: Scenario, sides: Sides, request: IncomingMessage, body: string, response: ServerResponse): void {
  const path = request.url ?? "/";
  const soap = path.startsWith("/onvif/");
  // A SOAP token is ONVIF's own; the same device's vendor API speaks Digest.
  const login: Login = scenario.login.kind === "ws-token" && !soap ? { ...scenario.login, kind: "digest-md5" } : scenario.login;
  const authorization = request.headers.authorization;
  const loggedIn = login.kind === "none" || (login.kind !== "ws-token" && digestIsRight(login, authorization, request.method ?? ""));
  // A wrong login is refused even where none is needed.
  const refused: Reply = { status: 401, body: "" };
  const ask = (): Reply => (soap ? sides.soap(path, body, loggedIn) : (sides.vendor(request.method ?? "", path, body) ?? { status: 404, body: "" }));
  const reply = (authorization || !soap) && !loggedIn ? refused : ask();
  if (reply.status === 401) response.writeHead(401, { "www-authenticate": challenges(login) }).end();
  else if (reply.search && scenario.searchFault) misbehave(scenario.searchFault, reply, response);
  else response.writeHead(reply.status, { "content-type": soap ? "application/soap+xml" : "text/plain" }).end(reply.body);
}

function misbehave(fault: NonNullable<Scenario["searchFault"]>, reply: Reply, response: ServerResponse): void {
  if (fault === "busy") {
    response.writeHead(503).end();
    return;
  }
  if (fault === "truncate") {
    response.writeHead(200, { "content-length": String(Buffer.byteLength(reply.body) + 100) });
    response.write(reply.body.slice(0, reply.body.length / 2), () => response.destroy());
    return;
  }
  response.writeHead(200);
  if (fault === "drip") {
    let sent = 0;
    const timer = setInterval(() => response.write(reply.body[sent++] ?? " "), 50);
    response.on("close", () => clearInterval(timer));
    return;
  }
  const block = Buffer.alloc(1024 * 1024, "<a>");
  let left = HUGE_BYTES;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= block.length;
      if (response.write(block)) continue;
      response.once("drain", more);
      return;
    }
    response.end();
  };
  more();
}
