import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../collector/config.ts";
import { listen } from "../../collector/listen.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const say = (...words: string[]) => collectorCommand(words);
const sayEnglish = (...words: string[]) => collectorCommand(words, { HCC_LANG: "en" });

/** What a help text says of each command, argument and option, with what stands before it. */
function describedIn(help: string): readonly string[] {
  return [...help.matchAll(/^ {2}\S.*? {2,}(\S.*(?:\n {12,}\S.*)*)$/gm)].map(([line]) => line.replace(/\s+/g, " ").trim());
}

/** The commands of a help text, and whether each says anything behind its words. */
function commandsIn(help: string): { readonly name: string; readonly says: boolean }[] {
  const [, list = ""] = help.split("\nCác lệnh:\n");
  return [...list.matchAll(/^ {2}(\S+)(.*)$/gm)].map(([, name = "", rest = ""]) => ({ name: name.split("|")[0] ?? name, says: /\s{2,}\S/.test(rest) }));
}

describe("the collector's command line", () => {
  it("names every command that its users were promised", async () => {
    const { code, out } = await say("--help");
    expect(code).toBe(0);
    for (const name of [
      "serve",
      "demo",
      "measure",
      "migrate",
      "clock",
      "centre",
      "enrol-code",
      "waiver",
      "attest",
      "duty",
      "report",
      "evidence",
      "notify",
      "incidents",
      "maintenance",
      "backup",
      "restore",
    ])
      expect(out).toContain(`  ${name}`);
  });

  it("says of every command what it does", async () => {
    const silent: string[] = [];
    const commands = commandsIn((await say("--help")).out);
    expect(commands.length).toBeGreaterThan(20);
    for (const { name } of commands) {
      for (const inner of commandsIn((await say(name, "--help")).out)) if (!inner.says) silent.push(`${name} ${inner.name}`);
    }
    expect(silent).toEqual([]);
  });

  it.each([
    "serve",
    "migrate",
    "demo",
    "measure",
    "clock",
    "roles",
    "drill",
    "backup",
    "backup-made",
    "restore",
    "rewind",
    "config",
    "config keygen",
    "config sign",
    "config export",
    "centre",
    "centre import",
    "centre list",
    "centre close",
    "centre reopen",
    "enrol-code",
  ])("says in each language what it is for: %s", async (command) => {
    const words = command.split(" ");
    const [vietnamese, english] = [(await say(...words, "--help")).out, (await sayEnglish(...words, "--help")).out];
    const described = describedIn(english);
    expect(described.length).toBeGreaterThan(0);
    expect(describedIn(vietnamese).filter((line) => described.includes(line))).toEqual([]);
    expect(vietnamese.split("\n")[2]).not.toBe(english.split("\n")[2]);
    expect(vietnamese).not.toMatch(/default|display help/);
  });

  it("says what counts where an option is not given, and of a switch nothing", async () => {
    expect((await say("demo", "--help")).out.replace(/\s+/g, " ")).toMatch(
      /--centres <number> số trung tâm, nhiều nhất 135 \(mặc định 135\) --make-only tạo xong .* web -h/,
    );
    expect((await sayEnglish("measure", "--help")).out).toContain("(default 8891)");
    expect((await sayEnglish("report", "--help")).out.replace(/\s+/g, " ")).toMatch(/--format <format> [^-]+: html, .*csv.* \(default html\)/);
  });

  it.each<[string, readonly string[], string]>([
    ["an option that must be given", ["backup"], "Không hiểu lệnh vừa gõ (thiếu tuỳ chọn --out <file>). Xem cách gõ: hcc-collector backup --help"],
    ["a value that is none of a few", ["report", "--format", "doc"], 'lệnh vừa gõ ("doc" không dùng được sau --format <format>; các giá trị: html, '],
    ["no number of days", ["demo", "--days", "0"], '--days: "0" không dùng được; cần một số nguyên từ 1 đến 40.'],
    ["no days of a signature", ["config", "export", "--out", "x", "--days", "x"], '--days: "x" không dùng được; cần một số nguyên từ 1 đến 3.650.'],
    ["no port", ["measure", "--secret-file", "x", "--port", "70000"], '--port: "70000" không phải số cổng từ 0 đến 65535.'],
    ["no rate", ["measure", "--secret-file", "x", "--rate-max", "0"], '--rate-max: "0" không phải tốc độ từ 1 đến 100000 Mbps.'],
    ["half of a certificate", ["measure", "--secret-file", "x", "--tls-key", "k"], "Thiếu --tls-cert: --tls-key và --tls-cert phải có cả hai."],
    [
      "no secret",
      ["measure", "--secret-file", "/no/such"],
      "Không đọc được tệp /no/such (ENOENT): xem lại tên tệp, thư mục, và quyền đọc của người dùng chạy lệnh (hcc-collector chạy bằng hcc).",
    ],
    ["no public key", ["config", "trust", "x"], "chép lại đủ cả dòng"],
    ["no private key", ["config", "sign", "x", "--key", "package.json", "--out", "y"], "package.json: không có khoá riêng Ed25519"],
    ["a file that is there", ["config", "keygen", "--out", "package.json"], "package.json: đã có tệp này và lệnh này không ghi đè; chọn tên khác."],
    ["a folder that is not", ["config", "keygen", "--out", "/no/such/key"], "/no/such/key: không ghi được (ENOENT)"],
    ["no day", ["centre", "import", "x", "--from", "1/7/2026"], '--from: "1/7/2026" không phải một ngày có thật: ghi theo dạng 2026-11-30'],
    ["no database of a server", ["drill"], "hcc-collector backup"],
    ["no roles to make", ["roles"], "Chưa đặt DATABASE_URL"],
  ])("answers 64 and says in Vietnamese what is wrong: %s", async (_, words, said) => {
    const { code, out, err } = await say(...words);
    expect({ code, out }).toEqual({ code: 64, out: "" });
    expect(err).toContain(said);
  });

  it("a file of another step, or that is no JSON, is told with its field or place", async () => {
    const folder = temporaryFolder();
    const file = (name: string) => join(folder, name);
    await say("config", "keygen", "--out", file("key.pem"));
    writeFileSync(file("other.json"), JSON.stringify({ seals: [] }));
    writeFileSync(file("cut.json"), '{ "configs": [');
    const sign = async (name: string) => (await say("config", "sign", file(name), "--key", file("key.pem"), "--out", file("signed.json"))).err;
    expect(await sign("other.json")).toMatch(/other\.json: không phải tệp mà config export đã ghi:\n.*"configs".*\n.*"seals"/);
    expect(await sign("cut.json")).toMatch(/cut\.json sai cú pháp JSON \(.+\): thường do thiếu/);
  });

  it.each(["centre", "inventory"])("%s import of a file that is not there opens no database", async (command) => {
    const folder = join(temporaryFolder(), "data");
    expect(await collectorCommand([command, "import", "no-such.csv"], { HCC_DATA: folder })).toMatchObject({ code: 64, out: "" });
    expect(existsSync(folder)).toBe(false);
  });

  it("a secret that is too short for leases is told with its file, and without a stack", async () => {
    const file = join(temporaryFolder(), "secret");
    writeFileSync(file, "short\n");
    expect(await say("measure", "--secret-file", file, "--port", "0")).toMatchObject({
      code: 64,
      err: expect.stringMatching(`^${file}: khoá bí mật phải có ít nhất 32 ký tự`),
    });
  });

  it.each<[string, (taken: number) => readonly string[], string]>([
    ["a port that is taken", (taken) => ["--port", String(taken)], "của 127.0.0.1 đang có chương trình khác dùng"],
    ["an address of another machine", () => ["--port", "0", "--host", "192.0.2.1"], "192.0.2.1 không phải địa chỉ của máy này"],
  ])("%s is told with its settings, and without a stack", async (_, words, message) => {
    const holder = createServer().listen(0, "127.0.0.1");
    await once(holder, "listening");
    const secretFile = join(temporaryFolder(), "secret");
    writeFileSync(secretFile, "a secret that is long enough for leases");
    const { port } = holder.address() as AddressInfo;
    const { code, err } = await say("measure", "--secret-file", secretFile, ...words(port));
    const wrong = { tls: undefined, host: "192.0.2.1", port: 0, ...(message.includes("127.0.0.1") && { host: "127.0.0.1", port }) };
    const refused = await listen({ fetch: () => new Response() }, wrong).catch((error: unknown) => error);
    holder.close();
    expect({ code, err }).toEqual({ code: 64, err: expect.stringMatching(/^--port, --host \(ở máy chủ của tỉnh là HCC_MEASURE_PORT, HCC_MEASURE_HOST\): /) });
    expect(err).toContain(message);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as ConfigError).say("vi")).toBe(`HCC_PORT, HCC_HOST: ${err.slice(err.indexOf("): ") + 3)}`);
  });

  it("knows accounts by the name that the contract gives them, too", async () => {
    const { code, out } = await say("user", "add", "--help");
    expect(code).toBe(0);
    expect(out).toContain("--roles <list>");
  });

  it.each([
    ["a command that there is not", ["sing"], "sing"],
    ["an option that there is not", ["serve", "--loud"], "--loud"],
    ["a missing argument", ["enrol-code"], "hcc-collector centre list"],
    ["a code that is none", ["enrol-code", "inventory", "Xã Ia Grai"], "Xã Ia Grai"],
    ["a file that is not there", ["centre", "import", "no-such.json"], "no-such.json"],
    ["a clock that shows another day", ["clock", "confirm", "2001-01-01"], 'không phải "2001-01-01"'],
    ["a month that is none", ["report", "--province", "--month", "2026-13"], "month"],
    ["a report of nobody", ["report", "--month", "2026-11"], "--centre"],
  ])("answers 64 and names what is wrong: %s", async (_, words, named) => {
    const { code, err } = await say(...words);
    expect(code).toBe(64);
    expect(err).toContain(named);
  });
});

describe("settings", () => {
  it.each([
    ["HCC_PORT", "70000"],
    ["HCC_LANG", "fr"],
    ["HCC_PUBLIC_URL", "collector.example"],
    ["HCC_MEASURE_SERVERS", "[{]"],
    ["HCC_LOG_LEVEL", "loud"],
  ])("an error names %s", (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => readConfig({ [name]: value })).toThrow(name);
  });

  it("links begin with one stroke, however the address is written", () => {
    expect(readConfig({ HCC_PUBLIC_URL: "https://hcc.example.vn/" }).publicUrl).toBe("https://hcc.example.vn");
  });

  it("an empty variable counts as unset", () => {
    expect(readConfig({ DATABASE_URL: "", HCC_PORT: "" })).toMatchObject({ databaseUrl: undefined, port: 8890 });
  });
});
