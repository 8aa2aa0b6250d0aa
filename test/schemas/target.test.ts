import { describe, expect, it } from "vitest";
import { z } from "zod";
import { SnmpAccess, targetLabel, targetOptions } from "#schemas/target.ts";

const Options = targetOptions({ timeoutMs: z.number().optional() });

describe("options of a LAN probe", () => {
  it("take a list of targets", () => {
    expect(Options.parse({ targets: [{ address: "10.0.0.2" }], timeoutMs: 5 })).toEqual({ targets: [{ address: "10.0.0.2" }], timeoutMs: 5 });
  });

  it("take the fields of one target at the top level, beside the probe's own", () => {
    expect(Options.parse({ address: "10.0.0.2", port: 1161, snmp: { version: "2c" }, timeoutMs: 5 })).toEqual({
      targets: [{ address: "10.0.0.2", port: 1161, snmp: { version: "2c", community: "public" } }],
      timeoutMs: 5,
    });
  });

  it.each([
    ["an address that is none", { targets: [{ address: "-c1" }] }, "targets.0.address"],
    ["a port beyond the last", { targets: [{ address: "10.0.0.2", port: 70_000 }] }, "targets.0.port"],
    ["an SNMP version that is none", { address: "10.0.0.2", snmp: { version: "4" } }, "targets.0.snmp.version"],
    ["no target at all", { targets: [] }, "targets"],
    ["a field that nobody knows", { address: "10.0.0.2", colour: "red" }, "targets.0"],
  ])("name the field at fault: %s", (_, options, path) => {
    expect(Options.safeParse(options).error?.issues[0]?.path.join(".")).toBe(path);
  });

  it("call a target by its inventory code before its address", () => {
    expect(targetLabel({ address: "10.0.0.2" })).toBe("10.0.0.2");
    expect(targetLabel({ address: "10.0.0.2", name: "AP sảnh", id: "ap-1" })).toBe("ap-1");
  });
});

describe("the protocols of SNMPv3", () => {
  const access = (auth: unknown, privacy: unknown) => ({
    version: "3",
    user: "monitor",
    auth: { protocol: auth, key: "authpass1234" },
    privacy: { protocol: privacy, key: "privpass1234" },
  });

  it.each([
    ["SHA", "AES", "sha", "aes"],
    ["SHA-1", "AES-128", "sha", "aes"],
    ["SHA-256", "AES-256", "sha256", "aes256b"],
    ["sha512", "AES256C", "sha512", "aes256r"],
    ["MD5", "aes256r", "md5", "aes256r"],
  ])("are taken as devices write them: %s with %s", (auth, privacy, asAuth, asPrivacy) => {
    expect(SnmpAccess.parse(access(auth, privacy))).toMatchObject({ auth: { protocol: asAuth }, privacy: { protocol: asPrivacy } });
  });

  it("are named where there is no such one", () => {
    const { issues } = SnmpAccess.safeParse(access("SHA-3", 5)).error as z.ZodError;
    expect(issues.map(({ path }) => path.join("."))).toEqual(["auth.protocol", "privacy.protocol"]);
  });
});
