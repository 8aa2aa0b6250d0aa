import { describe, expect, it } from "vitest";
import { findingReasons } from "#schemas/finding.ts";
import { findingAdvice } from "#schemas/text/finding-advice.ts";
import { requirement } from "../support/facts.ts";

const recordings = {
  ...requirement("R05"),
  advice: { vi: "Gọi đơn vị lắp đặt kiểm tra ổ cứng.", en: "Have the installer check the disk." },
  owner: "vendor",
} as const;

describe("what to do about a finding", () => {
  it.each([
    ["a requirement that is not met is mended as the plan says", "retention_short", "vendor", /kiểm tra ổ cứng/],
    ["a password that is refused is no matter of a disk", "access_denied", "province-it", /Nhập lại tài khoản/],
    ["a measure server that refuses is the province's matter", "no_measure_server", "province-it", /Trung tâm không cần làm gì/],
    ["a centre that is dark looks at its power first", "site_offline", "commune", /Kiểm tra điện/],
    ["a centre that is there and hears no portal tries them over another line", "unheard", "commune", /điện thoại dùng 4G/],
    ["what is not confirmed waits, and is nobody's turn", "unconfirmed", undefined, /chờ đo thêm/],
  ] as const)("%s", (_, reason, owner, words) => {
    const advice = findingAdvice("vi", recordings, { reason });
    expect(advice.owner).toBe(owner);
    expect(advice.words).toMatch(words);
  });

  it.each([
    ["an access point that is off wants power, not a second one", "R02", "wifi_down", "commune", /nguồn điện và dây mạng của bộ phát/],
    ["what a recorder does not tell has its reason at the channel", "R05", "unverifiable", "vendor", /lý do của từng kênh/],
    ["what is declared waits for an inspector, and is not declared again", "R06", "declared_only", "province-office", /không cần khai lại/],
    ["so do the records of periodic work", "R21", "declared_only", "province-office", /không cần khai lại/],
    ["a device without an address is given one", "R10", "declared_only", "province-it", /địa chỉ mạng/],
    ["too few that are declared are not mended by switching on those", "R14", "declared_short", "commune", /bổ sung vào danh sách/],
    ["a device that has moved has its address corrected", "R11", "moved", "province-it", /Sửa địa chỉ/],
    ["what is said not to be there is put right before it is declared again", "R07", "denied", "commune", /^Hoàn thiện/],
    ["whoever owns it", "R24", "denied", "province-office", /^Hoàn thiện/],
  ] as const)("%s", (_, id, reason, owner, words) => {
    expect(findingAdvice("vi", requirement(id), { reason })).toMatchObject({ owner, words: expect.stringMatching(words) });
  });

  it.each([
    [
      "whose system the province has not named is nobody's at the centre",
      { reason: "no_data", detail: { outcome: "no_target" } },
      /^Trung tâm không cần làm gì/,
    ],
    ["of which no device tells is looked up where it stands", { reason: "unverifiable" }, /tìm camera trong danh sách của hệ thống giám sát/],
    ["that is not there is registered as the plan says", { reason: "target_down" }, /chưa đăng ký/],
  ] as const)("a link to the province's system %s", (_, finding, words) => {
    expect(findingAdvice("vi", requirement("R04"), finding)).toMatchObject({ owner: "province-it", words: expect.stringMatching(words) });
  });

  it.each([
    ["an early deletion that was set is switched off, and needs no disk", "retention_cap", undefined, "vendor", /tắt việc tự xoá/],
    ["a short history may be a new recorder's, whose day is entered", "history_lost", undefined, "province-it", /ghi ngày lắp/],
    ["a channel that does not record is looked at by the centre first", "not_recording", undefined, "commune", /kênh này có hình không/],
    ["a recorder set to motion is set to record all day", "unverifiable", "EVENT_MODE", "vendor", /ghi liên tục cả ngày/],
    ["gaps that ONVIF does not tell need another account", "unverifiable", "OLDEST_ONLY", "province-it", /tài khoản trang web của đầu ghi/],
    ["another device at the address is entered or found", "unverifiable", "CHANGED_DEVICE", "province-it", /sửa số máy/],
  ] as const)("of recordings: %s", (_, reason, doubt, owner, words) => {
    const advice = findingAdvice("vi", recordings, { reason, ...(doubt && { detail: { doubt } }) });
    expect(advice).toMatchObject({ owner, words: expect.stringMatching(words) });
  });

  it("is a sentence for each reason in both languages", () => {
    for (const reason of findingReasons)
      for (const lang of ["vi", "en"] as const) expect(findingAdvice(lang, recordings, { reason }).words, reason).toMatch(/\.$/);
  });
});
