import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { html } from "hono/html";
import pino from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { cleanText } from "#schemas/clean-text.ts";
import { Batch, EnrolRequest } from "#schemas/exchange.ts";
import { Observation, Reading } from "#schemas/observation.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { bundledPolicy as policy } from "../../agent/bundled-policy.ts";
import { lanHttp } from "../../agent/io/lan-http.ts";
import { createRtspReader } from "../../agent/io/rtsp-reader.ts";
import { readMatches } from "../../agent/io/wsd.ts";
import { parseXml } from "../../agent/io/xml.ts";
import { createLogger } from "../../agent/logger.ts";
import { lanGuard } from "../../agent/subnets.ts";
import { inflate, parseJson, readWire } from "../../collector/ingest/read-body.ts";
import { createPeopleDesk } from "../../collector/people/desk.ts";
import { csv } from "../../collector/report/csv.ts";
import { xlsx } from "../../collector/report/xlsx.ts";
import { withoutSteering } from "../../collector/web/markup.ts";
import { bareApp, noDb } from "../support/bare-app.ts";
import { batchOf } from "../support/batches.ts";

/** What a hostile device or sender puts where a name is expected: terminal, turned line, zero byte, half a pair, markup, formula. */
const HOSTILE = "=cmd|' /C calc'!A1 \u001b[31m\u001b]0;owned\u0007 \u202eabc\u2066 \u0000 \ud800 <script>alert(1)</script>";
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const STEERING = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;
const signal = new AbortController().signal;

/** A LAN device that answers as it likes. */
async function device(answer: RequestListener): Promise<{ address: string; port: number; method: "GET"; path: string; signal: AbortSignal }> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { address: "127.0.0.1", port: (server.address() as AddressInfo).port, method: "GET", path: "/", signal };
}

const observation = (text: string) => Observation.parse({ ...batchOf().observations[0], outcome: { kind: "failed", reason: "timeout", detail: text } });

