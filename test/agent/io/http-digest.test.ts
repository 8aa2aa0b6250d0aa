import { describe, expect, test } from "vitest";
import { digestAuthorization, readDigestChallenge } from "../../../agent/io/http-digest.ts";

describe("readDigestChallenge", () => {
  test.each<[string, string[], object | undefined]>([
    [
      "the strongest wins",
      ['Digest realm="r", nonce="n1", algorithm=MD5', 'Digest realm="r", nonce="n2", algorithm=SHA-256'],
      { algorithm: "SHA-256", nonce: "n2" },
    ],
    ["several challenges in one header", ['Basic realm="a, b", Digest realm="x", nonce="n", qop="auth"'], { realm: "x", nonce: "n", qop: "auth" }],
    ["a list of qop", ['Digest realm="r", nonce="n", qop="auth-int, auth"'], { qop: "auth" }],
    ["auth-int alone cannot be answered", ['Digest realm="r", nonce="n", qop="auth-int"'], undefined],
    ["no qop is RFC 2069", ['Digest realm="r", nonce="n"'], { algorithm: "MD5", qop: undefined }],
    ["escaped quotes and no spaces", ['Digest realm="a \\"b\\"",nonce="n",algorithm=MD5-sess'], { realm: 'a "b"', session: true }],
    ["Basic alone is not answered", ['Basic realm="x"'], undefined],
    ["an unknown algorithm is not answered", ['Digest realm="r", nonce="n", algorithm=SHA-512-256'], undefined],
    ["no nonce", ['Digest realm="r"'], undefined],
    ["rubbish", ['"=,,, Digest', "=", `Digest ${",".repeat(10_000)}`], undefined],
  ])("%s", (_, headers, expected) => {
    const challenge = readDigestChallenge(headers);
    if (expected === undefined) expect(challenge).toBeUndefined();
    else expect(challenge).toMatchObject(expected);
  });
});

describe("digestAuthorization", () => {
  // The worked example of RFC 7616 §3.9.1.
  const example = {
    user: "Mufasa",
    password: "Circle of Life",
    method: "GET",
    uri: "/dir/index.html",
    count: 1,
    cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
  };
  const rest =
    'realm="http-auth@example.org", qop="auth, auth-int", nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"';
  test.each([
    ["MD5", "8ca523f5e9506fed4657c9700eebdbec"],
    ["SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"],
  ])("%s gives the example's response", (algorithm, response) => {
    const challenge = readDigestChallenge([`Digest ${rest}, algorithm=${algorithm}`]);
    if (!challenge) throw new Error("no challenge");
    expect(digestAuthorization({ ...example, challenge })).toContain(`response="${response}"`);
  });

  test("a line break in a hostile realm does not become a header", () => {
    const challenge = { algorithm: "MD5", session: false, realm: "a\r\nX-Evil: 1", nonce: "n", opaque: undefined, qop: "auth" } as const;
    expect(digestAuthorization({ ...example, challenge })).not.toMatch(/[\r\n]/);
  });
});
