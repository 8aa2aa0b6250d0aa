import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Centre } from "#schemas/inventory.ts";
import type { Lang } from "#schemas/words.ts";
import { partsOf } from "../../../collector/inventory/archive-parts.ts";
import { centreNews, deviceCounts, deviceNewsWords } from "../../../collector/inventory/centre-changes.ts";
import { withDevices } from "../../../collector/inventory/declare.ts";
import { readDeviceTable } from "../../../collector/inventory/device-file.ts";
import { type DeviceRow, deviceCell, deviceForm } from "../../../collector/inventory/device-form.ts";
import { FILE_BYTES_MAX } from "../../../collector/inventory/file-size.ts";
import { tableOf } from "../../../collector/inventory/read-table.ts";
import { areSheetsBounded } from "../../../collector/inventory/sheet-bounds.ts";
import { TableRefused } from "../../../collector/inventory/table-refused.ts";
import { writeTable } from "../../../collector/inventory/write-table.ts";
import { xlsx } from "../../../collector/report/xlsx.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { cells, workbook } from "../../support/workbook.ts";

const file = (name: string, body: string | Buffer) => {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, body);
  return path;
};
const head = "Mã trung tâm;Mã thiết bị;Loại thiết bị;Địa chỉ IP;Số sê-ri";
const readFile = async (path: string, lang: Lang) =>
  readDeviceTable(await tableOf(readFileSync(path), path, lang, deviceForm), {
    file: path,
    lang,
    isCentre: (code) => code === "ia-grai" || code === "chu-pah",
  });
const read = async (path: string, lang: Lang = "vi") => (await readFile(path, lang)).devices;
const written = (name: string, rows: readonly DeviceRow[], lang: Lang) => writeTable(name, deviceForm, rows, deviceCell, lang);
const faultsOf = (path: string, lang?: Lang) =>
  read(path, lang).then(
    () => [],
    (error: unknown) => (error instanceof TableRefused ? error.faults : Promise.reject(error)),
  );
const csv = (...rows: string[]) => file("devices.csv", [head, ...rows].join("\r\n"));

describe("the reception point of a device", () => {
  const points = async (...rows: string[]) => {
    const { devices, hasPoints } = await readFile(file("points.csv", rows.join("\n")), "vi");
    return [hasPoints, (devices.get("ia-grai") ?? []).map(({ id, point }) => [id, point])];
  };

  it("is a column that may be empty, and the main office by its words", async () => {
    const head = "Mã trung tâm;Mã thiết bị;Loại thiết bị;Điểm tiếp nhận";
    const rows = [
      "ia-grai;p-1;Máy in;Ia Ly",
      "ia-grai;p-2;Máy in;",
      "ia-grai;p-3;Máy in;Trụ sở chính",
      "ia-grai;p-4;Máy in;main office",
      "ia-grai;p-5;Máy in;Điểm tiếp nhận Ia Ly",
    ];
    expect(await points(head, ...rows)).toEqual([true, [["p-1", "ia-ly"], ["p-2", undefined], ["p-3", undefined], ["p-4", undefined], ["p-5", "ia-ly"]]]); // biome-ignore format: one line
    expect(await faultsOf(file("wrong.csv", `${head}\nia-grai;p-1;Máy in;(Ia Ly)`))).toEqual([expect.stringMatching(/^dòng 2, cột “Điểm tiếp nhận”: /)]);
    const device = { id: "p-1", role: "printer" as const, point: "ia-ly" };
    expect(await read(file("form.xlsx", await written("form.xlsx", [{ centre: "ia-grai", device }], "vi")))).toEqual(new Map([["ia-grai", [device]]]));
  });

  it("stays where a file has no such column, and is taken away where its cell is empty", async () => {
    const known = [Centre.parse({ code: "ia-grai", name: "Ia Grai", devices: [{ id: "p-1", role: "printer", point: "ia-ly" }] })];
    const devicesAfter = async (head: string, row: string) => withDevices(known, await readFile(file("again.csv", `${head}\n${row}`), "vi"))[0]?.devices;
    expect(await devicesAfter("Mã trung tâm;Mã thiết bị;Loại thiết bị", "ia-grai;p-1;Máy in")).toEqual([{ id: "p-1", role: "printer", point: "ia-ly" }]);
    expect(await devicesAfter("Mã trung tâm;Mã thiết bị;Loại thiết bị;Điểm tiếp nhận", "ia-grai;p-1;Máy in;")).toEqual([{ id: "p-1", role: "printer" }]);
  });
});

