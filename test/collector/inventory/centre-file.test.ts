import { describe, expect, it } from "vitest";
import { type Centre, Inventory } from "#schemas/inventory.ts";
import type { Lang } from "#schemas/words.ts";
import { centreNews, newsWords } from "../../../collector/inventory/centre-changes.ts";
import { readCentreTable } from "../../../collector/inventory/centre-file.ts";
import { centreCell, centreForm } from "../../../collector/inventory/centre-form.ts";
import { tableOf } from "../../../collector/inventory/read-table.ts";
import { TableRefused } from "../../../collector/inventory/table-refused.ts";
import { writeTable } from "../../../collector/inventory/write-table.ts";
import { cells, workbook } from "../../support/workbook.ts";

const devices = [{ id: "p-1", role: "printer" as const }];
const iaGrai: Centre = {
  code: "xa-ia-grai",
  name: "Trung tâm Ia Grai",
  district: "Ia Grai",
  latitude: 13.986,
  longitude: 107.8,
  officers: 5,
  keyArea: true,
  contractMbps: 300,
  isp: "VNPT",
  contractNumber: "00123",
  devices,
};
const chuPah: Centre = { code: "xa-chu-pah", name: "Chư Păh", keyArea: false, devices: [] };
const declared = new Map([iaGrai, chuPah].map((centre) => [centre.code, centre]));
const { devices: _, ...iaGraiAlone } = iaGrai;

async function read(bytes: string | Buffer, { lang = "vi" as Lang, clear = false } = {}) {
  const body = await tableOf(Buffer.from(bytes), "centres", lang, centreForm);
  const found = readCentreTable(body, { file: "centres", lang, declared, clear });
  // What a table gives is what the contract of the JSON file takes.
  expect(Inventory.parse({ centres: found.centres }).centres).toEqual(found.centres);
  return found;
}
const faultsOf = (bytes: string | Buffer, options?: { clear: boolean }) =>
  read(bytes, options).then(
    () => [],
    (error: unknown) => (error instanceof TableRefused ? error.faults : Promise.reject(error)),
  );
const sheet = (head: string, ...rows: string[][]) => workbook([head.split(";").map(cells.text), ...rows]);

