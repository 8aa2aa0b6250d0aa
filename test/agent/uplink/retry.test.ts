import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Answer, type Step, stepAfter } from "../../../agent/uplink/retry.ts";

const answer = (status: number, more: Partial<Extract<Answer, { kind: "status" }>> = {}): Answer => ({ kind: "status", status, ...more });
const HOUR_MS = 3_600_000;

describe("the answer table", () => {
  it.each<[string, Answer, Partial<Step>]>([
    ["200 is committed", answer(200), { do: "settle" }],
    ["204 is committed", answer(204), { do: "settle" }],
    ["400 is cut down to the row at fault", answer(400), { do: "refuse", code: "http_400" }],
    ["422 carries the collector's word", answer(422, { code: "batch_invalid" }), { do: "refuse", code: "batch_invalid" }],
    ["401, after signing anew, waits a quarter of an hour for a person", answer(401), { do: "hold", reason: "key_refused", waitMs: 0.25 * HOUR_MS }],
    ["403 keeps the data and asks each hour", answer(403), { do: "hold", reason: "revoked", waitMs: HOUR_MS }],
    ["403 of a closed centre as well, and says so", answer(403, { code: "centre_closed" }), { do: "hold", reason: "centre_closed", waitMs: HOUR_MS }],
    ["404 as well", answer(404), { do: "hold", reason: "not_found", waitMs: HOUR_MS }],
    ["410 as well", answer(410), { do: "hold", reason: "not_found", waitMs: HOUR_MS }],
    ["409 begins a new stream", answer(409), { do: "new_stream" }],
    ["413 halves", answer(413), { do: "halve" }],
    ["415 is a version that does not fit", answer(415), { do: "hold", reason: "version_mismatch", waitMs: HOUR_MS }],
    ["426 as well", answer(426), { do: "hold", reason: "version_mismatch", waitMs: HOUR_MS }],
    ["301 is never followed", answer(301), { do: "hold", reason: "redirected", waitMs: HOUR_MS }],
    ["307 is never followed", answer(307), { do: "hold", reason: "redirected", waitMs: HOUR_MS }],
    ["408 waits", answer(408), { do: "wait", waitMs: 1_000 }],
    ["425 waits", answer(425), { do: "wait", waitMs: 1_000 }],
    ["429 waits as long as it was told, and a tenth more", answer(429, { retryAfterS: 30 }), { do: "wait", waitMs: 33_000 }],
    ["503 waits as long as it was told, at most an hour and its spread", answer(503, { retryAfterS: 86_400 }), { do: "wait", waitMs: 1.1 * HOUR_MS }],
    ["500 waits", answer(500), { do: "wait", waitMs: 1_000 }],
    ["no answer waits", { kind: "no_answer" }, { do: "wait", waitMs: 1_000 }],
    ["an unknown 4xx keeps the data", answer(418), { do: "hold", reason: "unexpected", waitMs: HOUR_MS }],
  ])("%s", (_, given, expected) => {
    expect(stepAfter(given, { attempt: 0, chance: 0.5 })).toEqual(expected);
  });

  it.each([400, 415, 422])("%i to a batch in columns asks for it in the plain form", (status) => {
    expect(stepAfter(answer(status), { attempt: 0, chance: 0.5, columns: true })).toEqual({ do: "plain" });
  });

  it("no answer to a whole batch gives data up, except through the search for the row at fault", () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.nat(60), fc.double({ min: 0, max: 1, noNaN: true }), (status, attempt, chance) => {
        const step = stepAfter(answer(status), { attempt, chance });
        if (step.do === "settle") expect(status >= 200 && status < 300).toBe(true);
        if (step.do === "refuse") expect([400, 422]).toContain(status);
        if (step.do === "wait" || step.do === "hold") expect(step.waitMs).toBeLessThanOrEqual(1.2 * HOUR_MS + 1);
      }),
    );
  });
});

describe("backoff", () => {
  it("is a random share of a span that doubles from 2 s to 5 minutes where the collector answers, and to less than two where nobody does", () => {
    const longest = (given: Answer) => [0, 1, 2, 5, 6, 7, 8, 1_000].map((attempt) => stepAfter(given, { attempt, chance: 1 }));
    const waits = (...waitsMs: number[]) => waitsMs.map((waitMs) => ({ do: "wait", waitMs }));
    expect(longest(answer(503))).toEqual(waits(2_000, 4_000, 8_000, 64_000, 128_000, 256_000, 300_000, 300_000));
    expect(longest({ kind: "no_answer" })).toEqual(waits(2_000, 4_000, 8_000, 64_000, 110_000, 110_000, 110_000, 110_000));
    expect([0, 0.25].map((chance) => stepAfter({ kind: "no_answer" }, { attempt: 5, chance }))).toEqual(waits(0, 16_000));
  });
});
