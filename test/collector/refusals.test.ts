import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../collector/config.ts";
import { listen } from "../../collector/listen.ts";
import { readNotifyFile } from "../../collector/notify-file.ts";
import { readSignOnFile } from "../../collector/people/sign-on-file.ts";
import { loadPolicy } from "../../collector/policy-files.ts";
import { openStore } from "../../collector/store/open.ts";
import { storeFault } from "../../collector/store/store-fault.ts";
import { ToldError } from "../../collector/told-error.ts";
import { collectorCommand } from "../support/collector-command.ts";
import { requirePeer } from "../support/require-peer.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { testCertificate } from "../support/test-certificate.ts";

/** What whoever starts the collector reads in Vietnamese. */
async function toldBy(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ToldError) return error.say("vi");
    throw error;
  }
  throw new Error("nothing was refused");
}
const file = (content: string) => {
  const path = join(temporaryFolder(), "file.json");
  writeFileSync(path, content);
  return path;
};
/** Root may write everywhere, so a folder stands in the place of the file. */
const unwritable = () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "postgres.lock"));
  return folder;
};

/** Where no folder can be made although the one above is there. */
const inProc: [string, () => unknown, RegExp] = [
  "a folder in /proc",
  () => openStore({ databaseUrl: undefined, dataDir: "/proc/hcc/data" }),
  /^Không tạo được thư mục dữ liệu \/proc\/hcc\/data \(ENOENT\): đặt HCC_DATA/,
];
const noDatabase = { DATABASE_URL: "postgres://a:b@127.0.0.1:1/x" };

describe("whoever starts the collector reads in Vietnamese what is wrong, and where", () => {
  it.each<[string, () => unknown, RegExp]>([
    ["a port that is none", () => readConfig({ HCC_PORT: "abc" }), /^Biến môi trường: "HCC_PORT" phải là một số\.$/],
    ["a list that is no JSON", () => readConfig({ HCC_MEASURE_SERVERS: "[{]" }), /"HCC_MEASURE_SERVERS": Không phải JSON/],
    ["half of a certificate", () => readConfig({ HCC_TLS_CERT: "x" }), /^Thiếu HCC_TLS_KEY: HCC_TLS_CERT và HCC_TLS_KEY phải đặt cả hai/],
    ["roles without the owner", () => readConfig({ HCC_DATABASE_API_URL: "a", HCC_DATABASE_INGEST_URL: "b" }), /^HCC_DATABASE_API_URL cần có cả DATABASE_URL/],
    ["a file that is not there", () => readNotifyFile("/no/such"), /^HCC_NOTIFY: không đọc được tệp \/no\/such \(ENOENT\)/],
    ["a file that is no JSON", () => readSignOnFile(file("{")), /^HCC_OIDC: .*file\.json sai cú pháp JSON \(.+\)/],
    ["a strange field", () => readNotifyFile(file('{"smpt":{}}')), /^HCC_NOTIFY: .*: không có mục tên "smpt".* Các mục: smtp, /],
    ["a recipient without a way", () => readNotifyFile(file('{"recipients":[{"owner":"*","channel":"zalo","to":"7"}]}')), /: Người nhận 7 cần mục "zalo"/],
    ["a sign-on service without TLS", () => readSignOnFile(file('{"issuer":"http://sso.example.vn"}')), /"issuer": Phải bắt đầu bằng https:/],
    ["a policy that there is not", () => loadPolicy("kon-tum", Date.now()), /^HCC_POLICY: không có bộ tiêu chí "kon-tum".*gia-lai-890/],
    ["a policy of later", () => loadPolicy("gia-lai-890", 0), /^HCC_POLICY: bộ tiêu chí "gia-lai-890" chưa có phiên bản nào có hiệu lực vào ngày 01\/01\/1970/],
    [
      "a database that is away",
      () => openStore({ databaseUrl: "postgres://a:b@127.0.0.1:1/x", dataDir: "unused" }),
      /^Không có PostgreSQL nào trả lời ở 127\.0\.0\.1:1\/x: .*DATABASE_URL/,
    ],
    [
      "a certificate that is not there, before the database is asked for",
      () => collectorCommand(["serve"], { ...noDatabase, HCC_TLS_CERT: "/no/such", HCC_TLS_KEY: "/no/such" }),
      /^HCC_TLS_CERT: .*\/no\/such/,
    ],
    ["a file of recipients, likewise", () => collectorCommand(["serve"], { ...noDatabase, HCC_NOTIFY: "/no/such" }), /^HCC_NOTIFY: .*\/no\/such/],
    ["a file of a sign-on service, likewise", () => collectorCommand(["serve"], { ...noDatabase, HCC_OIDC: "/no/such" }), /^HCC_OIDC: .*\/no\/such/],
    ["a database that is no URL", () => openStore({ databaseUrl: "x", dataDir: "unused" }), /^DATABASE_URL không phải địa chỉ dạng/],
    ["a folder that is a file", () => openStore({ databaseUrl: undefined, dataDir: file("") }), /^Không tạo được thư mục dữ liệu .*HCC_DATA/],
    ...(process.platform === "linux" ? [inProc] : []),
    ["a folder that cannot be written", () => openStore({ databaseUrl: undefined, dataDir: unwritable() }), /^Không ghi được tệp .*postgres\.lock .*HCC_DATA/],
    ["no backup", () => collectorCommand(["restore", file("hello")]), /file\.json không phải bản sao lưu của hcc-watch/],
    ["a folder for a backup", () => collectorCommand(["restore", temporaryFolder()]), /^Không đọc được .* \(EISDIR\): ghi tên tệp mà lệnh backup đã ghi/],
  ])("%s", async (_, work, said) => {
    expect(await toldBy(work)).toMatch(said);
  });

  it("the log keeps the same in English", () => {
    expect(() => readConfig({ HCC_PORT: "abc" })).toThrow('Environment: "HCC_PORT" must be a number.');
  });
});

