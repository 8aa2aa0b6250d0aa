import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Code } from "#schemas/ids.ts";
import { PhoneEntry, PhoneNumber } from "#schemas/phones.ts";
import { fieldFaults } from "#schemas/text/field-faults.ts";
import { jsonPlace } from "#schemas/text/json-place.ts";

const faultOf = (type: z.ZodType, value: unknown) => fieldFaults("vi", z.object({ a: type }).safeParse({ a: value }).error as z.ZodError, "F");

describe("a wrong field is told without a word of the library's English", () => {
  it.each<[string, z.ZodType, unknown, string]>([
    ["a number for a text", z.string(), 7, 'F: "a" phải là văn bản trong dấu ngoặc kép.'],
    ["a text for a number", z.number(), "7", 'F: "a" phải là một số.'],
    ["a word that is turned into a number", z.coerce.number(), "x", 'F: "a" phải là một số.'],
    ["half a number", z.int(), 1.5, 'F: "a" phải là một số nguyên.'],
    ["a word for yes", z.boolean(), "yes", 'F: "a" phải là true hoặc false.'],
    ["a thing for a list", z.array(z.string()), {}, 'F: "a" phải là một danh sách: [ ... ].'],
    ["a list for a thing", z.object({}), [], 'F: "a" phải là một nhóm mục: { ... }.'],
    ["a list for named values", z.record(z.string(), z.string()), [], 'F: "a" phải là một nhóm mục: { ... }.'],
    ["too small a number", z.number().min(5), 4, 'F: "a" phải từ 5 trở lên.'],
    ["too large a number", z.number().max(65_535), 70_000, 'F: "a" nhiều nhất là 65535.'],
    ["nothing for something", z.number().positive(), 0, 'F: "a" phải lớn hơn 0.'],
    ["a number at the end that it must not reach", z.number().lt(5), 5, 'F: "a" phải nhỏ hơn 5.'],
    ["too short a text", z.string().min(16), "x", 'F: "a" phải có ít nhất 16 ký tự.'],
    ["too long a text", z.string().max(2), "xyz", 'F: "a" dài nhất 2 ký tự.'],
    ["too short a list", z.array(z.string()).min(1), [], 'F: "a" phải có ít nhất 1 mục.'],
    ["too long a list", z.array(z.string()).max(1), ["x", "y"], 'F: "a" có nhiều nhất 1 mục.'],
    ["no code", Code, "Xã Ia", 'F: "a": chỉ dùng chữ thường không dấu, chữ số và dấu gạch ngang, nhiều nhất 64 ký tự.'],
    ["no telephone number", PhoneNumber, "gọi Lan", 'F: "a": ghi số điện thoại bằng chữ số, có thể có dấu cách, dấu chấm, gạch ngang và ngoặc.'],
    ["a provider of what has none", PhoneEntry, { owner: "dost", isp: "VNPT", number: "0269 1" }, 'F: "a.isp": Chỉ "owner": "isp" mới có nhà mạng'],
    ["no day", z.iso.date(), "1/7/2026", 'F: "a": Cần một ngày có thật, ví dụ 2026-12-31.'],
    ["no instant", z.iso.datetime(), "1/7/2026", 'F: "a": ghi thời điểm theo dạng 2026-11-30T01:00:00.000Z.'],
    ["another form", z.string().regex(/^\d\d:\d\d$/), "7h", 'F: "a" ghi không đúng dạng /^\\d\\d:\\d\\d$/.'],
    ["a wrong name in a list of values", z.record(Code, z.string()), { "A B": "x" }, 'F: "a.A B": chỉ dùng chữ thường'],
    ["what is of no form", z.union([z.string(), z.number()]), true, 'F: "a" ghi không đúng: xem cách ghi trong tài liệu (docs).'],
    ["one form, wrong inside", z.union([z.string(), z.object({ b: z.int() })]), { b: "x" }, 'F: "a.b" phải là một số.'],
  ])("%s", (_, type, value, said) => {
    expect(faultOf(type, value)).toContain(said);
    expect(faultOf(type, value)).not.toMatch(/expected|received|invalid|must|\btoo\b/i);
  });
});

describe("where a text stops being JSON", () => {
  const placeOf = (body: string) => {
    try {
      return JSON.parse(body) as never;
    } catch (error) {
      return jsonPlace("vi", error);
    }
  };

  it.each([
    ["a comma too many", '{\n "token": "secret",,\n "b": 1, "c": 2, "d": 3}', "dòng 2, cột 20"],
    ["a text that is cut", '{"token":', "thiếu phần cuối"],
    ["no JSON at all", "secret", 'gặp "s" không đúng chỗ'],
  ])("%s is told by its place, and none of its words", (_, body, place) => {
    expect(placeOf(body)).toBe(place);
  });
});
