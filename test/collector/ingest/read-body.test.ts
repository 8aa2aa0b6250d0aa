import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type BodyRefused, inflate, parseJson, readWire } from "../../../collector/ingest/read-body.ts";

const refusal = async (work: () => unknown) => {
  try {
    await work();
    return "read";
  } catch (error) {
    const { status, code } = error as BodyRefused;
    return `${status} ${code}`;
  }
};
const stream = (bytes: number) => new Blob([new Uint8Array(bytes)]).stream();
const nested = (levels: number) => Buffer.from("[".repeat(levels) + "]".repeat(levels));

describe("a body", () => {
  it.each([
    ["at the limit of the wire", () => readWire(stream(100), 100), "read"],
    ["one byte past it", () => readWire(stream(101), 100), "413 body_too_large"],
    ["without anything", () => readWire(null), "read"],
    ["of gzip that swells past the limit", () => inflate(gzipSync(Buffer.alloc(50_000_000)), "gzip"), "413 body_too_large"],
    ["of a little gzip that swells past the limit", () => inflate(gzipSync(Buffer.alloc(20_000_000)), "gzip"), "413 body_too_large"],
    ["of gzip that is none", () => inflate(Buffer.from("hello"), "gzip"), "400 gzip_broken"],
    ["of gzip that ends early", () => inflate(gzipSync("hello".repeat(100)).subarray(0, 20), "gzip"), "400 gzip_broken"],
    ["with two layers named", () => inflate(Buffer.from(""), "gzip, gzip"), "415 encoding_unknown"],
    ["with another encoding", () => inflate(Buffer.from(""), "br"), "415 encoding_unknown"],
    ["nested 24 deep", () => parseJson(nested(24)), "read"],
    ["nested 25 deep", () => parseJson(nested(25)), "400 json_too_deep"],
    ["nested a hundred thousand deep", () => parseJson(nested(100_000)), "400 json_too_deep"],
    ["with brackets inside a text", () => parseJson(Buffer.from(JSON.stringify(`${"[".repeat(50)}"\\`))), "read"],
    ["that is no JSON", () => parseJson(Buffer.from("{")), "400 json_broken"],
    ["that is empty", () => parseJson(Buffer.alloc(0)), "400 json_broken"],
  ])("%s", async (_, work, expected) => {
    expect(await refusal(work)).toBe(expected);
  });

  it("comes out of gzip as it went in", async () => {
    expect((await inflate(gzipSync("xin chào"), "gzip")).toString("utf8")).toBe("xin chào");
    const large = randomBytes(100_000);
    expect((await inflate(gzipSync(large), "gzip")).equals(large)).toBe(true);
  });
});
