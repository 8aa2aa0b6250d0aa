import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { isMainThread } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { EnrolRequest } from "#schemas/exchange.ts";
import { Outcome, probeKinds } from "#schemas/observation.ts";
import { readSettings } from "../../agent/config.ts";
import { Credentials } from "../../agent/credentials.ts";
import { agentCommand } from "../support/agent-command.ts";
import { FakeCollector } from "../support/fake-collector.ts";
import { startHttpFake } from "../support/http-fake.ts";
import { requirePeer } from "../support/require-peer.ts";
import { projectRoot } from "../support/source-files.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { datedCertificate, testCertificate } from "../support/test-certificate.ts";

const nowhere = resolve("/nowhere.json");

/** A command line whose user says yes to everything and types `stdin`. */
function command(
  args: readonly string[],
  { folder = temporaryFolder(), stdin = "", env = {} }: { folder?: string; stdin?: string; env?: Record<string, string> } = {},
) {
  return agentCommand(args, { folder, env, terminal: { readSecret: async () => stdin, confirm: async () => true } });
}

describe("a command that is stopped", () => {
  it("ends without a word: who stopped it knows why", async () => {
    const stop = AbortSignal.abort(new Error("stopped by SIGINT"));
    const { code, out, err } = await agentCommand(["discover", "--network", "127.0.0.0/30", "--json"], { terminal: { stop } });
    expect({ code, out, err }).toEqual({ code: 3, out: "", err: "" });
  });
});

