import { expect, test } from "vitest";
import type { Waiver, Withdrawal } from "#schemas/attestation.ts";
import { attestationColumns, parseAttestation } from "../../../collector/attest/attestation-input.ts";
import { attestAdd, attestImport, dutyImport, waiverAdd, waiverImport, waiverList, waiverWithdraw } from "../../../collector/attest/commands.ts";
import { readImportFile } from "../../../collector/attest/import-file.ts";
import { parseWaiver } from "../../../collector/attest/waiver-input.ts";
import { parsePerson } from "../../../collector/people/person-input.ts";
import { calendar, plan } from "../../support/facts.ts";
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

test("no account ends before it begins", () => {
  const person = { login: "lan", name: "Lan", roles: ["viewer"] };
  expect(parsePerson({ ...person, until: "2026-11-27" }, today)).toEqual({ ok: false, errors: [{ field: "until", key: "form.error.past" }] });
  expect(parsePerson({ ...person, until: today }, today)).toMatchObject({ ok: true });
});

test("control characters and bidi marks do not get in", () => {
  expect(parseWaiver({ ...waiver, reason: "a\u001b[31mb\u202ec\u0000" }, "w1", today, ["R05"])).toMatchObject({ value: { reason: "ab c" } });
});

const said = { centre: "xa-01", requirement: "R07", item: "waiting", holds: "có", by: "Trần Thị B" };

test.each([
  ["an item that the requirement has", {}, { ok: true }],
  ["no name", { by: "" }, { errors: [{ field: "by", key: "form.error.empty" }] }],
  ["an item of another requirement", { item: "contract" }, { errors: [{ field: "item", key: "form.error.item" }] }],
  ["neither yes nor no", { holds: "maybe" }, { errors: [{ field: "holds", key: "form.error.choice" }] }],
  ["a number with a comma", { requirement: "R01", item: "", value: "250,5" }, { value: { value: 250.5 } }],
  ["a number that is none", { value: "nhiều" }, { errors: [{ field: "value", key: "form.error.value" }] }],
  ["more than there can be of anything", { requirement: "R10", item: "", value: "1e15" }, { errors: [{ field: "value", key: "form.error.value" }] }],
  ["a part of a computer", { requirement: "R10", item: "", value: "3.7" }, { errors: [{ field: "value", key: "form.error.whole" }] }],
  ["a negative number", { value: "-1" }, { ok: false }],
  ["a bare date is midnight in Vietnam", { at: "2026-11-01" }, { value: { at: "2026-10-31T17:00:00.000Z" } }],
  ["a yes whose marks are characters of their own, as a Mac writes it", { holds: "co\u0301" }, { value: { holds: true } }],
  ["what nobody can know yet", { at: "2026-11-29" }, { errors: [{ field: "at", key: "form.error.future" }] }],
  [
    "which of several parts nobody said",
    { item: "" },
    { errors: [{ field: "item", key: "form.error.choice", params: { choices: "reception, online-help, priority, waiting" } }] },
  ],
  ["an unknown requirement", { requirement: "R77", item: "" }, { errors: [{ field: "requirement", key: "form.error.requirement" }] }],
] as const)("declares %s", (_, fields, expected) => {
  expect(parseAttestation({ ...said, ...fields }, "t1", nowIso, samplePolicy)).toMatchObject(expected);
});

test("the only part of a requirement needs no name: without one the word counted for nothing", () => {
  for (const [requirement, item] of [
    ["R06", "floor-area"],
    ["R24", "inspection"],
  ])
    expect(parseAttestation({ ...said, requirement, item: "" }, "t1", nowIso, plan)).toMatchObject({ value: { requirement, item } });
});

const read = (body: string) =>
  readImportFile({ name: "khai-bao.csv", body }, attestationColumns, "vi", (fields, id) => parseAttestation(fields, id, nowIso, samplePolicy));

test("the faults of a file are named by file, line and column, over quoted line breaks too; the same file has the same ids", () => {
  const head = "centre;requirement;item;holds;by;note\n";
  const good = 'xa-01;R07;waiting;có;B;"hai\ndòng"\n';
  const { faults, values } = read(`${head}${good}\nxa-01;R07;nowhere;có;B;\nxa-02;R07;waiting;không;;\n`);
  expect(faults).toEqual(["khai-bao.csv:5: item: Nội dung này không có mục đó.", "khai-bao.csv:6: by: Cần điền ô này."]);
  expect(values.map(({ centre, holds, inspector }) => [centre, holds, inspector])).toEqual([["xa-01", true, false]]);
  expect(read(head + good).values.map(({ id }) => id)).toEqual(values.map(({ id }) => id));
});

