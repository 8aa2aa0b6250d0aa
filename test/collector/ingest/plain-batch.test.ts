import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainBatch } from "../../../collector/ingest/plain-batch.ts";
import { Batch } from "../../../schemas/exchange.ts";
import type { Outcome } from "../../../schemas/observation.ts";
import { batchOf, measured } from "../../support/batches.ts";
import { anyBatch, json, spoiled, text, wired } from "./any-batch.ts";

const RUNS = Number(process.env.HCC_PROPERTY_RUNS ?? 400);

/** What holds for every value: the short way says nothing, or just what the schema says. */
function demandSame(value: unknown): void {
  const before = JSON.stringify(value);
  const plain = plainBatch(value);
  expect(JSON.stringify(value)).toBe(before);
  if (plain === undefined) return;
  const said = Batch.safeParse(value);
  expect(said.error).toBeUndefined();
  expect(plain).toEqual(said.data);
}

describe("the short way for ordinary batches", () => {
  it("accepts nothing that the schema refuses, and gives the same", () => {
    fc.assert(
      fc.property(anyBatch, (value) => demandSame(wired(value))),
      { numRuns: RUNS },
    );
  });

  it("holds for batches with one fault", () => {
    const by = fc.oneof(json, text, fc.constantFrom<unknown>(-1, 0, 0.5, 2 ** 53, "ok", "measured", true));
    fc.assert(
      fc.property(anyBatch, fc.array(fc.nat(1_000), { minLength: 1, maxLength: 7 }), by, (value, path, wrong) =>
        demandSame(wired(spoiled(value, path, wrong))),
      ),
      { numRuns: RUNS },
    );
  });

  it("takes what agents send every minute", () => {
    const outcomes: Outcome[] = [
      measured([{ metric: "rtt_avg_ms", value: 12.5, labels: { hop: "hop-1" } }]),
      { ...measured([{ metric: "wifi_clients", value: 3, labels: { ssid: "Khách hàng" } }]), evidence: { runs: [1, null, { a: "b" }] } },
      { kind: "failed", reason: "timeout", detail: "no answer within 5 s" },
      { kind: "skipped", reason: "line_busy" },
    ];
    for (const outcomeOf of outcomes) expect(plainBatch(wired(batchOf({ count: 5, each: () => ({ outcome: outcomeOf }) })))).toBeDefined();
  });

  it.each([
    ["numbers beyond all bounds", '{"evidence":{"a":1e999}}'],
    ["a name that objects know", '{"evidence":{"__proto__":{"a":1}}}'],
    ["a label that objects know", '{"readings":[{"metric":"wifi_clients","value":1,"labels":{"__proto__":"x"}}]}'],
    ["a metric that objects know", '{"readings":[{"metric":"constructor","value":1}]}'],
    ["an outcome that objects know", '{"kind":"constructor","reason":"timeout"}'],
    ["deep evidence", `{"evidence":{"a":${"[".repeat(40)}${"]".repeat(40)}}}`],
    ["much evidence", `{"evidence":{"a":"${"x".repeat(70_000)}"}}`],
  ])("leaves %s to the schema", (_, part) => {
    const head = '"protocol":1,"stream":"00000000000000ab","from":1,"to":1,"sentAt":"2026-11-28T02:00:00.000Z","lane":"live"';
    const outcomeOf = { kind: "measured", readings: [{ metric: "wifi_clients", value: 1 }] };
    const rest = JSON.stringify(outcomeOf).slice(1, -1);
    const body = `{${head},"observations":[{"seq":1,"probe":"host","takenAt":"2026-11-28T02:00:00.000Z","uptimeMs":1,"bootId":"b","clock":"ok","elapsedMs":1,"outcome":{${rest},${part.slice(1)}}]}`;
    const value: unknown = JSON.parse(body);
    expect(plainBatch(value)).toBeUndefined();
  });
});
