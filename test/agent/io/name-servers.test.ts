import { describe, expect, it } from "vitest";
import { askNameServers, nameWordOf } from "../../../agent/io/name-servers.ts";

describe("what name servers say", () => {
  it.each([
    ["an address of either family is an address", [undefined, "ENODATA"], "found"],
    ["no address of any family is no such name", ["ENODATA", "ENODATA"], "no_such_name"],
    ["a name that does not exist", ["ENOTFOUND", "ENOTFOUND"], "no_such_name"],
    ["a server that cannot say it has spoken", ["ESERVFAIL", "ETIMEOUT"], "refused"],
    ["one that may not", ["EREFUSED", "EREFUSED"], "refused"],
    ["half a word is none about the name", ["ENOTFOUND", "ESERVFAIL"], "refused"],
    ["nobody there", ["ETIMEOUT", "ECONNREFUSED"], "silent"],
    ["a question that was broken off", ["ECANCELLED", "ECANCELLED"], "silent"],
  ] as const)("%s", (_name, codes, expected) => {
    expect(nameWordOf(codes)).toBe(expected);
  });

  it("ends with the run", async () => {
    expect(await askNameServers("no-such-portal.invalid", AbortSignal.abort())).toMatch(/^(silent|refused|no_such_name)$/);
  });
});