test("a misspelt column is a fault: what stands in it would be left out without a word", () => {
  expect(read("centre;requirement;item;holds;by;inspecter\nxa-01;R07;waiting;có;B;có\n").faults).toEqual([
    expect.stringMatching(/^khai-bao\.csv:1: inspecter: Không có cột này\. Các cột: centre, requirement, item, holds,/),
  ]);
});

test.each([
  [
    "a quotation mark that nothing closes",
    'xa-01;R07;waiting;có;"B\nxa-02;R07;waiting;có;C\n',
    /^khai-bao\.csv: dấu ngoặc kép \("\) mở ở dòng 2 không được đóng/,
  ],
  ["a name with the mark between cells", "xa-01;R07;waiting;có;B; phó giám đốc\n", /^khai-bao\.csv:2: “phó giám đốc” không nằm dưới tên cột nào/],
])("a file with %s is refused: rows or words would be lost without a word", (_, row, fault) => {
  expect(read(`centre;requirement;item;holds;by\n${row}`)).toEqual({ values: [], faults: [expect.stringMatching(fault)] });
});

test("a column that is named twice is a fault: one of the two would be left out", () => {
  const { faults } = read("centre;requirement;item;holds;by;by\nxa-01;R07;waiting;có;B;C\n");
  expect(faults).toEqual(["khai-bao.csv:1: by: Tên cột này có hai lần."]);
});

test("lines that end as an old Mac ends them are lines", () => {
  expect(read("centre;requirement;item;holds;by\rxa-01;R07;waiting;có;B\rxa-02;R07;waiting;có;C\r").values.map(({ centre }) => centre)).toEqual([
    "xa-01",
    "xa-02",
  ]);
});

test.each([
  ["of heads alone", "centre;requirement;item;holds;by\n"],
  ["with nothing in it", ""],
  ["of empty rows", "centre;requirement;item;holds;by\n;;;;\n\n"],
  ["with an empty list", "[]"],
])("a file %s is refused: whoever sent it meant to say something", (_, body) => {
  expect(read(body)).toEqual({ values: [], faults: ["khai-bao.csv: không có dòng nào để nhập; dòng đầu của tệp CSV là tên các cột"] });
});

test("JSON is read too, its rows by their place, and a broken file says where it breaks", () => {
  expect(read(JSON.stringify([{ ...said, holds: true }])).values).toHaveLength(1);
  expect(
    read(
      JSON.stringify([
        { ...said, holds: true },
        { ...said, by: "" },
      ]),
    ).faults,
  ).toEqual(["khai-bao.csv#2: by: Cần điền ô này."]);
  expect(read("[{").faults).toEqual([expect.stringMatching(/^khai-bao\.csv sai cú pháp JSON \(dòng 1, cột 3\): thường do thiếu hoặc thừa dấu phẩy/)]);
});

test("the commands write, have the centres judged anew and say what went wrong", async () => {
  const changed: string[] = [];
  const kept: unknown[] = [];
  const attested: unknown[] = [];
  const ticked: unknown[] = [];
  const stored = { id: "w1", ...waiver };
  const deps = {
    policy: samplePolicy,
    calendar,
    lang: "vi" as const,
    now: () => Date.parse(nowIso),
    doer: { who: "command line: lan", address: "local" },
    changed: async (centres: readonly string[]) => void changed.push(...centres),
    deeds: {
      fileWaivers: async (_: unknown, list: readonly Waiver[]) => {
        const faults = list.map(({ centre, document }) => {
          if (centre !== "xa-01") return "centre" as const;
          return document === "twice" ? ("waiverTwice" as const) : undefined;
        });
        if (faults.every((fault) => fault === undefined)) kept.push(...list);
        return faults;
      },
      withdrawWaiver: async (_: unknown, id: string, _day: string, withdrawn: Withdrawal) => (id === "w1" ? { ...stored, withdrawn } : undefined),
      attest: async (_: unknown, list: readonly unknown[]) => {
        attested.push(...list);
        return [];
      },
      recordDuties: async (_: unknown, list: readonly unknown[]) => {
        ticked.push(...list);
        return [];
      },
    },
    store: {
      waiverPart: async (_day: string, _centre: string | undefined, page: number) => ({ page, rows: [stored], total: 1 }),
      centreCodes: async () => new Set(["xa-01"]),
    },
  };
  expect(await waiverAdd(deps, waiver)).toMatchObject({ ok: true });
  expect(await waiverAdd(deps, { ...waiver, centre: "xa-99" })).toMatchObject({ ok: false, lines: ["centre: Không có trung tâm này."] });
  expect(await waiverAdd(deps, { ...waiver, until: "" })).toMatchObject({ ok: false, lines: ["until: Cần một ngày có thật, ví dụ 2026-12-31."] });
  expect((await waiverList(deps, undefined, 1)).lines).toEqual(["w1  xa-01  R05  2026-11-28..2026-12-31  123/UBND-VP  Chờ thay ổ cứng"]);
  expect(await attestAdd(deps, { ...said, holds: "yes", proofSha256: "A".repeat(64) })).toEqual({ ok: true, lines: ["Đã nhập 1 dòng."] });
  expect(attested).toMatchObject([{ centre: "xa-01", holds: true, proofSha256: "a".repeat(64) }]);
  expect(changed).toEqual(["xa-01", "xa-01"]);

  const both = (rows: readonly object[]) => ({ name: "f.json", body: JSON.stringify(rows), dryRun: false });
  const refused = "Không dòng nào được nhập: sửa các lỗi sau rồi nhập lại.";
  expect(await attestImport(deps, both([said, { ...said, centre: "xa-77" }]))).toEqual({
    ok: false,
    lines: [refused, "f.json#2: centre: Không có trung tâm này."],
  });
  expect(await waiverImport(deps, both([waiver, { ...waiver, until: "2020-01-01" }]))).toMatchObject({
    ok: false,
    lines: [refused, expect.stringContaining("f.json#2: until: ")],
  });
  expect(await attestImport(deps, { ...both([said]), dryRun: true })).toEqual({
    ok: true,
    lines: ["Tệp đúng, 1 dòng sẽ được nhập (chỉ kiểm tra, chưa nhập)."],
  });
  expect([kept.length, attested.length, changed.length]).toEqual([1, 1, 2]);
  expect(await waiverImport(deps, both([waiver, { ...waiver, requirement: "R01" }]))).toEqual({ ok: true, lines: ["Đã nhập 2 dòng."] });
  expect(kept).toHaveLength(3);
  // Two rows that allow the same by the same document are refused by their names, and the file with them.
  expect(await waiverImport(deps, both([waiver, { ...waiver, reason: "khác", document: "twice" }]))).toEqual({
    ok: false,
    lines: [refused, expect.stringMatching(/xa-01 {2}R05 .*khác: Đã có miễn trừ giống hệt: cùng trung tâm/)],
  });
  expect(await waiverAdd(deps, { ...waiver, document: "twice" })).toMatchObject({
    ok: false,
    lines: [expect.stringContaining("document: Đã có miễn trừ giống hệt")],
  });
  expect(kept).toHaveLength(3);

  const withdrawal = { reason: "nhầm trung tâm", by: "Thanh tra A" };
  expect(await waiverWithdraw(deps, "w1", withdrawal)).toEqual({
    ok: true,
    lines: [
      "Đã thu hồi miễn trừ.",
      expect.stringMatching(/^w1 {2}xa-01 {2}R05 .*Chờ thay ổ cứng {2}đã thu hồi \d\d\/\d\d\/2026 \d\d:\d\d: nhầm trung tâm {2}Thanh tra A$/),
    ],
  });
  expect(changed.at(-1)).toBe("xa-01");
  expect(await waiverWithdraw(deps, "w2", withdrawal)).toMatchObject({ ok: false, lines: [expect.stringContaining("Không có miễn trừ này")] });
  expect(await waiverWithdraw(deps, "w1", { ...withdrawal, reason: " " })).toEqual({ ok: false, lines: ["reason: Cần điền ô này."] });

  const onPlan = { ...deps, policy: plan };
  const tick = { centre: "xa-01", requirement: "R21", duty: "opening-round", turn: "2026-11-27", state: "done", by: "B", at: "2026-11-27T02:00:00.000Z" };
  expect(await dutyImport(onPlan, both([tick, { ...tick, turn: "2026-11-28" }]))).toEqual({
    ok: false,
    lines: [refused, "f.json#2: turn: Không có lượt nào bắt đầu ngày này, hoặc lượt chưa đến."],
  });
  expect(await dutyImport(onPlan, both([tick, { ...tick, duty: "due-dossiers", state: "skipped", reason: "mất điện" }]))).toMatchObject({ ok: true });
  expect(ticked).toMatchObject([
    { duty: "opening-round", by: "B" },
    { state: "skipped", reason: "mất điện" },
  ]);
});
