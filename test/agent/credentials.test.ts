import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Credentials, resolveCredentials } from "../../agent/credentials.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const SECRET = "cAnary-7719-ñ";

function vault(): { credentials: Credentials; folder: string } {
  const folder = temporaryFolder();
  return { credentials: new Credentials(folder), folder };
}

describe("credentials on this PC", () => {
  it("come back as they were, after a restart too", () => {
    const { credentials, folder } = vault();
    credentials.add("nvr", SECRET);
    expect(new Credentials(folder).secretOf("nvr")).toBe(SECRET);
    expect(credentials.list()).toEqual(["nvr"]);
    expect(credentials.remove("nvr")).toBe(true);
    expect(credentials.remove("nvr")).toBe(false);
    expect(() => credentials.secretOf("nvr")).toThrow('no credential "nvr"');
  });

  it("lie on disk sealed, in files for their owner alone", () => {
    const { credentials, folder } = vault();
    credentials.add("nvr", SECRET);
    for (const name of readdirSync(join(folder, "credentials"))) {
      const file = join(folder, "credentials", name);
      expect(readFileSync(file, "utf8")).not.toContain(SECRET);
      if (process.platform !== "win32") expect(statSync(file).mode & 0o077, name).toBe(0);
    }
  });

  it("cannot be swapped: an entry under another's name does not open", () => {
    const { credentials, folder } = vault();
    credentials.add("camera", SECRET);
    credentials.add("router", "other-secret");
    const file = join(folder, "credentials", "vault.json");
    const sealed = JSON.parse(readFileSync(file, "utf8"));
    sealed.secrets.router = sealed.secrets.camera;
    writeFileSync(file, JSON.stringify(sealed));
    expect(() => credentials.secretOf("router")).toThrow("does not open");
  });

  it.each([
    ["an upper-case name", "NVR", SECRET, "name"],
    ["a path as a name", "../x", SECRET, "name"],
    ["an empty secret", "nvr", "", "nothing is stored"],
    ["an endless secret", "nvr", "x".repeat(5_000), "nothing is stored"],
  ])("%s is refused", (_, name, secret, message) => {
    expect(() => vault().credentials.add(name, secret)).toThrow(message);
  });

  it("a damaged vault says what to do", () => {
    const { credentials, folder } = vault();
    credentials.add("nvr", SECRET);
    writeFileSync(join(folder, "credentials", "vault.json"), "{");
    expect(() => credentials.list()).toThrow(/credentials are damaged: rename that folder/);
  });
});

describe("names in options", () => {
  const stored: Record<string, string> = { reader: '{"version":"3","user":"ro"}', camera: "admin:Mật:khẩu 9", half: '{"user":"ro"', bare: ":x" };
  const secretOf = (name: string) => stored[name] ?? `secret-of-${name}`;

  it.each<[string, unknown, unknown]>([
    [
      "a bare name as access",
      { targets: [{ address: "10.0.0.2", snmp: "reader" }] },
      { targets: [{ address: "10.0.0.2", snmp: { version: "3", user: "ro" } }] },
    ],
    [
      "what a person types for a camera is user and password",
      { onvif: "camera", http: "camera" },
      { onvif: { user: "admin", password: "Mật:khẩu 9" }, http: { user: "admin", password: "Mật:khẩu 9" } },
    ],
    ["what a person types for SNMP is the community", { snmp: "ap" }, { snmp: { version: "2c", community: "secret-of-ap" } }],
    ["a named secret in its place", { http: { user: "u", password: { credential: "nvr" } } }, { http: { user: "u", password: "secret-of-nvr" } }],
    ["options without names stay", { url: "http://x/", list: [1, null, "nvr"] }, { url: "http://x/", list: [1, null, "nvr"] }],
    ["a field that only looks alike stays", { credential: "nvr", other: 1 }, { credential: "nvr", other: 1 }],
  ])("%s", async (_, options, expected) => {
    expect(await resolveCredentials(options, secretOf)).toEqual(expected);
  });

  it.each([{ onvif: "nvr" }, { http: "bare" }, { snmp: "half" }, { onvif: "half" }])(
    "what is not enough to ask a device says what to type: %j",
    async (options) => {
      await expect(resolveCredentials(options, secretOf)).rejects.toThrow(/run hcc-agent creds add \w+ and type USER:PASSWORD/);
    },
  );
});
