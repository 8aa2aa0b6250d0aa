import type { Evidence, FailureReason, Reading } from "#schemas/observation.ts";
import { isDateFault } from "../../date-fault.ts";
import type { NameWord } from "../../io/name-servers.ts";
import { NO_WAY_OUT } from "../../io/references.ts";
import { holdsText } from "./page-text.ts";
import { BODY_BYTES_MAX, type Certificate, type TimedGet } from "./timed-get.ts";

/** What one GET means: a measurement of the portal, or the reason why it says nothing about the portal. */
export type Verdict =
  | { readonly kind: "measured"; readonly readings: readonly Reading[]; readonly evidence: Evidence }
  | { readonly kind: "failed"; readonly reason: FailureReason; readonly message: string; readonly evidence: Evidence };

export type Question = {
  readonly url: URL;
  readonly portal: string | undefined;
  readonly expectText: string | undefined;
  readonly hasNetwork: boolean;
  /** Whether anybody else outside answered; undefined when nobody was asked. */
  readonly isReferenceUp: boolean | undefined;
  /** What name servers said when the name was given no address: of itself, and whether they know another one. Undefined when they were not asked. */
  readonly names: { readonly own: NameWord; readonly isOtherFound: boolean } | undefined;
  /** The name leads into a network that this PC itself stands in. */
  readonly isAtHome: boolean;
  readonly nowMs: number;
  /** The collector's time; undefined while nobody has told it. */
  readonly trustedMs: number | undefined;
};

const DAY_MS = 86_400_000;

/**
 * Pure. "The portal is down" is a measurement; "this PC has no network", "a box on the line answered" and "nobody proved to be the portal" are not. Nor is a certificate
 * that is not valid at the time of a clock which is wrong, or of which nobody knows whether it is right.
 * `hasNetwork` is false when the PC has no way out at all; where others outside are as silent as the portal, its silence is the line's.
 */
export function judge(get: TimedGet, question: Question): Verdict {
  const evidence = evidenceOf(get, question);
  const fail = (reason: FailureReason, message: string, more: Evidence = {}): Verdict => ({
    kind: "failed",
    reason,
    message,
    evidence: { ...evidence, ...more },
  });
  const host = question.url.hostname;
  if (question.isAtHome && (get.failed || question.url.protocol === "http:"))
    return fail(
      "dns",
      `the name ${host} leads to ${get.address}, which lies in this PC's own network: the resolver, or a login page on the line, tells wrong addresses`,
    );
  if (get.failed) {
    if (!question.hasNetwork) return fail("no_route", NO_WAY_OUT);
    if (get.failed.phase === "dns" && !isNameAtFault(get.failed.code, question))
      return fail("dns", `the resolver of this PC did not answer for ${host} (${get.failed.code})`);
    if (question.isReferenceUp === false) return fail("no_route", `neither ${host} nor anybody else outside answered: the line or the provider is at fault`);
    if (get.failed.phase === "tls" && unsealed.has(get.failed.code))
      return fail("tls", `whoever answered for ${host} did not speak TLS (${get.failed.code}): a box on the line`);
    return measured(get, question, false, evidence);
  }
  const problem = get.certificate?.problem;
  const dates = get.certificate && datesOf(get.certificate, question);
  if (dates === "clock_wrong")
    return fail("tls", `this PC's clock is wrong: the certificate of ${host} is valid, but not at the time that the clock shows; set the clock`, {
      pcClock: "wrong",
    });
  if (dates === "clock_unproven")
    return fail(
      "tls",
      `the certificate of ${host} is not valid at the time of this PC's clock, and no collector has told whether that is right: set the clock`,
      {
        pcClock: "unproven",
      },
    );
  if (dates === "invalid") return measured(get, question, false, { certificateProblem: "not valid at the collector's time", ...evidence });
  if (problem !== undefined)
    return fail("tls", `whoever answered did not prove to be ${host} (${problem}): a box on the line, a missing intermediate or a wrong clock`);
  const { answer } = get;
  if (!answer || answer.status < 100 || answer.status > 599) return fail("malformed", `${host} answered with HTTP status ${answer?.status ?? "none"}`);
  if (isCaptive(answer.status, answer.location, question.url))
    return fail("bad_reply", `a login page or proxy on the line answered instead of ${host} (HTTP ${answer.status})`);
  if (isLoop(answer, question.url)) return measured(get, question, false, { ...evidence, error: "ERR_TOO_MANY_REDIRECTS" });
  if (answer.status >= 500 || question.expectText === undefined) return measured(get, question, answer.status < 500, evidence);
  const isFound = findsText(answer, question.expectText);
  if (typeof isFound === "string") return fail("bad_reply", `${host} answered, but whether this is the portal's page is not known: ${isFound}`);
  return measured(get, question, isFound, { ...evidence, expectedTextFound: isFound });
}

/** OpenSSL's words for bytes that are no TLS at all: an answer in plain HTTP, as a login page gives it on every port. */
const unsealed: ReadonlySet<string> = new Set(["ERR_SSL_WRONG_VERSION_NUMBER", "ERR_SSL_PACKET_LENGTH_TOO_LONG"]);