describe("usage errors are 64 and say in the reader's language what is wrong", () => {
  it.each<[string, string[], string, string]>([
    ["an unknown flag", ["--frob"], "no option --frob", "không có tuỳ chọn --frob"],
    ["an unknown command", ["selfcheck"], "no command selfcheck; did you mean self-check?", "không có lệnh selfcheck; có phải muốn gõ self-check?"],
    ["a flag without its value", ["self-check", "--only"], "the value after --only <id> is missing", "thiếu giá trị sau --only <id>"],
    ["a command without its name", ["creds", "add"], "name is missing", "thiếu phần name"],
    ["a word too many", ["status", "now"], "too many words after the command status", "thừa chữ sau lệnh status"],
    ["an unknown probe", ["probe", "frob"], 'no probe "frob"', 'Không có phép đo "frob"'],
    ["options that are no JSON", ["probe", "portal-http", "--options", "{"], "portal-http --options: no valid JSON", "portal-http --options: sai cú pháp JSON"],
    ["a missing option", ["probe", "portal-http"], 'portal-http --options: the field "url" is missing', 'portal-http --options: thiếu mục "url"'],
    ["a wrong option", ["probe", "portal-http", "--options", '{"url":7}'], '"url" must be a text', '"url" phải là văn bản trong dấu ngoặc kép'],
    [
      "a wrong option deep inside",
      ["probe", "camera-presence", "--options", '{"targets":[{"address":"10.0.0.300"}]}'],
      'camera-presence --options: "targets.0.address"',
      'camera-presence --options: "targets.0.address"',
    ],
    ["an option that the probe has not", ["probe", "portal-http", "--options", '{"url":"http://x/","urll":1}'], 'no field "urll"', 'không có mục tên "urll"'],
    ["an options file that is not there", ["probe", "host", "--options", `@${nowhere}`], `no file ${nowhere}`, `Không có tệp ${nowhere}`],
    [
      "a credential that is not there",
      ["probe", "camera-presence", "--options", '{"address":"10.0.0.2","onvif":"nvr"}'],
      'no credential "nvr"',
      "thêm bằng hcc-agent creds add nvr",
    ],
    ["a credential without a secret", ["creds", "add", "nvr"], "nothing is stored", "không có gì được lưu"],
    ["a name of letters that no credential has", ["creds", "add", "Đầu ghi"], "lower-case letters", "chữ thường không dấu"],
    ["enrolment without a collector", ["enrol", "good-code"], "--collector", "thêm --collector"],
    ["a collector that is no address", ["enrol", "good-code", "--collector", "gialai"], "no http(s) address", "không phải địa chỉ máy chủ"],
    ["a run before the enrolment", ["run"], "not enrolled", "Máy này chưa đăng ký"],
    ["a check that does not exist", ["self-check", "--only", "nix"], 'no check "nix"', 'Không có mục "nix"'],
    ["a time that is none", ["self-check", "--every", "soon"], '"soon" is no time such as 60s', '"soon" không phải khoảng thời gian'],
    ["a speed test again and again", ["self-check", "--full", "--every", "60s"], "neither --full nor --bundle", "không dùng cùng --full"],
    ["a language that does not exist", ["self-check", "--lang", "fr"], "neither vi nor en", "không phải vi hoặc en"],
    ["a network that is none", ["discover", "--network", "192.168.1.1"], "write it as 192.168.1.0/24", "ghi theo dạng 192.168.1.0/24"],
    ["a port that is none", ["discover", "--snmp-port", "snmp"], "no port from 1 to 65535", "không phải số cổng"],
    ["a configuration file that is not there", ["--config", nowhere, "status"], `no file ${nowhere}`, `Không có tệp ${nowhere}`],
  ])("%s", async (_, args, english, vietnamese) => {
    const { code, out, err } = await command(args);
    expect({ code, out }).toEqual({ code: 64, out: "" });
    expect(err).toContain(english);
    expect((await command(args, { env: { HCC_LANG: "vi" } })).err).toContain(vietnamese);
  });

  it("speaks Vietnamese where nothing says otherwise, and as the configuration or the command does where one does", async () => {
    const folder = temporaryFolder();
    const wrong = ["self-check", "--every", "soon"];
    const say = async (args: readonly string[]) => (await agentCommand(args, { folder, lang: undefined })).err;
    expect(await say(wrong)).toContain("không phải khoảng thời gian");
    expect(await say([...wrong, "--lang", "en"])).toContain("is no time");
    writeFileSync(join(folder, "hcc-agent.json"), '{"lang":"en"}');
    expect(await say(wrong)).toContain("is no time");
  });

  it.each<[string, string, string, string]>([
    ["no JSON", "{", "no valid JSON", "sai cú pháp JSON"],
    ["a wrong field", '{"collector":"ftp://x"}', '"collector": write all of the address', '"collector": ghi địa chỉ đủ cả phần đầu'],
    ["a wrong network", '{"allowedSubnets":["10.0.0.0/33"]}', '"allowedSubnets.0": write a network as', '"allowedSubnets.0": ghi mạng theo dạng'],
    ["an unknown field", '{"colector":"http://x"}', 'no field "colector"', 'không có mục tên "colector": xem lại chính tả, hoặc xoá. Các mục: collector, '],
    ["an unknown field inside", '{"targets":[{"id":"a","role":"printer","address":"10.0.0.2","adress":1}]}', '"targets.0.adress"', '"targets.0.adress"'],
    ["a word that is no choice", '{"lang":"fr"}', '"lang" must be one of: vi, en', '"lang" phải là một trong: vi, en'],
    ["a target without an address", '{"targets":[{"id":"a","role":"printer"}]}', 'the field "targets.0.address" is missing', 'thiếu mục "targets.0.address"'],
    ["an address that is none", '{"targets":[{"id":"a","role":"printer","address":"10.0.0.300"}]}', "write an IP address", "ghi địa chỉ IP, ví dụ"],
    ["no object", "[]", '"(whole)" must be a group of fields', '"(cả tệp)" phải là một nhóm mục'],
  ])("hcc-agent.json with %s names file and field", async (_, content, english, vietnamese) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "hcc-agent.json"), content);
    const { code, err } = await command(["status"], { folder });
    expect(code).toBe(64);
    expect(err).toContain(join(folder, "hcc-agent.json"));
    expect(err).toContain(english);
    expect((await command(["status"], { folder, env: { HCC_LANG: "vi" } })).err).toContain(vietnamese);
  });

  it.each<[string, string, string]>([
    ["is not there", "", "no file"],
    ["is none", "MIIB", "no certificate as PEM"],
    ["is half", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "no certificate as PEM"],
  ])("a caFile that %s is named before the code is asked for", async (_, content, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "hcc-agent.json"), '{"caFile":"ca.pem","collector":"https://127.0.0.1:9"}');
    if (content !== "") writeFileSync(join(folder, "ca.pem"), content);
    const readSecret = async () => expect.unreachable("the code was asked for");
    const { code, err } = await agentCommand(["enrol"], { folder, terminal: { readSecret } });
    expect(code).toBe(64);
    expect(err).toContain(message);
    expect(err).toContain(join(folder, "ca.pem"));
  });

  it.skipIf(process.platform === "win32")("a data folder that is closed to whoever asks is said to be closed, and not to be empty", async () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o000);
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      expect(await command(["status"], { folder })).toMatchObject({ code: 64, out: "", err: expect.stringContaining(`No right to read or write ${folder}`) });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it.skipIf(process.platform === "win32")(
    "a file of the agent that is closed to whoever asks is no damaged one, and a folder that is closed to him is named without a stack",
    async () => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, "agent.json"), "{}", { mode: 0o600 });
      chmodSync(folder, 0o555);
      const isRoot = process.geteuid?.() === 0;
      if (isRoot) process.seteuid?.(65_534);
      else chmodSync(join(folder, "agent.json"), 0o000);
      try {
        expect((await command(["status"], { folder })).err).toContain(`No right to read or write ${join(folder, "agent.json")}`);
        const { code, err } = await command(["enrol", "good-code", "--collector", "http://127.0.0.1:9"], { folder });
        expect({ code, err }).toEqual({ code: 64, err: expect.stringContaining(`No right to read or write ${join(folder, "pending.key.new")}`) });
      } finally {
        if (isRoot) process.seteuid?.(0);
      }
    },
  );

  // A thread, as on Windows each file has, shares its folder with all others.
  it.skipIf(!isMainThread)("without HCC_AGENT_DATA the data lies under the project, whatever folder the command was typed in", () => {
    const before = process.cwd();
    process.chdir(temporaryFolder());
    try {
      expect(readSettings({}).dataDir).toBe(join(projectRoot, "data/agent"));
    } finally {
      process.chdir(before);
    }
  });
});