describe("a table of centres", () => {
  it.each<[string, Lang]>([
    ["centres.xlsx", "vi"],
    ["centres.xlsx", "en"],
    ["centres.csv", "vi"],
    ["centres.csv", "en"],
  ])("that was written as %s in %s is taken back and changes nothing, whatever devices there are", async (file, lang) => {
    const { centres, notes } = await read(await writeTable(file, centreForm, [...declared.values()], centreCell, lang));
    expect(centres[0]).toEqual(iaGraiAlone);
    expect(centreNews({ centres: declared, notBegun: new Set() }, centres).map(({ kind }) => kind)).toEqual(["unchanged", "unchanged"]);
    expect(notes).toEqual([]);
  });

  it.each([
    "Mã trung tâm;Tên trung tâm;Khu vực;Vĩ độ;Kinh độ;Số cán bộ;Địa bàn trọng điểm;Tốc độ hợp đồng (Mbps);Nhà mạng;Số hợp đồng",
    "ma trung tam;TEN TRUNG TAM;khu vuc;vi do;kinh do;so can bo;dia ban trong diem;toc do hop dong (mbps);nha mang;ma thue bao",
    "Centre code;Centre name;Area;Latitude;Longitude;Officers;Key area;Contracted rate (Mbps);Internet provider;Contract number / subscriber code",
    "code;name;district;latitude;longitude;officers;keyArea;contractMbps;isp;contractNumber",
  ])("is known by its heads: %s", async (head) => {
    const { centres } = await read(`\ufeff${head}\nXA-MOI;Xã Mới;Tây;13,986;107,8;5;có;300;VNPT;00123\n`);
    expect(centres).toEqual([{ ...iaGraiAlone, code: "xa-moi", name: "Xã Mới", district: "Tây" }]);
  });

  it("is taken with titles above, numbered rows and sums below; a code that reads like a sum is a centre", async () => {
    const titled = workbook([
      [],
      [cells.text("DANH SÁCH TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG"), cells.empty(), cells.empty()],
      [cells.empty()],
      ["TT", "Mã trung tâm", "Số cán bộ"].map(cells.text),
      [cells.number("1"), cells.text("xa-ia-grai"), cells.number("7")],
      [cells.empty(), cells.text("Tổng cộng"), cells.number("7")],
    ]);
    const { centres, notes } = await read(titled);
    expect(centres).toEqual([{ ...iaGraiAlone, officers: 7 }]);
    expect(notes.map((note) => note.slice(0, 24))).toEqual(["Tên cột được đọc ở dòng ", "Cột “TT” (số thứ tự) khô", "Dòng 6 (“Tổng cộng”) khô"]);
    expect((await read("code;name\ncong;Cống\ntotal;Total\n")).centres.map(({ code }) => code)).toEqual(["cong", "total"]);
  });

  it("keeps what has no column, in any order of columns, and takes what is new", async () => {
    const { centres } = await read("officers,code\n7,xa-ia-grai\n");
    expect(centres).toEqual([{ ...iaGraiAlone, officers: 7 }]);
  });

  it("takes nothing away by an empty cell, unless that is said; then it is told", async () => {
    const table = "code;name;isp;contractNumber;keyArea;district\nxa-ia-grai;Trung tâm Ia Grai;;;;Ia Grai\nxa-chu-pah;Chư Păh;;;;\n";
    expect(await faultsOf(table)).toEqual([
      expect.stringContaining("dòng 2, cột “Địa bàn trọng điểm”: ô trống, nhưng đang khai “Có”"),
      expect.stringContaining("dòng 2, cột “Nhà mạng”: ô trống, nhưng đang khai “VNPT”"),
      expect.stringContaining("dòng 2, cột “Số hợp đồng / mã thuê bao”: ô trống, nhưng đang khai “00123”"),
    ]);
    const { centres } = await read(table, { clear: true });
    const [news, ...more] = centreNews({ centres: declared, notBegun: new Set() }, centres);
    expect(centres[0]).toEqual({ ...Object.fromEntries(Object.entries(iaGraiAlone).filter(([key]) => !/isp|contractNumber/.test(key))), keyArea: false });
    expect(news && newsWords(news, "vi")).toBe("xa-ia-grai: Địa bàn trọng điểm: Có → Không; xoá Nhà mạng (VNPT); xoá Số hợp đồng / mã thuê bao (00123)");
    expect(more.map(({ kind }) => kind)).toEqual(["unchanged"]);
    expect(await faultsOf("code;name\nxa-ia-grai;\n", { clear: true })).toEqual(["dòng 2, cột “Tên trung tâm”: không được để trống"]);
  });

  it.each<[string, string, string, string]>([
    ["no code", "code;name", ";Mới", "dòng 2, cột “Mã trung tâm”: không được để trống"],
    ["a code that is none", "code;name", "xã mới;Mới", "dòng 2, cột “Mã trung tâm”: “xã mới” không phải mã hợp lệ"],
    ["a code twice", "code", "xa-ia-grai\nXA-IA-GRAI", "dòng 3, cột “Mã trung tâm”: mã “XA-IA-GRAI” đã có ở dòng 2"],
    ["a new centre without a name", "code;isp", "xa-ia-gria;VNPT", "chưa có trung tâm mang mã này"],
    ["a latitude in minutes", "code;latitude", "xa-ia-grai;13°59", "dòng 2, cột “Vĩ độ”: “13°59” không phải độ thập phân từ -90 đến 90"],
    ["coordinates the wrong way round", "code;latitude;longitude", "xa-ia-grai;107,8;13,9", "dòng 2, cột “Vĩ độ”: “107,8”"],
    ["a point that was lost", "code;longitude", "xa-ia-grai;1078", "dòng 2, cột “Kinh độ”: “1078” không phải độ thập phân từ -180 đến 180"],
    ["half an officer", "code;officers", "xa-ia-grai;5,5", "dòng 2, cột “Số cán bộ”: “5,5” không phải số nguyên từ 0 đến 500"],
    ["a thousand that could be one", "code;contractMbps", "xa-ia-grai;1.000", "cột “Tốc độ hợp đồng (Mbps)”: “1.000” không phải số Mbps"],
    ["a unit", "code;contractMbps", "xa-ia-grai;300 Mbps", "“300 Mbps” không phải số Mbps"],
    ["neither yes nor no", "code;keyArea", "xa-ia-grai;có thể", "“có thể” không rõ là có hay không"],
    ["a provider that is too long", "code;isp", `xa-ia-grai;${"x".repeat(65)}`, "cột “Nhà mạng”: dài quá 64 ký tự"],
    ["a contract that no database should have", "code;contractNumber", "xa-ia-grai;a\ue000b", "có ký tự không dùng được"],
    ["zeros that Excel took from CSV", "code;contractNumber", "xa-ia-grai;123", "“123” thiếu các số 0 ở đầu so với “00123” đã khai"],
    ["a number that Excel cut short in CSV", "code;contractNumber", "xa-ia-grai;1.23E+10", "Excel đã làm mất chữ số của số này (1.23E+10)"],
    ["a quotation mark that nothing closes", "code;name", 'xa-ia-grai;"Xã Ia Grai\nxa-moi;Xã Mới', 'dấu ngoặc kép (") mở ở dòng 2 không được đóng'],
    ["words with the mark between cells", "code;name", "xa-ia-grai;Xã Ia Grai; huyện Ia Grai", "dòng 2: ô thứ 3 (“huyện Ia Grai”) không nằm dưới tên cột nào"],
    ["an unknown column", "code;màu", "xa-ia-grai;đỏ", "không có cột “màu”"],
    ["no row", "code;name", "", "không có dòng trung tâm nào"],
  ])("is refused whole, with row and column: %s", async (_, head, row, wanted) => {
    expect(await faultsOf(`${head}\n${row}\n`)).toEqual([expect.stringContaining(wanted)]);
  });

  it("tells all that is wrong at once, each cell once", async () => {
    const faults = await faultsOf("code;officers;latitude\nxa-ia-grai;x;y\nxa-moi;;\n");
    expect(faults).toHaveLength(3);
  });
});