describe("what befalls the database while a command works", () => {
  const failing = (code: string) => Object.assign(new Error("the server's words"), { code });

  it.each([
    ["a full disk", "53100", /^Ổ đĩa của cơ sở dữ liệu đầy/],
    ["a database that may only be read", "25006", /^Cơ sở dữ liệu chỉ cho đọc/],
    ["a missing right", "42501", /thiếu quyền trong cơ sở dữ liệu \(the server's words\)/],
    ["a server that ends", "57P01", /^Mất kết nối với cơ sở dữ liệu/],
  ])("%s is told, also where a query builder wraps it", (_, code, said) => {
    expect(storeFault(failing(code))?.say("vi")).toMatch(said);
    expect(storeFault(new Error("Failed query", { cause: failing(code) }))?.say("vi")).toMatch(said);
  });

  it("a fault of the program is none of the database", () => {
    expect(storeFault(failing("42601"))).toBeUndefined();
    expect(storeFault(new TypeError("x is no function"))).toBeUndefined();
  });
});

describe.skipIf(!requirePeer("openssl"))("a certificate that cannot be used is told with its setting and file", () => {
  const app = { fetch: () => new Response() };

  it.each<[string, (own: Record<"cert" | "key" | "locked" | "foreign" | "none", string>) => readonly [string, string, string]]>([
    ["a certificate that is not there", ({ key }) => ["/no/such", key, "CERT: không đọc được tệp /no/such (ENOENT)"]],
    ["a certificate that is none", ({ none, key }) => [none, key, `CERT: ${none} không phải chứng thư dạng PEM`]],
    ["a key that is none", ({ cert, none }) => [cert, none, `KEY: ${none} không phải khoá riêng dạng PEM`]],
    ["a key with a passphrase", ({ cert, locked }) => [cert, locked, `KEY: khoá riêng trong ${locked} có mật khẩu`]],
    ["a key of another", ({ cert, foreign }) => [cert, foreign, `KEY: khoá riêng trong ${foreign} không phải của chứng thư trong ${cert}`]],
    ["each in the other's place", ({ cert, key }) => [key, cert, `CERT: ${key} không phải chứng thư dạng PEM`]],
  ])("%s", async (_, wrong) => {
    const folder = temporaryFolder();
    const { certFile, keyFile } = testCertificate(folder);
    const locked = join(folder, "locked.key");
    execFileSync("openssl", ["pkcs8", "-topk8", "-in", keyFile, "-out", locked, "-passout", "pass:x"], { stdio: "ignore" });
    const foreign = testCertificate(temporaryFolder()).keyFile;
    const [cert, key, said] = wrong({ cert: certFile, key: keyFile, locked, foreign, none: file("hello") });
    const served = await toldBy(() => listen(app, { port: 0, host: "127.0.0.1", tls: { certFile: cert, keyFile: key } }));
    expect(served).toContain(said.replace(/^CERT|^KEY/, (which) => `HCC_TLS_${which}`));
    const secret = file("a secret that is long enough for leases");
    const measured = await collectorCommand(["measure", "--secret-file", secret, "--port", "0", "--tls-cert", cert, "--tls-key", key]);
    expect(measured).toMatchObject({ code: 64, out: "" });
    expect(measured.err).toContain(said.replace(/^CERT|^KEY/, (which) => `--tls-${which.toLowerCase()}`));
  });

  it("a pair is served", async () => {
    const { certFile, keyFile } = testCertificate(temporaryFolder());
    const server = await listen(app, { port: 0, host: "127.0.0.1", tls: { certFile, keyFile } });
    expect(server.port).toBeGreaterThan(0);
    server.close();
  });
});
