import { describe, expect, it } from "vitest";
import { NotifyConfig } from "#schemas/alert.ts";
import { phonesFor } from "#schemas/phones.ts";
import { ownerWords } from "#schemas/text/owner-words.ts";

const { phones } = NotifyConfig.parse({
  phones: [
    { owner: "isp", isp: "Viettel", number: "1800 8119" },
    { owner: "isp", isp: " VNPT ", number: "1800 1166" },
    { owner: "isp", number: "(0269) 382.4000" },
    { owner: "province-it", number: "+84 269-382-4001" },
  ],
});

describe("telephone numbers", () => {
  it.each([
    ["VNPT", "1800 1166"],
    ["vnpt", "1800 1166"],
    ["Viettel", "1800 8119"],
    ["FPT", "(0269) 382.4000"],
    [undefined, "(0269) 382.4000"],
  ])("the provider %s is called by %s", (isp, number) => {
    expect(phonesFor(phones, isp)).toEqual({ isp: number, "province-it": "+84 269-382-4001" });
  });

  it("a provider without an entry, and without one for all others, has none", () => {
    expect(phonesFor(phones.slice(0, 2), "FPT")).toEqual({});
    expect(phonesFor(phones.slice(0, 2), undefined)).toEqual({});
  });

  it("stand behind whoever acts", () => {
    expect(ownerWords("vi", "isp", phonesFor(phones, "VNPT").isp)).toBe("Nhà mạng, điện thoại 1800 1166");
    expect(ownerWords("en", "isp", phonesFor(phones, "VNPT").isp)).toBe("Internet provider, phone 1800 1166");
    expect(ownerWords("vi", "dost", phonesFor(phones, "VNPT").dost)).toBe("Sở KH&CN");
  });

  it.each([
    [{ owner: "isp", number: "call me" }, "telephone number"],
    [{ owner: "isp", number: "1" }, "telephone number"],
    [{ owner: "dost", isp: "VNPT", number: "1800 1166" }, "setting.phone_provider"],
    [{ owner: "isp", isp: "  ", number: "1800 1166" }, "Too small"],
    [{ owner: "nobody", number: "1800 1166" }, "Invalid option"],
  ])("%j is refused: %s", (entry, word) => {
    const parsed = NotifyConfig.safeParse({ phones: [entry] });
    expect(parsed.error?.message).toContain(word);
  });
});
