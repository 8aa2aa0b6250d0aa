import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { describe, expect, it } from "vitest";
import { readingOf } from "#schemas/observation.ts";
import type { Io } from "../../../agent/io/io.ts";
import type { NameWord } from "../../../agent/io/name-servers.ts";
import { judge, type Question } from "../../../agent/probes/portal-http/judge.ts";
import { leadsHome, portalHttp } from "../../../agent/probes/portal-http/probe.ts";
import { BODY_BYTES_MAX, type TimedGet } from "../../../agent/probes/portal-http/timed-get.ts";
import { probes } from "../../../agent/probes/registry.ts";
import { observe } from "../../../agent/runner.ts";
import { probeContext } from "../../support/probe-context.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { datedCertificate } from "../../support/test-certificate.ts";

function ask(options: unknown, io: Partial<Io> = {}) {
  const probe = probes.get("portal-http");
  if (!probe) throw new Error("portal-http is not registered");
  return observe(probe, options, probeContext({ io }));
}

async function withPortal<Result>(listener: RequestListener, use: (url: string) => Promise<Result>): Promise<Result> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const answering =
  (status: number, headers: Record<string, string> = {}, body = "xin chào"): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body);

describe("a portal that answers", () => {
  it("has a time for each step", async () => {
    const outcome = await withPortal(answering(200), (url) => ask({ url, portal: "igate" }));
    if (outcome.kind !== "measured") throw new Error(JSON.stringify(outcome));
    const labels = { portal: "igate" };
    expect(readingOf(outcome.readings, "portal_up", labels)).toBe(1);
    expect(readingOf(outcome.readings, "portal_status", labels)).toBe(200);
    for (const metric of ["portal_dns_ms", "portal_tcp_ms", "portal_ttfb_ms", "portal_total_ms"] as const)
      expect(readingOf(outcome.readings, metric, labels)).toBeGreaterThanOrEqual(0);
    expect(readingOf(outcome.readings, "portal_total_ms")).toBeGreaterThanOrEqual(readingOf(outcome.readings, "portal_ttfb_ms") ?? Number.NaN);
    expect(readingOf(outcome.readings, "portal_tls_ms")).toBeUndefined();
  });

  it.each([
    ["a page", 200, {}, 1],
    ["no such page", 404, {}, 1],
    ["a redirect to its own login", 302, { location: "/login" }, 1],
    ["a redirect that is not followed", 301, { location: "http://www.127.0.0.1.invalid./" }, undefined],
    ["a redirect to itself for ever", 302, { location: "/" }, 0],
    ["a redirect to itself with a cookie", 302, { location: "/", "set-cookie": "visited=1" }, 1],
    ["an internal error", 500, {}, 0],
    ["an overload", 503, {}, 0],
  ])("with %s (HTTP %d)", async (_name, status, headers, up) => {
    const outcome = await withPortal(answering(status, headers), (url) => ask({ url }));
    if (up === undefined) expect(outcome).toMatchObject({ kind: "failed", reason: "bad_reply" });
    else expect(outcome.kind === "measured" && readingOf(outcome.readings, "portal_up")).toBe(up);
  });

  describe("and is asked for a text", () => {
    const html = { "content-type": "text/html; charset=utf-8" };
    const look = async (body: string | Uint8Array, headers: Record<string, string> = html, status = 200, expectText = "Cổng dịch vụ công") => {
      const page: RequestListener = (_request, response) => void response.writeHead(status, headers).end(body);
      const outcome = await withPortal(page, (url) => ask({ url, expectText }));
      if (outcome.kind !== "measured") return `${outcome.kind} ${outcome.kind === "failed" ? `${outcome.reason}: ${outcome.detail}` : ""}`;
      return [readingOf(outcome.readings, "portal_up"), outcome.evidence?.expectedTextFound];
    };
    const words = "Cổng dịch vụ công";
    const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, "utf16le");
    // Marks follow their letters there: 0xd2 is the hook above, 0xf2 the dot below.
    const windows1258 = Buffer.from([0x43, 0xf4, 0xd2, 0x6e, 0x67, 0x20, 0x64, 0x69, 0xf2, 0x63, 0x68, 0x20, 0x76, 0x75, 0xf2, 0x20, 0x63, 0xf4, 0x6e, 0x67]);
    const entities = "C&#7893;ng d&#x1ecb;ch&nbsp;v&#7909; c&ocirc;ng";

    it.each<[string, string | Uint8Array, Record<string, string>?]>([
      ["letter by letter", words],
      ["with letters and marks apart", words.normalize("NFD")],
      ["as entities", entities],
      ["as entities of bare letters and marks", "Cô&#777;ng di&#803;ch vu&#803; công"],
      ["in capitals, over two lines", "<b>CỔNG DỊCH\r\n   VỤ CÔNG</b>"],
      ["in UTF-16 with its mark", utf16(words), { "content-type": "text/html" }],
      ["in the old Windows characters, by the header", windows1258, { "content-type": "text/html; charset=windows-1258" }],
      ["and by the page itself", Buffer.concat([Buffer.from('<meta charset="windows-1258">'), windows1258]), { "content-type": "text/html" }],
      ["without a word on its characters", words, {}],
      ["at the very end of what is read", " ".repeat(BODY_BYTES_MAX - Buffer.byteLength(words)) + words],
    ])("that it holds %s", async (_name, body, headers) => {
      expect(await look(body, headers)).toEqual([1, true]);
    });

    it("written apart in the policy, too", async () => {
      expect(await look(words, html, 200, words.normalize("NFD"))).toEqual([1, true]);
    });

    it.each<[string, string, number]>([
      ["a maintenance page", "Hệ thống đang bảo trì", 200],
      ["a text that an entity only talks about", "C&amp;#7893;ng d&amp;#x1ecb;ch v&amp;#7909; c&amp;ocirc;ng", 200],
      ["a page that was not found", "404", 404],
    ])("which %s lacks: it is not the portal's page", async (_name, body, status) => {
      expect(await look(body, html, status)).toEqual([0, false]);
    });

    it("and says itself that it is broken: nothing else is wrong", async () => {
      expect(await look(words, html, 503)).toEqual([0, undefined]);
    });

    it.each<[string, string, Record<string, string>, number, string]>([
      ["behind what is read", " ".repeat(BODY_BYTES_MAX) + words, html, 200, "first 256 KiB"],
      ["behind a redirect", "", { location: "/trang-chu" }, 302, "HTTP 302"],
      ["in characters that nobody knows", words, { "content-type": "text/html; charset=x-tcvn3" }, 200, "x-tcvn3"],
      ["packed, though that was not asked for", words, { ...html, "content-encoding": "br" }, 200, "cannot be read (br)"],
    ])("that may stand %s: nothing is known", async (_name, body, headers, status, why) => {
      expect(await look(body, headers, status)).toContain(why);
    });
  });

  it("is read to its cap and no further", async () => {
    const endless: RequestListener = (_request, response) => {
      const chunk = Buffer.alloc(64 * 1024, 0x61);
      const pump = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", pump).on("error", () => {});
      pump();
    };
    const outcome = await withPortal(endless, (url) => ask({ url }));
    expect(outcome).toMatchObject({ kind: "measured", evidence: { bodyCapped: true } });
    expect(BODY_BYTES_MAX).toBe(262_144);
  });
});