describe("probe", () => {
  it("--list names every kind of the contract", async () => {
    const { code, out } = await command(["probe", "--list"]);
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toEqual([...probeKinds].sort());
  });

  it("--json prints one Outcome and nothing else", async () => {
    const { code, out, err } = await command(["probe", "portal-http", "--options", '{"url":"http://127.0.0.1:9/"}', "--json"]);
    expect(code).toBe(0);
    expect(err).toBe("");
    expect(Outcome.parse(JSON.parse(out))).toMatchObject({ kind: "measured", readings: expect.arrayContaining([{ metric: "portal_up", value: 0 }]) });
  });

  it("takes options from a file or from standard input, so that secrets stay out of the argument list", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "options.json"), '{"url":"http://127.0.0.1:9/"}');
    for (const [options, stdin] of [
      [`@${join(folder, "options.json")}`, ""],
      ["-", '{"url":"http://127.0.0.1:9/"}'],
    ] as const) {
      expect(JSON.parse((await command(["probe", "portal-http", "--options", options, "--json"], { stdin })).out)).toMatchObject({ kind: "measured" });
    }
  });
});

describe("creds", () => {
  it("takes the secret from standard input, lists names only, removes", async () => {
    const folder = temporaryFolder();
    expect((await command(["creds", "add", "nvr"], { folder, stdin: "s3cret word\n" })).code).toBe(0);
    expect(new Credentials(folder).secretOf("nvr")).toBe("s3cret word");
    const { out } = await command(["creds", "list"], { folder });
    expect(out).toBe("nvr\n");
    expect((await command(["creds", "remove", "nvr"], { folder })).code).toBe(0);
    expect((await command(["creds", "list"], { folder })).out).toBe("");
  });
});