/** Row of the limits (fields/reliability-security.md, C6), what is sent against it, and what comes of it. */
describe("input limits", () => {
  it.each<[string, string, () => unknown, string]>([
    ["ingest body", "a bomb of 64 MiB in 64 KiB", () => inflate(gzipSync(Buffer.alloc(64 * 2 ** 20)), "gzip"), "after gzip"],
    ["ingest body", "more than 512 KiB on the wire", () => readWire(new Blob([Buffer.alloc(600_000)]).stream()), "on the wire"],
    ["ingest body", "gzip in gzip", async () => parseJson(await inflate(gzipSync(gzipSync("{}")), "gzip")), "not valid JSON"],
    ["ingest body", "another encoding", () => inflate(Buffer.from("{}"), "br"), "as it is or with gzip"],
    ["JSON", "200,000 nested lists", () => parseJson(Buffer.from("[".repeat(200_000))), "nested"],
    ["JSON", "a list of 501 observations", () => Batch.parse({ ...batchOf(), observations: Array(501).fill(batchOf().observations[0]) }), "500"],
    ["JSON", "__proto__ as a key", () => Batch.parse(parseJson(Buffer.from(JSON.stringify(batchOf()).replace("{", '{"__proto__":{"admin":1},')))), "__proto__"],
    ["JSON", "an unknown key", () => Batch.parse({ ...batchOf(), centre: "mot" }), "centre"],
    ["policy", "65 portals that every agent would ask", () => PolicyProfile.parse({ ...policy, portals: Array(65).fill(policy.portals[0]) }), "64"],
    ["numbers", "not finite", () => Reading.parse({ metric: "loss_percent", value: Number.POSITIVE_INFINITY }), "number"],
    ["numbers", "outside of what the metric can be", () => Reading.parse({ metric: "loss_percent", value: 101 }), "must lie within"],
    ["numbers", "a sequence number past 2^53", () => Batch.parse({ ...batchOf(), from: 2 ** 60 }), "from"],
    ["XML", "a document type", () => parseXml('<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "d"), "document type"],
    ["XML", "an entity alone", () => parseXml('<x/><!ENTITY a SYSTEM "file:///etc/passwd">', "d"), "document type"],
    ["XML", "elements without end", () => parseXml(`${"<a>".repeat(5_000)}${"</a>".repeat(5_000)}`, "d"), "too deep"],
    ["RTSP", "a head without end", () => createRtspReader({ reply: () => undefined, packet: () => undefined }, "d")(Buffer.alloc(100_000, 0x41)), "d"],
  ])("%s: %s is refused", async (_, _attack, attack, words) => {
    await expect(async () => attack()).rejects.toThrow(words);
  });

  it("text of devices: what steers is gone, the rest is kept up to 128 signs", () => {
    const clean = cleanText(HOSTILE);
    expect(STEERING.test(clean)).toBe(false);
    expect(clean.isWellFormed()).toBe(true);
    expect(cleanText("x".repeat(100_000))).toHaveLength(128);
    expect(STEERING.test(JSON.stringify(observation(HOSTILE).outcome))).toBe(false);
  });

  it("JSON: __proto__ changes no prototype on its way in", () => {
    const parsed = parseJson(Buffer.from('{"__proto__":{"polluted":true}}')) as object;
    expect(Batch.safeParse(parsed).success).toBe(false);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("LAN HTTP: a redirect is not followed, an endless answer is cut, a slow one ends at its time", async () => {
    const redirecting = await device((_, response) => void response.writeHead(302, { location: "http://169.254.169.254/" }).end());
    expect((await lanHttp(redirecting)).status).toBe(302);
    const endless = await device((_, response) => {
      const more = () => {
        while (response.write(Buffer.alloc(65_536)));
        response.once("drain", more);
      };
      more();
    });
    await expect(lanHttp({ ...endless, capBytes: 1_000_000 })).rejects.toThrow();
    const dripping = await device((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write("."), 20);
      response.once("close", () => clearInterval(drip));
    });
    await expect(lanHttp({ ...dripping, deadlineMs: 200 })).rejects.toThrow();
  });

  it("WS-Discovery: a device is where it answered from, wherever its text points", () => {
    const text = `<e><ProbeMatches><ProbeMatch><EndpointReference><Address>urn:uuid:1419d68a-1dd2-11b2-a105-000000000000</Address></EndpointReference><XAddrs>http://10.9.9.9/evil</XAddrs></ProbeMatch></ProbeMatches></e>`;
    for (const found of readMatches(text, "10.0.0.9")) expect(found.address).toBe("10.0.0.9");
  });

  it.each([
    "127.0.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "255.255.255.255",
    "0.0.0.0",
    "::1",
    "fe80::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "8.8.8.8",
    "010.0.0.1",
    "10.0.0.1.",
    "camera.lan",
  ])("addresses: %s is never asked on a schedule", (address) => {
    expect(lanGuard({ allowedSubnets: ["10.0.0.0/8"], localTest: false })(address)).toBe(false);
  });
});

/** Rows of the output rules (C7). */
describe("output hygiene", () => {
  it("CSV: a formula is text, a quote ends no field", () => {
    const [, line = ""] = csv([["name"], [HOSTILE]]).split("\r\n");
    expect(line.startsWith("'=") || line.startsWith("\"'=")).toBe(true);
    for (const sign of ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\u0000=1"])
      expect(
        csv([[sign]])
          .replace("\ufeff", "")
          .replace(/^"/, "")
          .startsWith("'"),
      ).toBe(true);
  });

  it("XLSX: a formula is a string cell, and the file stays well-formed", async () => {
    const bytes = Buffer.concat(await xlsx([{ name: "s", head: ["a"], widths: [10], rows: [["=1+1"], [HOSTILE]] }])).toString("latin1");
    expect(bytes).not.toMatch(/<f>/);
  });

  it("HTML: markup of a device is text, and nothing in a page turns a line around", () => {
    const page = String(withoutSteering(html`<td>${HOSTILE}</td>`));
    expect(page).not.toContain("<script>");
    expect(STEERING.test(page)).toBe(false);
  });

  it("the name of a PC that enrols is cleaned like a device's", () => {
    const { hostName, version } = EnrolRequest.parse({
      code: "12345678",
      publicKey: "k",
      proof: "p",
      hostName: HOSTILE.slice(18, 70),
      version: "1\u001b[2J\u0000\u202e",
    });
    expect([STEERING.test(`${hostName}${version}`), version]).toEqual([false, "1"]);
  });

  it("the collector's log holds an address without what steers, and not all of a long one", async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    const path = `/incidents/${encodeURIComponent("\u202e\u009b31m")}${"x".repeat(2_000)}`;
    const people = { ...createPeopleDesk({ db: noDb, clock: () => 0 }), isClaimed: () => Promise.reject(new Error("away")) };
    const headers = { host: "localhost" };
    await bareApp({ log, people }).request(path, { headers }, { incoming: { socket: { remoteAddress: "127.0.0.1" } } });
    const logged = JSON.parse(lines[0] ?? "{}").path;
    expect([lines.length, logged.length, STEERING.test(logged)]).toEqual([1, 256, false]);
  });

  it("logs: one event is one line of JSON, whatever a device has said", () => {
    const lines: string[] = [];
    createLogger("error", { write: (line) => void lines.push(line) }).error(`name\n{"level":"forged"} ${HOSTILE}`, { device: `a\r\nb ${HOSTILE}` });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd().split("\n")).toHaveLength(1);
    expect(STEERING.test(String(JSON.parse(lines[0] ?? "").device))).toBe(false);
  });
});