describe("a portal that is down is a measurement", () => {
  it("when it refuses", async () => {
    const url = await withPortal(answering(200), async (address) => address);
    expect(await ask({ url })).toMatchObject({
      kind: "measured",
      readings: [{ metric: "portal_up", value: 0 }, { metric: "portal_dns_ms" }],
      evidence: { failedPhase: "tcp", error: "ECONNREFUSED" },
    });
  });

  it("when it takes the question and stays silent", async () => {
    const outcome = await withPortal(
      () => {},
      (url) => ask({ url, timeoutMs: 500 }),
    );
    expect(outcome).toMatchObject({ kind: "measured", evidence: { failedPhase: "request", error: "ETIMEDOUT" } });
    expect(outcome.kind === "measured" && readingOf(outcome.readings, "portal_up")).toBe(0);
  });

  it.each([
    ["hangs up at once", ""],
    ["speaks no HTTP", "SSH-2.0-OpenSSH_9.6\r\n"],
  ])("when it %s", async (_name, greeting) => {
    const server = createTcpServer((socket) => socket.on("error", () => {}).end(greeting));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const outcome = await ask({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` });
    expect(outcome.kind === "measured" && readingOf(outcome.readings, "portal_up")).toBe(0);
    server.close();
  });

  it("when its page never comes to an end", async () => {
    const slow: RequestListener = (_request, response) => void response.writeHead(200, { "content-length": 1_000 }).write("x");
    const outcome = await withPortal(slow, (url) => ask({ url, timeoutMs: 500 }));
    expect(outcome).toMatchObject({ kind: "measured", evidence: { failedPhase: "body", error: "ETIMEDOUT" } });
    expect(outcome.kind === "measured" && readingOf(outcome.readings, "portal_up")).toBe(0);
  });
});

it("an answer without TLS on a port of TLS proves nothing of the portal: login pages answer so", async () => {
  const outcome = await withPortal(answering(200), (url) => ask({ url: url.replace("http:", "https:") }));
  expect(outcome).toMatchObject({ kind: "failed", reason: "tls", evidence: { failedPhase: "tls" } });
});

describe("a name that is given no address", () => {
  const url = "https://no-such-portal.invalid/";
  const references = [
    { host: "192.0.2.1", port: 9 },
    { host: "other.example", port: 9 },
  ];
  const words =
    (own: NameWord, other: NameWord): Io["askNameServers"] =>
    async (name) =>
      name === "other.example" ? other : own;
  it.each<[string, NameWord, NameWord, object]>([
    ["does not exist", "no_such_name", "silent", { kind: "measured", evidence: { failedPhase: "dns", nameServers: "no_such_name" } }],
    ["is broken: name servers know others", "refused", "found", { kind: "measured", evidence: { failedPhase: "dns", otherName: "found" } }],
    ["has name servers of its own that are silent: ours know others", "silent", "found", { kind: "measured", evidence: { failedPhase: "dns" } }],
    ["is told by no name server, and no other name either", "silent", "silent", { kind: "failed", reason: "dns" }],
    ["is told by a name server that is cut off", "refused", "refused", { kind: "failed", reason: "dns" }],
    ["has one a moment later", "found", "found", { kind: "failed", reason: "dns" }],
  ])("because it %s", async (_name, own, other, expected) => {
    expect(await ask({ url, references }, { tcpKnock: async () => "open", askNameServers: words(own, other) })).toMatchObject(expected);
  });

  it("while everybody outside is silent says nothing of the portal", async () => {
    expect(await ask({ url, references }, { tcpKnock: async () => "silent", askNameServers: words("no_such_name", "silent") })).toMatchObject({
      kind: "failed",
      reason: "no_route",
    });
  });
});

describe("a name that leads home", () => {
  const attached = ["192.168.1.20/24", "2001:db8:1::20/64"];
  it.each<[string, string, string | undefined, boolean]>([
    ["to the router", "dvc.example", "192.168.1.1", true],
    ["to the router over IPv6", "dvc.example", "2001:db8:1::1", true],
    ["to this PC", "dvc.example", "127.0.0.1", true],
    ["to nowhere", "dvc.example", "0.0.0.0", true],
    ["elsewhere in the government's network", "dvc.example", "10.20.30.40", false],
    ["out", "dvc.example", "203.0.113.7", false],
    ["to where it was meant to", "192.168.1.1", "192.168.1.1", false],
    ["to where a test's portal stands", "localhost", "127.0.0.1", false],
    ["to no address at all", "dvc.example", undefined, false],
  ])("%s", (_name, host, address, expected) => {
    expect(leadsHome(host, address, attached)).toBe(expected);
  });
});

const url = new URL("https://dichvucong.gialai.gov.vn/");
const question: Question = {
  url,
  portal: undefined,
  expectText: undefined,
  hasNetwork: true,
  isReferenceUp: undefined,
  names: undefined,
  isAtHome: false,
  nowMs: Date.parse("2026-07-01T00:00:00Z"),
  trustedMs: Date.parse("2026-07-01T00:00:00Z"),
};
const timing = { dnsMs: 1, tcpMs: 2, tlsMs: 3, ttfbMs: 10, totalMs: 12 };
const failedAt = (phase: NonNullable<TimedGet["failed"]>["phase"], code: string): TimedGet => ({ timing: {}, failed: { phase, code, message: "" } });
const answered = (status: number, location?: string): TimedGet => ({
  timing,
  answer: { status, location, setsCookie: false, page: { body: new Uint8Array(), contentType: undefined, contentEncoding: undefined }, bodyCapped: false },
});
const certified = (problem: string | undefined, expires: string): TimedGet => ({
  ...(problem === undefined ? answered(200) : { timing: { dnsMs: 1 } }),
  certificate: { validFromMs: Date.parse("2026-01-01T00:00:00Z"), expiresAtMs: Date.parse(expires), problem },
});
const plain = new URL("http://dichvucong.gialai.gov.vn/");

describe("what one visit means", () => {
  it.each([
    ["a name that does not exist is the portal's fault", failedAt("dns", "ENOTFOUND"), {}, { kind: "measured" }],
    ["a resolver that does not answer is not", failedAt("dns", "EAI_AGAIN"), {}, { kind: "failed", reason: "dns" }],
    ["without any network nothing is the portal's fault", failedAt("tcp", "ENETUNREACH"), { hasNetwork: false }, { kind: "failed", reason: "no_route" }],
    [
      "silence beside others that answer is the portal's",
      failedAt("tcp", "ETIMEDOUT"),
      { isReferenceUp: true },
      { kind: "measured", evidence: { reference: "answered" } },
    ],
    ["a name that leads into this very network was given by a liar", failedAt("tcp", "ECONNREFUSED"), { isAtHome: true }, { kind: "failed", reason: "dns" }],
    ["so was one whose page came without a proof", answered(200), { isAtHome: true, url: plain }, { kind: "failed", reason: "dns" }],
    ["what proved itself by its certificate is believed", answered(200), { isAtHome: true }, { kind: "measured" }],
    ["silence of everybody is the line's", failedAt("tcp", "ETIMEDOUT"), { isReferenceUp: false }, { kind: "failed", reason: "no_route" }],
    ["an error status comes from the portal, whoever else is silent", answered(503), { isReferenceUp: false }, { kind: "measured" }],
    ["a certificate that expired turns citizens away", certified("CERT_HAS_EXPIRED", "2026-06-01T00:00:00Z"), {}, { kind: "measured" }],
    [
      "whoever shows another name's certificate is not the portal",
      certified("ERR_TLS_CERT_ALTNAME_INVALID", "2027-01-01T00:00:00Z"),
      {},
      { kind: "failed", reason: "tls" },
    ],
    ["nor is a box that signs for itself", certified("DEPTH_ZERO_SELF_SIGNED_CERT", "2027-01-01T00:00:00Z"), {}, { kind: "failed", reason: "tls" }],
    ["a login page of the line says nothing", answered(511), {}, { kind: "failed", reason: "bad_reply" }],
    ["nor does a proxy that wants a password", answered(407), {}, { kind: "failed", reason: "bad_reply" }],
    [
      "over plain HTTP a redirect elsewhere may be the line's",
      answered(302, "http://login.hotspot.example/"),
      { url: plain },
      { kind: "failed", reason: "bad_reply" },
    ],
    ["or to a bare address", answered(302, "http://192.168.1.1/login"), { url: plain }, { kind: "failed", reason: "bad_reply" }],
    ["a redirect to a sister of the same province is not", answered(302, "https://igate.gialai.gov.vn/"), { url: plain }, { kind: "measured" }],
    ["nor is one to its own HTTPS", answered(301, "https://dichvucong.gialai.gov.vn/"), { url: plain }, { kind: "measured" }],
    ["over TLS only the portal itself can redirect", answered(302, "https://sso.example.vn/"), {}, { kind: "measured" }],
    ["a status that HTTP does not have", answered(999), {}, { kind: "failed", reason: "malformed" }],
  ] satisfies [string, TimedGet, Partial<Question>, object][])("%s", (_name, get, over, expected) => {
    expect(judge(get, { ...question, ...over })).toMatchObject(expected);
  });

  it.each([
    ["counts whole days that the certificate still has", certified(undefined, "2026-07-11T12:00:00Z"), 10],
    ["and those since it expired", certified("CERT_HAS_EXPIRED", "2026-06-01T00:00:00Z"), -30],
  ])("%s", (_name, get, days) => {
    const verdict = judge(get, question);
    expect(verdict.kind === "measured" && readingOf(verdict.readings, "portal_certificate_days")).toBe(days);
  });
});

describe("a certificate and this PC's clock", () => {
  const at = (iso: string) => ({ nowMs: Date.parse(iso) });
  const valid = "2027-01-01T00:00:00Z";
  const down = { kind: "measured", readings: expect.arrayContaining([{ metric: "portal_up", value: 0 }]) };
  const unknown = (pcClock: string) => ({ kind: "failed", reason: "tls", message: expect.stringContaining("set the clock"), evidence: { pcClock } });

  it.each<[string, TimedGet, Partial<Question>, object]>([
    ["a clock of 2099 makes nobody's certificate expire", certified("CERT_HAS_EXPIRED", valid), at("2099-01-01T00:00:00Z"), unknown("wrong")],
    ["nor does one of 2000 make it too young", certified("CERT_NOT_YET_VALID", valid), at("2000-01-01T00:00:00Z"), unknown("wrong")],
    ["what has expired has expired, whatever this PC shows", certified("CERT_HAS_EXPIRED", "2026-06-01T00:00:00Z"), at("2099-01-01T00:00:00Z"), down],
    ["also at the time of a clock by which it is valid", certified(undefined, "2026-06-01T00:00:00Z"), at("2026-05-01T00:00:00Z"), down],
    ["a chain that has expired turns citizens away", certified("CERT_HAS_EXPIRED", valid), {}, down],
    ["a certificate that is not valid yet does so, too", certified("CERT_NOT_YET_VALID", valid), { trustedMs: Date.parse("2025-12-01T00:00:00Z") }, down],
    [
      "a clock that nobody has compared proves nothing",
      certified("CERT_HAS_EXPIRED", valid),
      { ...at("2099-01-01T00:00:00Z"), trustedMs: undefined },
      unknown("unproven"),
    ],
    ["not even when the certificate may have expired", certified("CERT_HAS_EXPIRED", "2026-06-01T00:00:00Z"), { trustedMs: undefined }, unknown("unproven")],
    ["and hinders nothing that it is believed by", certified(undefined, valid), { trustedMs: undefined }, { kind: "measured", evidence: {} }],
  ])("%s", (_name, get, over, expected) => {
    expect(judge(get, { ...question, ...over })).toMatchObject(expected);
  });

  it("days that a certificate still has are counted by the collector's time", () => {
    const verdict = judge(certified(undefined, "2026-07-11T00:00:00Z"), { ...question, ...at("2026-07-09T00:00:00Z") });
    expect(verdict.kind === "measured" && readingOf(verdict.readings, "portal_certificate_days")).toBe(10);
  });

  it.skipIf(!requirePeer("openssl")).each<[string, string, string, object]>([
    ["has expired", "2020-01-01", "2021-01-01", { pcClock: "wrong", certificateProblem: "CERT_HAS_EXPIRED" }],
    ["is of the future", "2090-01-01", "2091-01-01", { pcClock: "wrong", certificateProblem: "CERT_NOT_YET_VALID" }],
  ])("a real one that %s by this PC's clock and not by the collector's", async (_name, fromDay, toDay, evidence) => {
    const { certFile, keyFile, ca } = datedCertificate(temporaryFolder(), fromDay, toDay);
    const server = createTlsServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, (_request, reply) => reply.end("ok")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const options = { url: `https://localhost:${(server.address() as AddressInfo).port}/`, ca };
    const look = (trustedMs: number) => observe(portalHttp, options, probeContext({ trustedMs: () => trustedMs }));
    const outcomes = [await look(Date.parse(`${fromDay.slice(0, 4)}-06-01T00:00:00Z`)), await look(Date.now())];
    server.close();
    expect(outcomes).toMatchObject([{ kind: "failed", reason: "tls", evidence }, { kind: "measured" }]);
  });
});

it.each([
  ["url", { url: "ftp://example.vn/" }],
  ["url", {}],
  ["timeoutMs", { url: "http://127.0.0.1/", timeoutMs: 1 }],
  ["portal", { url: "http://127.0.0.1/", portal: "IGate!" }],
])("wrong options name the field %s", async (field, options) => {
  expect(await ask(options)).toMatchObject({ kind: "failed", reason: "bad_options", detail: expect.stringContaining(field) });
});
