import { describe, expect, it } from "vitest";
import { type Evidence, type FailureReason, failureReasons, type Outcome, type SkipReason, skipReasons } from "#schemas/observation.ts";
import { type CheckLine, say } from "../../../agent/selfcheck/result.ts";
import { openDevices, troublesOf, unasked, unaskedLine } from "../../../agent/selfcheck/unasked-line.ts";

const said = "10.1.0.31:80 refused user name or password";
const failed = (reason: FailureReason, evidence?: Evidence): Outcome & { kind: "failed" } => ({
  kind: "failed",
  reason,
  detail: said,
  ...(evidence && { evidence }),
});
const words = (line: CheckLine) => [line.detail, line.hint, line.owner].map((phrase) => phrase && say("vi", phrase));
const nvr = { id: "nvr-1", credential: "nvr-key" };

describe("a run that could ask none of its devices", () => {
  it.each<[string, FailureReason | SkipReason, RegExp, RegExp, string]>([
    ["a wrong password", "auth_failed", /^chưa hỏi được: nvr-1 \(sai tài khoản hoặc mật khẩu\)$/, /hcc-agent creds add nvr-key/, "Sở KH&CN"],
    ["no password kept", "bad_options", /thiếu mật khẩu đã lưu/, /hcc-agent creds add nvr-key/, "Sở KH&CN"],
    ["an account without the right", "no_permission", /tài khoản không đủ quyền/, /quyền xem lại/, "Sở KH&CN"],
    ["a device that is off", "timeout", /hết thời gian chờ/, /Kiểm tra nguồn điện và dây mạng của thiết bị/, "UBND xã"],
    ["a device that hangs up", "server_lost", /kết nối bị ngắt giữa chừng/, /Kiểm tra nguồn điện/, "UBND xã"],
    ["this PC without a way there", "no_route", /không có đường mạng/, /Kiểm tra dây mạng của máy này/, "UBND xã"],
    ["an answer that is not understood", "malformed", /dữ liệu trả lời bị hỏng/, /Thiết bị có trả lời.*--bundle/, "Sở KH&CN"],
    ["a fault of the program", "internal", /lỗi của chương trình giám sát/, /--bundle/, "CNTT tỉnh"],
    ["a busy device", "device_busy", /thiết bị đang bận/, /Chờ vài phút/, "UBND xã"],
  ])("%s", (_, reason, what, todo, who) => {
    const outcome = reason === "device_busy" ? ({ kind: "skipped", reason, detail: said } as const) : failed(reason as FailureReason);
    const line = unaskedLine([nvr], outcome);
    const [detail, hint, owner] = words(line);
    expect(detail).toMatch(what);
    expect(hint).toMatch(todo);
    expect([line.state, owner]).toEqual(["unknown", who]);
  });

  it.each([...failureReasons])("%s: the program's own words stand behind the line, not in it", (reason) => {
    for (const line of [unaskedLine([nvr], failed(reason)), unasked(failed(reason))]) {
      expect(words(line).join(" ")).not.toMatch(/refused user|\{\w+\}|undefined/);
      expect(words(line).every((each) => each !== undefined && each.length > 0)).toBe(true);
      expect(line.technical).toBe(said);
    }
  });

  it.each([...skipReasons])("%s leaves nobody without a next step", (reason) => {
    expect(unasked({ kind: "skipped", reason }).hint).toBeDefined();
  });

  it("tells each device's own reason where the probe has told it", () => {
    const evidence = {
      cameras: [
        { camera: "cam-1", trouble: "unreachable", said: "no answer" },
        { camera: "cam-2", trouble: "auth_failed", said },
      ],
    };
    const line = unaskedLine([{ id: "cam-1" }, { id: "cam-2" }], failed("unreachable", evidence));
    expect(words(line)[0]).toBe("chưa hỏi được: cam-1 (không tới được thiết bị), cam-2 (sai tài khoản hoặc mật khẩu)");
    expect(line.technical).toBe(`no answer; ${said}`);
  });

  it("does not name a password that nobody has named", () => {
    expect(words(unaskedLine([{ id: "nvr-1" }], failed("auth_failed")))[1]).toContain("máy này chưa có mật khẩu của thiết bị");
    expect(words(unaskedLine([{ id: "nvr-1" }], failed("bad_options")))[1]).toContain("hcc-agent.json");
  });

  it("quotes what a device says cleaned and bounded", () => {
    const { technical } = unaskedLine([nvr], { ...failed("bad_reply"), detail: `\u001b[2J\u202E${"x".repeat(5_000)}` });
    expect(technical).toMatch(/^x{300}$/);
  });
});

describe("a run that could ask some of its devices", () => {
  it.each<[string, Evidence]>([
    ["cameras and links", { cameras: [{ camera: "nvr-1", trouble: "auth_failed", said }] }],
    ["recorders", { recorders: [{ device: "nvr-1", channels: [], trouble: "auth_failed" }] }],
    ["access points", { targets: [{ target: "nvr-1", state: "failed", reason: "auth_failed", message: said }], method: "none" }],
    ["office devices", { devices: [{ device: "nvr-1", role: "printer", up: false, reason: "auth_failed", message: said }] }],
  ])("tells why the others were not: %s", (_, evidence) => {
    expect(troublesOf(evidence).get("nvr-1")).toMatchObject({ reason: "auth_failed" });
    const { detail, owner } = openDevices([nvr], troublesOf(evidence));
    expect([say("en", detail), owner]).toEqual(["could not be asked: nvr-1 (wrong account or password)", { key: "owner.dost" }]);
  });

  it("takes no sentence for a reason", () => {
    expect(troublesOf({ recorders: [{ device: "nvr-1", trouble: "10.1.0.31 does not answer" }] }).size).toBe(0);
    expect(troublesOf({ silent: { gateway: "x" }, list: [1, null, "x"] }).size).toBe(0);
  });
});