/**
 * Whether a name without an address is the portal's own fault: it does not exist, or name servers that know another name have no address for it. The
 * system's word counts where they were not asked.
 */
function isNameAtFault(code: string, { names }: Question): boolean {
  if (names === undefined) return code === "ENOTFOUND";
  return names.own === "no_such_name" || (names.own !== "found" && names.isOtherFound);
}

/**
 * What the dates of a certificate say. OpenSSL goes by this PC's clock alone, which a flat battery sets to another year. A chain that has expired although
 * the certificate itself has not is invalid as well.
 */
function datesOf(certificate: Certificate, { nowMs, trustedMs }: Question): "valid" | "invalid" | "clock_wrong" | "clock_unproven" {
  const isWithin = (ms: number) => !(ms < certificate.validFromMs || ms > certificate.expiresAtMs);
  if (certificate.problem === undefined) return trustedMs === undefined || isWithin(trustedMs) ? "valid" : "invalid";
  if (!isDateFault(certificate.problem)) return "valid";
  if (trustedMs === undefined) return "clock_unproven";
  return isWithin(trustedMs) && !isWithin(nowMs) ? "clock_wrong" : "invalid";
}

/** Whether the page holds the text, or why that cannot be told. */
function findsText({ status, page, bodyCapped }: NonNullable<TimedGet["answer"]>, expectText: string): boolean | string {
  if (status >= 300 && status <= 399) return `HTTP ${status} sends its visitors to another address; the policy's url must be that of the page itself`;
  const isFound = holdsText(page, expectText);
  if (isFound === undefined) return `it cannot be read (${page.contentEncoding ?? page.contentType ?? "no content-type"})`;
  return isFound || !bodyCapped ? isFound : `the text does not stand in its first ${BODY_BYTES_MAX / 1024} KiB, and no more of it is read`;
}

function measured(get: TimedGet, { portal, nowMs, trustedMs = nowMs }: Question, isUp: boolean, evidence: Evidence): Verdict {
  const labels = portal === undefined ? {} : { labels: { portal } };
  const { dnsMs, tcpMs, tlsMs, ttfbMs, totalMs } = get.timing;
  const certificateDays = get.certificate && Math.floor((get.certificate.expiresAtMs - trustedMs) / DAY_MS);
  const values = [
    ["portal_up", isUp ? 1 : 0],
    ["portal_status", get.answer?.status],
    ["portal_dns_ms", dnsMs],
    ["portal_tcp_ms", tcpMs],
    ["portal_tls_ms", tlsMs],
    ["portal_ttfb_ms", ttfbMs],
    ["portal_total_ms", totalMs],
    ["portal_certificate_days", Number.isFinite(certificateDays) ? certificateDays : undefined],
  ] as const;
  const readings = values.flatMap(([metric, value]) => (value === undefined ? [] : [{ metric, value: Math.round(value * 1000) / 1000, ...labels }]));
  return { kind: "measured", readings, evidence };
}

/** 511 is the status of a login page (RFC 6585), 407 that of a proxy; over plain HTTP anybody on the way can send a redirect elsewhere. */
function isCaptive(status: number, location: string | undefined, asked: URL): boolean {
  if (status === 511 || status === 407) return true;
  if (asked.protocol !== "http:" || status < 300 || status > 399 || location === undefined || !URL.canParse(location, asked.href)) return false;
  return !isSameSite(new URL(location, asked).hostname, asked.hostname);
}

/** A page that sends its visitors to itself, with nothing that would make the next visit another one, is never seen by anybody. */
function isLoop({ status, location, setsCookie }: NonNullable<TimedGet["answer"]>, asked: URL): boolean {
  if (status < 300 || status > 399 || location === undefined || setsCookie || !URL.canParse(location, asked.href)) return false;
  const next = new URL(location, asked);
  return next.host === asked.host && next.protocol === asked.protocol && next.pathname === asked.pathname && next.search === asked.search;
}

/** Hosts of one owner, as far as names tell: equal, or alike in their last three labels (gialai.gov.vn), two where a name has no more. */
function isSameSite(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [one.split("."), other.split(".")];
  const shared = Math.min(3, a.length, b.length);
  const isNumeric = [one, other].some((host) => /^[\d.]+$|:/.test(host));
  return !isNumeric && shared >= 2 && a.slice(-shared).join(".") === b.slice(-shared).join(".");
}

function evidenceOf(get: TimedGet, { url, isReferenceUp, names }: Question): Evidence {
  const { failed, answer, certificate } = get;
  return {
    host: url.hostname,
    ...(get.address !== undefined && { address: get.address }),
    ...(failed && { failedPhase: failed.phase, error: failed.code }),
    ...(names !== undefined && { nameServers: names.own, otherName: names.isOtherFound ? "found" : "unknown" }),
    ...(isReferenceUp !== undefined && { reference: isReferenceUp ? "answered" : "silent" }),
    ...(answer?.bodyCapped === true && { bodyCapped: true }),
    ...(certificate?.problem !== undefined && { certificateProblem: certificate.problem }),
  };
}