describe("a file of devices", () => {
  it("is taken as CSV or as a workbook, with heads in Vietnamese, English or short, with or without marks", async () => {
    const wanted = new Map([["ia-grai", [{ id: "mt-01", role: "officer-pc", address: "10.0.0.21", serial: "X 1" }]]]);
    for (const [first, role] of [
      [head, "Máy tính cán bộ"],
      ["ma trung tam;ma thiet bi;LOAI THIET BI;dia chi ip;so se-ri", "may tinh can bo"],
      ["Centre code;Device code;Kind of device;IP address;Serial number", "Officer's PC"],
      ["centre;id;role;address;serial", "officer-pc"],
    ])
      expect(await read(file("heads.csv", `\ufeff${first}\nIA-GRAI;MT 01;${role};10.0.0.21; X 1\n;;;;\n`))).toEqual(wanted);
    const device = { id: "mt-01", role: "officer-pc" as const, address: "10.0.0.21", serial: "X 1" };
    for (const name of ["form.xlsx", "form.csv"])
      for (const lang of ["vi", "en"] as const) expect(await read(file(name, await written(name, [{ centre: "ia-grai", device }], lang)))).toEqual(wanted);
  });

  it.each(["office.xlsx", "office.csv", "commas.csv"])(
    "is taken as an office keeps it: under a title, with row numbers, an empty column and sums: %s",
    async (name) => {
      const rows = [
        ["", "SỞ KHOA HỌC VÀ CÔNG NGHỆ; PHÒNG HẠ TẦNG SỐ", "", "", ""],
        [],
        ["", "DANH SÁCH THIẾT BỊ, NĂM 2026, TỈNH GIA LAI", "", "", ""],
        ["", "STT", "Mã trung tâm", "Loại thiết bị", "Số sê-ri"],
        ["", "(1)", "(2)", "(3)", "(4)"],
        ["", "1", "ia-grai", "Máy in", "X1"],
        ["", "2", "chu-pah", "Máy quét", "X2"],
        ["", "3", "", "", ""],
        ["", "Tổng cộng: 2", "", "", ""],
      ];
      const mark = name.startsWith("commas") ? "," : ";";
      const quoted = (words: string) => (/[,;]/.test(words) ? `"${words}"` : words);
      const lines = rows.map((row) => row.map(quoted).join(mark)).join("\r\n");
      const bytes = name.endsWith(".csv") ? lines : workbook(rows.map((row) => row.map((words) => (words === "" ? cells.empty() : cells.text(words)))));
      const { devices, notes } = await readFile(file(name, bytes), "vi");
      expect([...devices]).toEqual([
        ["ia-grai", [{ id: "printer-1", role: "printer", serial: "X1" }]],
        ["chu-pah", [{ id: "scanner-1", role: "scanner", serial: "X2" }]],
      ]);
      expect(notes).toEqual([
        "Tên cột được đọc ở dòng 4; các dòng phía trên không được nhập",
        "Cột “STT” (số thứ tự) không được nhập",
        "Dòng 5 (số của các cột) không được nhập",
        "Dòng 9 (“Tổng cộng: 2”) không được nhập",
      ]);
    },
  );

  it("under a line of title without marks, a CSV file is read by the mark of its heads", async () => {
    const devices = await read(file("titled.csv", "DANH SÁCH THIẾT BỊ, TỈNH GIA LAI, NĂM 2026\nMã trung tâm;Loại thiết bị\nia-grai;Máy in\n"));
    expect([...devices.keys()]).toEqual(["ia-grai"]);
  });

  it.each<[string, string[], string]>([
    ["a fault is in the row that Excel shows", ["DANH SÁCH;", "centre;role", "ia-grai;Tủ lạnh"], "dòng 3, cột “Loại thiết bị”"],
    ["another column that nobody knows is named", ["Danh sách;;", "STT;centre;role;Ghi chú", "1;ia-grai;Máy in;mới"], "không có cột “Ghi chú”"],
    ["below a title the column that is missing is named", ["DANH SÁCH;;", "STT;Mã trung tâm;Hãng", "1;ia-grai;HP"], "thiếu cột “Loại thiết bị”"],
    ["a row with a centre is no row of sums", ["STT;centre;role", "Tổng cộng;ia-grai;"], "dòng 2, cột “Loại thiết bị”: không được để trống"],
    [
      "what a row of numbers without anything else says in words is looked at",
      ["STT;centre;role", "1;ia-grai;Máy in", "Người lập biểu;;"],
      "dòng 3, cột “Mã trung tâm”",
    ],
    ["heads below the twentieth row are none", [...Array(20).fill("x;y"), "centre;role", "ia-grai;Máy in"], "không có cột “x”"],
  ])("nothing of it is guessed: %s", async (_, rows, wanted) => {
    expect((await faultsOf(file("odd.csv", rows.join("\n")))).join("; ")).toContain(wanted);
  });

  it("fifteen thousand devices that go out as a workbook are small enough to come back in", async () => {
    const rows = Array.from({ length: 15_000 }, (_, place): DeviceRow => {
      const [centre, number] = [place % 2 === 0 ? "ia-grai" : "chu-pah", place % 4_000];
      return {
        centre,
        device: {
          id: `camera-${place}`,
          role: "camera",
          address: `10.${number % 200}.${number % 250}.7`,
          vendor: "Hikvision",
          model: "DS-2CD2143G2-I",
          serial: `SN${place * 7919}`,
        },
      };
    });
    const bytes = await written("all.xlsx", rows, "vi");
    expect(bytes.length).toBeLessThan(FILE_BYTES_MAX);
    expect(await tableOf(bytes, "all.xlsx", "vi", deviceForm)).toHaveLength(1 + rows.length);
  }, 60_000);

  it("a formula that our own export has disarmed comes back as it was", async () => {
    const device = { id: "p-1", role: "printer" as const, serial: "=1+1" };
    expect((await read(file("formula.csv", await written("formula.csv", [{ centre: "ia-grai", device }], "vi")))).get("ia-grai")).toEqual([device]);
  });

  it("knows a kind by what a file called it that was exported earlier", async () => {
    const devices = await read(csv("ia-grai;ap-1;Điểm phát Wi-Fi;;", "ia-grai;ap-2;Bộ phát Wi-Fi;;"));
    expect(devices.get("ia-grai")?.map(({ role }) => role)).toEqual(["access-point", "access-point"]);
  });

  it("gives codes to devices without one, and never one that is taken", async () => {
    const devices = await read(csv("ia-grai;printer-2;Máy in;;", "ia-grai;;Máy in;;", "ia-grai;;Máy in;;", "chu-pah;;Máy in;;"));
    expect(devices.get("ia-grai")?.map(({ id }) => id)).toEqual(["printer-2", "printer-1", "printer-3"]);
    expect(devices.get("chu-pah")?.map(({ id }) => id)).toEqual(["printer-1"]);
  });

  it.each<[string, string[], string[]]>([
    ["a centre that there is not", ["xx;;Máy in;;"], ["dòng 2, cột “Mã trung tâm”: không có trung tâm “xx”"]],
    ["no centre", [";;Máy in;;"], ["dòng 2, cột “Mã trung tâm”: không được để trống"]],
    ["a kind that there is not", ["ia-grai;;Tủ lạnh;;"], ["dòng 2, cột “Loại thiết bị”: không có loại “Tủ lạnh”; các loại: Bộ phát Wi-Fi"]],
    ["no IP address", ["ia-grai;;Máy in;10.0.0.300;"], ["dòng 2, cột “Địa chỉ IP”: “10.0.0.300” không phải địa chỉ IP"]],
    ["no place at all", ["ia-grai;;Máy in;0.0.0.0;"], ["dòng 2, cột “Địa chỉ IP”: “0.0.0.0” không phải địa chỉ của thiết bị nào"]],
    ["an address of many", ["ia-grai;;Máy in;255.255.255.255;"], ["cột “Địa chỉ IP”: “255.255.255.255” là địa chỉ gửi tới nhiều máy"]],
    ["an address that a device gave itself", ["ia-grai;;Máy in;169.254.7.7;"], ["cột “Địa chỉ IP”: “169.254.7.7” là địa chỉ tạm"]],
    ["the PC that asks", ["ia-grai;;Máy in;127.0.0.1;"], ["cột “Địa chỉ IP”: “127.0.0.1” là chính máy đang hỏi"]],
    ["a code that is none", ["ia-grai;máy/1;Máy in;;"], ["dòng 2, cột “Mã thiết bị”: “máy/1” không phải mã hợp lệ"]],
    ["a code twice", ["ia-grai;a;Máy in;;", "chu-pah;a;Máy in;;", "ia-grai;A;Máy in;;"], ["dòng 4, cột “Mã thiết bị”: mã “A” đã dùng ở dòng 2"]],
    ["a serial number twice", ["ia-grai;;Máy in;;x1", "chu-pah;;Máy in;;X1"], ["dòng 3, cột “Số sê-ri”: số sê-ri “X1” đã có ở dòng 2"]],
    ["a text that is too long", [`ia-grai;;Máy in;;${"y".repeat(65)}`], ["dòng 2, cột “Số sê-ri”: dài quá 64 ký tự"]],
    [
      "several at once, past an empty row",
      ["", "xx;;;1;"],
      ["dòng 3, cột “Loại thiết bị”: không", "dòng 3, cột “Mã trung tâm”: không có", "dòng 3, cột “Địa chỉ IP”"],
    ],
    ["no device at all", [], ["không có dòng thiết bị nào"]],
  ])("is refused whole, with row and column: %s", async (_, rows, wanted) => {
    const faults = await faultsOf(csv(...rows));
    expect(faults).toHaveLength(wanted.length);
    for (const [index, words] of wanted.entries()) expect(faults[index]).toContain(words);
  });

  it("one machine that prints and scans may be declared as both", async () => {
    expect(await faultsOf(csv("ia-grai;;Máy in;10.0.0.2;X1", "ia-grai;;Máy quét;10.0.0.2;X1"))).toEqual([]);
  });

  it.each<[string, string | Buffer, string]>([
    ["a missing column", "Mã trung tâm;Hãng\nia-grai;HP\n", "thiếu cột “Loại thiết bị”"],
    ["an unknown column", "Mã trung tâm;Loại thiết bị;Màu\nia-grai;Máy in;đen\n", "không có cột “Màu”"],
    ["a column twice", "centre;role;Mã trung tâm\n", "cột “Mã trung tâm” có hai lần"],
    ["another encoding than UTF-8", Buffer.from([0x4d, 0xe3, 0x20, 0x74]), "CSV UTF-8"],
    ["a ZIP that is no workbook", Buffer.from("PK\u0003\u0004 nothing", "latin1"), ".xlsx"],
    ["nothing", "", "thiếu cột"],
  ])("is refused with what to do: %s", async (_, body, wanted) => {
    const [fault] = await faultsOf(file("odd.csv", body));
    expect(fault).toContain(wanted);
  });

  it.each([
    ["a serial number that became a date", "serial", cells.date(46_357), "Excel đã đổi nội dung này thành ngày"],
    ["one whose last digits are gone", "serial", cells.number("1.2345678901234568E+21"), "Excel đã làm mất chữ số"],
    ["an address of a formula that fails", "address", cells.error("VLOOKUP(1,A:B,2)", "#REF!"), "(#REF!)"],
  ])("of which Excel has made something else is refused: %s", async (_, column, cell, wanted) => {
    const rows = [["centre", "role", column].map(cells.text), [cells.text("ia-grai"), cells.text("Máy in"), cell]];
    expect(await faultsOf(file("made.xlsx", workbook(rows)))).toEqual([expect.stringContaining(wanted)]);
  });

  it("of a line with more cells than any form has columns, one of those beyond is named", async () => {
    const cells = Array.from({ length: 100_000 }, (_, place) => `x${place}`);
    const faults = await faultsOf(file("wide.csv", [head, cells.join(";")].join(";")), "en");
    expect(faults.length).toBe(200 - head.split(";").length + 1);
    expect(faults.at(-1)).toContain("there is no column “x195”");
  });

  it("a workbook of two kilobytes that names a cell a billion rows down is refused before a reader makes them all", async () => {
    const bytes = Buffer.concat(await xlsx([{ name: "mot", head: ["centre", "role"], widths: [15, 15], rows: [["mot", "printer"]] }]));
    const far = Buffer.from(bytes.toString("latin1").replace('r="A2"', 'r="ZZZ"').replace('r="B1"', 'r="B9"'), "latin1");
    expect([areSheetsBounded(bytes), areSheetsBounded(far)]).toEqual([true, false]);
    expect(await faultsOf(file("far.xlsx", far))).toEqual([expect.stringContaining(".xlsx")]);
  });

  it("a workbook with a file that its directory does not name, or without one, is refused", async () => {
    const bytes = await written("hidden.xlsx", [], "vi");
    bytes.writeUInt8(0, bytes.indexOf(Buffer.from("PK\u0001\u0002", "latin1")));
    expect(() => [...partsOf(bytes)]).toThrow("another number of files");
    expect(await faultsOf(file("hidden.xlsx", bytes))).toEqual([expect.stringContaining(".xlsx")]);
    const cut = bytes.subarray(0, bytes.indexOf(Buffer.from("PK\u0001\u0002", "latin1")));
    expect(() => [...partsOf(cut)]).toThrow("no end");
  });

  it.each([
    ["its directory", "PK\u0001\u0002", 24],
    ["what stands before a file", "PK\u0003\u0004", 22],
  ])("a workbook that would unpack to gigabytes by %s is refused before it is unpacked", async (_, mark, place) => {
    const bytes = await written("bomb.xlsx", [], "vi");
    bytes.writeUInt32LE(0x7fff_ffff, bytes.indexOf(Buffer.from(mark, "latin1")) + place);
    const before = process.memoryUsage().external;
    expect(await faultsOf(file("bomb.xlsx", bytes))).toEqual([expect.stringContaining(".xlsx")]);
    expect(process.memoryUsage().external - before).toBeLessThan(64 * 2 ** 20);
  });
});