describe("what Excel makes of a cell", () => {
  const row = (column: string, cell: string) => sheet(`code;${column}`, [cells.text("xa-ia-grai"), cell]);

  it.each([
    ["a formula that nobody has reckoned", cells.formula("B9"), "ô có công thức báo lỗi hoặc chưa có kết quả (=)"],
    ["a formula that fails", cells.error("VLOOKUP(A1,B:B,1)", "#N/A"), "ô có công thức báo lỗi hoặc chưa có kết quả (#N/A)"],
    ["a date", cells.date(46_357), "Excel đã đổi nội dung này thành ngày"],
    ["more digits than it keeps", cells.number("1234567890123450"), "Excel đã làm mất chữ số"],
    ["a power of ten", cells.number("1.2345E+22"), "Excel đã làm mất chữ số"],
    ["a number without its zeros", cells.number("123"), "thiếu các số 0 ở đầu so với “00123” đã khai"],
  ])("is told where it is not what was typed: %s", async (_, cell, wanted) => {
    const faults = await faultsOf(row("contractNumber", cell));
    expect(faults).toEqual([expect.stringContaining(`dòng 2, cột “Số hợp đồng / mã thuê bao”: `)]);
    expect(faults[0]).toContain(wanted);
  });

  it("a date is no number of officers either", async () => {
    expect(await faultsOf(row("officers", cells.date(5)))).toEqual([expect.stringContaining("thành ngày")]);
  });

  it("takes a formula's result, a long number as its digits with a word to look at it, and a text as it is", async () => {
    const table = sheet(
      "code;officers;contractNumber",
      [cells.text("xa-ia-grai"), cells.formula("2+4", "6"), cells.number("12300456789")],
      [cells.text("xa-chu-pah"), cells.number("4"), cells.text("123")],
    );
    const { centres, notes } = await read(table);
    expect(centres).toMatchObject([
      { officers: 6, contractNumber: "12300456789" },
      { officers: 4, contractNumber: "123" },
    ]);
    expect(notes).toEqual([expect.stringContaining("cột “Số hợp đồng / mã thuê bao”, dòng 2: Excel giữ ô này như một số")]);
  });

  it("a code that lost its zeros makes no new centre", async () => {
    const numbered = new Map([["00123", { ...chuPah, code: "00123" }]]);
    const body = await tableOf(sheet("code;name", [cells.number("123"), cells.text("Xã Mới")]), "centres", "vi", centreForm);
    expect(() => readCentreTable(body, { file: "centres", lang: "vi", declared: numbered, clear: false })).toThrow("“123” thiếu các số 0");
  });

  it("a cell that fails under no head is nobody's", async () => {
    const table = workbook([
      [cells.text("code"), cells.text("officers")],
      [cells.text("xa-ia-grai"), cells.number("6"), cells.error("1/0", "#DIV/0!")],
    ]);
    expect((await read(table)).centres).toMatchObject([{ officers: 6 }]);
  });
});

describe("the news of a list of centres", () => {
  const news = (after: object, notBegun: string[] = []) => {
    const [one] = centreNews({ centres: declared, notBegun: new Set(notBegun) }, [after as never]);
    return one && newsWords(one, "en");
  };

  it.each<[string, object, string]>([
    ["a new one", { code: "xa-moi", name: "Xã Mới", keyArea: false }, "xa-moi: new, Xã Mới"],
    ["other values", { ...iaGraiAlone, officers: 6, contractMbps: 1000 }, "xa-ia-grai: Officers: 5 → 6; Contracted rate (Mbps): 300 → 1000"],
    ["devices of a JSON file", { ...iaGraiAlone, devices: [] }, "xa-ia-grai: Devices"],
  ])("is told with what was: %s", (_, after, wanted) => expect(news(after)).toBe(wanted));

  it("says so where the same is declared for an earlier day", () => {
    expect(news(iaGraiAlone, ["xa-ia-grai"])).toBe("xa-ia-grai: counts from an earlier day");
  });
});