describe("discover", () => {
  it("draws over its words on a terminal alone: written to a file they would be codes", async () => {
    const words = ["discover", "--network", "127.0.0.1/32"];
    const said = async (animates: boolean) => (await agentCommand(words, { terminal: { animates } })).err;
    const [drawn, written] = await Promise.all([said(true), said(false)]);
    expect(drawn).toContain("\u001b[K");
    expect(written).not.toContain("\u001b");
  });
});

describe("enrol", () => {
  it("makes the key here, proves it, and keeps who this PC is", async () => {
    await using collector = await FakeCollector.start();
    const { code, err, folder } = await command(["enrol", "good-code", "--collector", collector.url]);
    expect(code).toBe(0);
    expect(err).toContain("centre-a");
    expect(JSON.parse(readFileSync(join(folder, "agent.json"), "utf8"))).toMatchObject({
      agent: collector.agent,
      centre: "centre-a",
      collector: collector.url,
    });
    expect(collector.publicKey).toBeDefined();
  });

  it("keeps at which reception point this PC stands, and says it", async () => {
    await using collector = await FakeCollector.start({ point: "ia-ly" });
    const { err, folder } = await command(["enrol", "good-code", "--collector", collector.url]);
    expect(err).toContain("centre-a (reception point ia-ly)");
    expect((await command(["status"], { folder })).out).toContain("Centre centre-a (reception point ia-ly), agent");
    const { out } = await command(["self-check", "--quick", "--offline", "--json", "--only", "self.enrolment"], { folder });
    expect(out).toContain("centre-a (reception point ia-ly)");
  });

  it("takes a code whose groups were typed apart", async () => {
    const heard: string[] = [];
    const body = JSON.stringify({ type: "about:blank", status: 422, code: "code_mistyped", title: "mistyped" });
    const port = await startHttpFake(({ body: sent }) => {
      heard.push(EnrolRequest.parse(JSON.parse(sent.toString())).code);
      return { status: 422, headers: { "content-type": "application/problem+json" }, body };
    });
    await command(["enrol", "7k3m", "9qwp", "zz04", "--collector", `http://127.0.0.1:${port}`]);
    expect(heard).toEqual(["7k3m 9qwp zz04"]);
  });

  it("tells the clerk in Vietnamese how to type what was not understood", async () => {
    const say = async (...words: string[]) => (await command(words, { env: { HCC_LANG: "vi" } })).err;
    expect(await say("self-check", "--quik")).toMatch(/^Không hiểu lệnh vừa gõ \(.*--quik.*\)\. Xem cách gõ: hcc-agent self-check --help\n$/s);
    expect(await say("enrol", "7k3m", "--collector", "hcc.gialai.gov.vn")).toContain("gõ đủ cả phần đầu, ví dụ https://");
  });

  it("a refused code leaves an earlier enrolment as it was", async () => {
    await using collector = await FakeCollector.start();
    const { folder } = await command(["enrol", "good-code", "--collector", collector.url]);
    const before = readFileSync(join(folder, "agent.json"), "utf8");
    const { code, err } = await command(["enrol", "bad-code", "--collector", collector.url], { folder });
    expect(code).toBe(64);
    expect(err).toContain("code_unknown");
    expect(readFileSync(join(folder, "agent.json"), "utf8")).toBe(before);
    expect(readFileSync(join(folder, `${collector.agent}.key`), "utf8")).toContain("PRIVATE KEY");
  });

  it.each<[string, number, object | string, string, number]>([
    ["a code that was used", 403, { type: "about:blank", status: 403, code: "code_refused", title: "used" }, "Xin CNTT tỉnh cấp mã mới", 64],
    ["half a code", 422, { type: "about:blank", status: 422, code: "code_mistyped", title: "mistyped" }, "so lại từng nhóm ký tự", 64],
    ["a crowd", 429, { type: "about:blank", status: 429, code: "busy", title: "busy" }, "chờ vài phút", 69],
    ["another server", 404, "<h1>Not Found</h1>", "hỏi lại CNTT tỉnh địa chỉ đúng", 69],
    ["a login page", 200, "<h1>Wi-Fi</h1>", "hỏi lại CNTT tỉnh địa chỉ đúng", 69],
  ])("tells the clerk what to do about %s", async (_, status, body, advice, expected) => {
    const headers = { "content-type": typeof body === "string" ? "text/html" : "application/problem+json" };
    const port = await startHttpFake(() => ({ status, headers, body: typeof body === "string" ? body : JSON.stringify(body) }));
    const { code, err } = await command(["enrol", "good-code", "--collector", `http://127.0.0.1:${port}`], { env: { HCC_LANG: "vi" } });
    expect(code).toBe(expected);
    expect(err).toContain(advice);
  });

  it("says so when nobody answers, or somebody else", async () => {
    const silent = await command(["enrol", "good-code", "--collector", "http://127.0.0.1:9"]);
    expect(silent).toMatchObject({ code: 69, err: expect.stringContaining("no answer (connection refused, ECONNREFUSED)") });
    const ends = createHttpServer((_, reply) => reply.destroy()).listen(0, "127.0.0.1");
    await once(ends, "listening");
    const url = `http://127.0.0.1:${(ends.address() as AddressInfo).port}`;
    const { err } = await command(["enrol", "good-code", "--collector", url], { env: { HCC_LANG: "vi" } });
    ends.close();
    expect(err).toContain(`${url} không trả lời (kết nối bị ngắt giữa chừng, ECONNRESET).`);
  });

  it.skipIf(!requirePeer("openssl"))("names the setting for a province's own authority when its certificate proves nothing here", async () => {
    const { certFile, keyFile } = testCertificate(temporaryFolder());
    const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, err } = await command(["enrol", "good-code", "--collector", url]);
    server.close();
    expect(code).toBe(69);
    expect(err).toMatch(/its certificate does not prove it \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. .* as "caFile" in hcc-agent\.json in /);
  });
});

