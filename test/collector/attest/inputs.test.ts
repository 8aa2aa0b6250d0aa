import { expect, test } from "vitest";
import { readAttestationFile } from "../../../collector/attest/attestation-file.ts";
import { parseAttestation } from "../../../collector/attest/attestation-input.ts";
import { attestImport, waiverAdd, waiverList } from "../../../collector/attest/commands.ts";
import { parseWaiver } from "../../../collector/attest/waiver-input.ts";
import { samplePolicy } from "../../support/sample-policy.ts";

const today = "2026-11-28";
const nowIso = "2026-11-28T03:00:00.000Z";
const waiver = {
  centre: "xa-01",
  requirement: "R05",
  reason: "Chờ thay ổ cứng",
  document: "123/UBND-VP",
  approver: "Sở KH&CN",
  from: today,
  until: "2026-12-31",
};

test("a waiver holds to the end of its last day and is kept as typed", () => {
  expect(parseWaiver(waiver, "w1", today, ["R05"])).toEqual({ ok: true, value: { id: "w1", ...waiver } });
});

test.each([
  ["without an end", { until: undefined }, "until", "form.error.empty"],
  ["with an empty end", { until: "" }, "until", "form.error.date"],
  ["with a day that does not exist", { until: "2026-02-30" }, "until", "form.error.date"],
  ["that ends before it begins", { from: "2027-01-02", until: "2027-01-01" }, "until", "form.error.order"],
  ["longer than a year and a day", { until: "2027-12-31" }, "until", "form.error.tooLong"],
  ["that is over", { from: "2026-11-01", until: "2026-11-27" }, "until", "form.error.past"],
  ["without a document", { document: "  " }, "document", "form.error.empty"],
  ["with 10 kB of reason", { reason: "a".repeat(10_000) }, "reason", "form.error.length"],
  ["for a requirement that the policy does not have", { requirement: "R99" }, "requirement", "form.error.requirement"],
] as const)("no waiver %s", (_, fields, field, key) => {
  expect(parseWaiver({ ...waiver, ...fields }, "w1", today, ["R05"])).toMatchObject({ ok: false, errors: [{ field, key }] });
});

test("control characters and bidi marks do not get in", () => {
  expect(parseWaiver({ ...waiver, reason: "a\u001b[31mb\u202ec\u0000" }, "w1", today, ["R05"])).toMatchObject({ value: { reason: "ab c" } });
});

const said = { centre: "xa-01", requirement: "R07", item: "waiting", holds: "có", by: "Trần Thị B" };

test.each([
  ["an item that the requirement has", {}, { ok: true }],
  ["no name", { by: "" }, { errors: [{ field: "by", key: "form.error.empty" }] }],
  ["an item of another requirement", { item: "contract" }, { errors: [{ field: "item", key: "form.error.item" }] }],
  ["neither yes nor no", { holds: "maybe" }, { errors: [{ field: "holds" }] }],
  ["a number with a comma", { requirement: "R01", item: "", value: "250,5" }, { value: { value: 250.5 } }],
  ["a number that is none", { value: "nhiều" }, { errors: [{ field: "value" }] }],
  ["a negative number", { value: "-1" }, { ok: false }],
  ["a bare date is midnight in Vietnam", { at: "2026-11-01" }, { value: { at: "2026-10-31T17:00:00.000Z" } }],
  ["an unknown requirement", { requirement: "R77", item: "" }, { errors: [{ field: "requirement", key: "form.error.requirement" }] }],
] as const)("declares %s", (_, fields, expected) => {
  expect(parseAttestation({ ...said, ...fields }, "t1", nowIso, samplePolicy)).toMatchObject(expected);
});

test("a file keeps its good rows, names the bad ones by row and field, and the same file has the same ids", () => {
  const file = "centre;requirement;item;holds;by\nxa-01;R07;waiting;có;B\nxa-01;R07;nowhere;có;B\nxa-02;R07;waiting;không;C\n";
  const first = readAttestationFile(file, samplePolicy, nowIso, "vi");
  expect(first.faults).toEqual(["#2 item: Nội dung này không có mục đó."]);
  expect(first.attestations.map(({ centre, holds, inspector }) => [centre, holds, inspector])).toEqual([
    ["xa-01", true, false],
    ["xa-02", false, false],
  ]);
  expect(readAttestationFile(file, samplePolicy, nowIso, "vi").attestations.map(({ id }) => id)).toEqual(first.attestations.map(({ id }) => id));
});

test("JSON is read too, and a broken file says where it breaks", () => {
  expect(readAttestationFile(JSON.stringify([{ ...said, holds: true }]), samplePolicy, nowIso, "vi").attestations).toHaveLength(1);
  expect(() => readAttestationFile("[{", samplePolicy, nowIso, "vi")).toThrow(/JSON/);
});

test("the commands write, have the centres judged anew and say what went wrong", async () => {
  const changed: string[] = [];
  const kept: unknown[] = [];
  const deps = {
    policy: samplePolicy,
    lang: "vi" as const,
    now: () => Date.parse(nowIso),
    changed: async (centres: readonly string[]) => void changed.push(...centres),
    store: {
      addWaiver: async (one: { centre: string }) => one.centre === "xa-01" && kept.push(one) > 0,
      waiversFrom: async () => [{ id: "w1", ...waiver }],
      addAttestations: async (list: readonly { centre: string }[]) => [...new Set(list.map(({ centre }) => centre).filter((centre) => centre !== "xa-01"))],
    },
  };
  expect(await waiverAdd(deps, waiver)).toMatchObject({ ok: true });
  expect(await waiverAdd(deps, { ...waiver, centre: "xa-99" })).toMatchObject({ ok: false, lines: ["centre: Không có trung tâm này."] });
  expect(await waiverAdd(deps, { ...waiver, until: "" })).toMatchObject({ ok: false, lines: ["until: Cần một ngày có thật, ví dụ 2026-12-31."] });
  expect((await waiverList(deps)).lines).toEqual(["xa-01  R05  2026-11-28..2026-12-31  123/UBND-VP  Chờ thay ổ cứng"]);
  const result = await attestImport(
    deps,
    JSON.stringify([
      { ...said, holds: true },
      { ...said, centre: "xa-77", holds: true },
    ]),
  );
  expect(result).toEqual({ ok: false, lines: ["Đã nhập 1 khai báo.", "xa-77: Không có trung tâm này."] });
  expect(changed).toEqual(["xa-01", "xa-01"]);
  expect(kept).toHaveLength(1);
});