describe("a list of devices", () => {
  it("touches only the centres that are named, and names and counts what is new, changed and gone", () => {
    const centre = (code: string, devices: object[]) => ({ code, name: code, keyArea: false, devices }) as never;
    const old = [
      { id: "a", role: "printer" },
      { id: "b", role: "printer", model: "M1" },
      { id: "c", role: "scanner" },
      { id: "e", role: "recorder", serviced: [{ on: "2026-11-20", what: "Thay ổ cứng", document: "12/BB-VP" }] },
    ];
    const declared = new Map([
      [
        "x",
        [
          { id: "a", role: "printer" as const },
          { id: "b", role: "printer" as const, model: "M2" },
          { id: "d", role: "kiosk" as const, name: "Máy <b>lấy số</b>", address: "10.0.0.5" },
          { id: "e", role: "recorder" as const },
        ],
      ],
    ]);
    const centres = [centre("x", old), centre("y", old)] as Centre[];
    const [news, ...more] = centreNews(
      { centres: new Map(centres.map((one) => [one.code, one])), notBegun: new Set() },
      withDevices(centres, { devices: declared, hasPoints: true }),
    );
    expect(more).toEqual([]);
    expect(news).toMatchObject({ code: "x", kind: "changed", columns: [], after: { devices: [{ id: "a" }, { id: "b" }, { id: "d" }, { id: "e" }] } });
    expect(news?.after.devices?.at(-1)).toEqual(old.at(-1));
    expect(deviceCounts(news ?? { deviceNews: [] })).toEqual({ added: 1, changed: 1, removed: 1 });
    expect(news?.deviceNews.map((one) => deviceNewsWords(one, "vi"))).toEqual([
      "b: Kiểu máy: M1 → M2",
      "d: mới, Máy lấy số, Máy <b>lấy số</b>, 10.0.0.5",
      "c (Máy quét): bỏ khỏi danh sách",
    ]);
  });
});