describe.skipIf(!requirePeer("openssl"))("enrolment at a PC whose clock the collector's certificate does not fit", () => {
  it("names the clock before the authority", async () => {
    const { certFile, keyFile } = datedCertificate(temporaryFolder(), "2020-01-01", "2021-01-01");
    const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const folder = temporaryFolder();
    writeFileSync(join(folder, "hcc-agent.json"), JSON.stringify({ caFile: certFile }));
    const { code, err } = await command(["enrol", "good-code", "--collector", `https://localhost:${(server.address() as AddressInfo).port}`], { folder });
    server.close();
    expect(code).toBe(69);
    expect(err).toMatch(/^At this PC's time .* perhaps the PC's clock is wrong\. Look at this PC's date and time: .*CERT_HAS_EXPIRED/);
  });
});

describe("status", () => {
  it("works before anything else was done", async () => {
    const { code, out } = await command(["status"]);
    expect(code).toBe(0);
    expect(out).toContain("not enrolled");
    expect(JSON.parse((await command(["status", "--json"])).out)).toEqual({ identity: null, status: null });
  });

  it("writes instants as the reader's language does, in Vietnam's time, and for machines as they are", async () => {
    const folder = temporaryFolder();
    const at = "2026-11-30T18:05:00.000Z";
    const spool = { stream: "s", durable: true, waiting: 0, frozen: 0, answered: 0, deadLetters: 0, suspects: 0, lost: 0, bytes: 0, lastSeq: 0 };
    const uplink = { lastSuccessAt: "2026-11-30T02:00:00.000Z", attempts: 0 };
    const known = { at, version: "1.0.3", startedAt: at, agent: "agt-0123456789abcdef", centre: "ia-grai", clock: { state: "ok" } };
    writeFileSync(join(folder, "status.json"), JSON.stringify({ ...known, uplink, spool, assignments: [], refused: [] }));
    const vietnamese = await command(["status"], { folder, env: { HCC_LANG: "vi" } });
    expect(vietnamese.out).toContain("01/12/2026 01:05");
    expect(vietnamese.out).toContain("30/11/2026 09:00");
    expect((await command(["status"], { folder })).out).toContain("2026-12-01 01:05");
    expect(JSON.parse((await command(["status", "--json"], { folder })).out)).toMatchObject({ status: { at } });
  });

  it("says in words what each run came to", async () => {
    const folder = temporaryFolder();
    const at = "2026-11-30T18:05:00.000Z";
    const spool = { stream: "s", durable: true, waiting: 0, frozen: 0, answered: 0, deadLetters: 0, suspects: 0, lost: 0, bytes: 0, lastSeq: 0 };
    const known = { at, version: "1.0.3", startedAt: at, agent: "agt-0123456789abcdef", centre: "ia-grai", clock: { state: "ok" }, spool, refused: [] };
    const assignments = [
      { id: "host", probe: "host", last: "measured", lastAt: at, dueInS: 53, running: false },
      { id: "portal-http-x", probe: "portal-http", last: "failed: no_route", lastAt: at, dueInS: 0, running: false },
      { id: "link-bandwidth", probe: "link-bandwidth", last: "skipped: no_lease", lastAt: at, dueInS: 0, running: true },
    ];
    writeFileSync(join(folder, "status.json"), JSON.stringify({ ...known, uplink: { attempts: 0 }, assignments }));
    const { out } = await command(["status"], { folder, env: { HCC_LANG: "vi" } });
    expect(
      out
        .split("\n")
        .slice(-4, -1)
        .map((line) => line.trim().replace(/\s{2,}/g, "|")),
    ).toEqual([
      "host|đo được|lần sau lúc 01/12/2026 01:05",
      "portal-http-x|không đo được: máy tính cổng không có đường mạng tới đó",
      "link-bandwidth|bỏ qua: chưa đến lượt đo",
    ]);
  });

  it.each<[string, object, string[]]>([
    ["nothing of one that was set right a moment ago", { clock: { state: "bad", offsetMs: 20 }, uplink: { attempts: 0 } }, []],
    ["nothing of a clock that is right", { clock: { state: "ok", offsetMs: 20 }, uplink: { attempts: 0 } }, []],
    [
      "that the clock may be wrong where the collector's certificate has expired by it",
      { clock: { state: "unknown" }, uplink: { attempts: 9, dateFault: "CERT_HAS_EXPIRED" } },
      ["At this PC's time (2099-01-01 07:00) the collector's certificate has expired", "Look at this PC's date and time"],
    ],
    [
      "by how much the clock is wrong",
      { clock: { state: "bad", offsetMs: -3_600_000 }, uplink: { attempts: 0 } },
      ["Clock: -3,600 s off the collector's", "Set this PC's date and time"],
    ],
  ])("says %s", async (_, part, words) => {
    const folder = temporaryFolder();
    const at = "2099-01-01T00:00:00.000Z";
    const spool = { stream: "s", durable: true, waiting: 0, frozen: 0, answered: 0, deadLetters: 0, suspects: 0, lost: 0, bytes: 0, lastSeq: 0 };
    const known = { at, version: "1.0.3", startedAt: at, agent: "agt-0123456789abcdef", centre: "ia-grai", spool, assignments: [], refused: [], ...part };
    writeFileSync(join(folder, "status.json"), JSON.stringify(known));
    const { out } = await command(["status"], { folder });
    for (const word of words) expect(out).toContain(word);
    expect(out.includes("date and time")).toBe(words.length > 0);
  });

  it("tells of a damaged identity what to do", async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "agent.json"), "{}");
    const { code, err } = await command(["status"], { folder });
    expect(code).toBe(64);
    expect(err).toMatch(/agent\.json is damaged: .* enrol again/);
  });
});
