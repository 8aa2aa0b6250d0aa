import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AgentKeys, KEY_CACHE_MS, publicKeyOf } from "../../../collector/auth/agent-keys.ts";
import { hashOfCode, newEnrolCode } from "../../../collector/auth/enrol-code.ts";
import { Nonces } from "../../../collector/auth/nonces.ts";
import type { KnownAgent } from "../../../collector/store/agents.ts";
import { signatureHeaders, signingText } from "../../../schemas/exchange.ts";
import { T0 } from "../../support/batches.ts";

const DAY_MS = 86_400_000;
const agentId = "agt-0123456789abcdef";
const nonces = new Nonces("secret of this database");
const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const { publicKey: otherPublicKey, privateKey: other } = generateKeyPairSync("ed25519");
const spkiOf = (key: KeyObject) => key.export({ format: "der", type: "spki" }).toString("base64");
const bodySha256 = createHash("sha256").update("body").digest("hex");
const known: KnownAgent = {
  siteId: 1,
  agentId,
  publicKey: spkiOf(publicKey),
  state: "active",
  point: "main",
  centre: "mot",
  isp: "",
};

type Signed = { key?: KeyObject; agent?: string; nonce?: string; body?: string; path?: string; method?: string; headers?: Record<string, string> };
const request = ({
  key = privateKey,
  agent = agentId,
  nonce = nonces.current(T0),
  body = bodySha256,
  path = "/v1/batches",
  method = "POST",
  headers = {},
}: Signed = {}) => {
  const signature = sign(null, Buffer.from(signingText({ method: "POST", path: "/v1/batches", agent: agentId, nonce, bodySha256 })), key).toString("base64");
  const given: Record<string, string> = {
    [signatureHeaders.agent]: agent,
    [signatureHeaders.nonce]: nonce,
    [signatureHeaders.signature]: signature,
    ...headers,
  };
  return { method, path, bodySha256: body, header: (name: string) => given[name] };
};

describe("a signed request", () => {
  const keys = new AgentKeys(async (id) => (id === agentId ? known : undefined), nonces);
  it.each([
    ["of an active agent is proven", request(), T0, "ok"],
    ["with another body is not", request({ body: "0".repeat(64) }), T0, "signature_wrong"],
    ["on another path is not", request({ path: "/v1/config" }), T0, "signature_wrong"],
    ["with another method is not", request({ method: "GET" }), T0, "signature_wrong"],
    ["of another key is not", request({ key: other }), T0, "signature_wrong"],
    ["of an agent that is not known", request({ agent: "agt-aaaaaaaaaaaaaaaa" }), T0, "key_unknown"],
    ["with an id that is none", request({ agent: "' OR 1=1" }), T0, "unsigned"],
    ["without a signature", request({ headers: { [signatureHeaders.signature]: "" } }), T0, "unsigned"],
    ["with yesterday's nonce still holds", request(), T0 + DAY_MS, "ok"],
    ["with an older nonce does not", request(), T0 + 2 * DAY_MS, "nonce_expired"],
    ["with a nonce of another database does not", request({ nonce: new Nonces("other").current(T0) }), T0, "nonce_expired"],
  ])("%s", async (_, signed, nowMs, expected) => {
    const proof = await keys.prove(signed, nowMs);
    expect(proof.ok ? "ok" : proof.fault).toBe(expected);
  });

  it("of a key that was revoked counts no longer than the key is remembered", async () => {
    let state: KnownAgent["state"] = "active";
    const own = new AgentKeys(async () => ({ ...known, state }), nonces);
    const fault = async (nowMs: number) => {
      const proof = await own.prove(request(), nowMs);
      return proof.ok ? "ok" : proof.fault;
    };
    expect(await fault(T0)).toBe("ok");
    state = "revoked";
    expect(await fault(T0 + KEY_CACHE_MS - 1)).toBe("ok");
    expect(await fault(T0 + KEY_CACHE_MS)).toBe("revoked");
    state = "frozen";
    own.forget(agentId);
    expect(await fault(T0 + KEY_CACHE_MS)).toBe("frozen");
  });

  it.each<[string, Partial<KnownAgent>, string]>([
    ["with a key that another collector took", { publicKey: spkiOf(otherPublicKey) }, "signature_wrong"],
    ["of an agent that another collector let in again", { state: "frozen" }, "frozen"],
    ["of a centre whose closing was taken back", { closedOn: "2026-01-01" }, "centre_closed"],
  ])("%s is proven within a second", async (_, before, fault) => {
    let now: KnownAgent = { ...known, ...before };
    let asked = 0;
    const own = new AgentKeys(async () => {
      asked++;
      return now;
    }, nonces);
    const faultAt = async (nowMs: number) => {
      const proof = await own.prove(request(), nowMs);
      return proof.ok ? "ok" : proof.fault;
    };
    expect(await faultAt(T0)).toBe(fault);
    now = known;
    expect([await faultAt(T0 + 999), asked]).toEqual([fault, 1]);
    expect([await faultAt(T0 + 1_000), asked]).toEqual(["ok", 2]);
  });

  it("counts until the day on which its centre is closed, by the days of Viet Nam", async () => {
    const own = new AgentKeys(async () => ({ ...known, closedOn: "2026-12-01" }), new Nonces("secret"));
    const fault = async (nowMs: number) => {
      const nonce = new Nonces("secret").current(nowMs);
      const proof = await own.prove(request({ nonce }), nowMs);
      return proof.ok ? "ok" : proof.fault;
    };
    const firstMs = Date.parse("2026-12-01T00:00:00+07:00");
    expect([await fault(firstMs - 1), await fault(firstMs)]).toEqual(["ok", "centre_closed"]);
  });

  it("asks the database once while a key is remembered, for unknown keys too", async () => {
    let asked = 0;
    const own = new AgentKeys(async (id) => {
      asked++;
      return id === agentId ? known : undefined;
    }, nonces);
    for (let turn = 0; turn < 5; turn++) await own.prove(request(), T0 + turn);
    expect(asked).toBe(1);
    for (let turn = 0; turn < 5; turn++) await own.prove(request({ agent: "agt-aaaaaaaaaaaaaaaa" }), T0 + turn);
    expect(asked).toBe(2);
  });

  it("takes Ed25519 keys alone", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 }).publicKey.export({ format: "der", type: "spki" }).toString("base64");
    expect([publicKeyOf(rsa), publicKeyOf("no key"), publicKeyOf("")]).toEqual([undefined, undefined, undefined]);
    expect(publicKeyOf(known.publicKey)?.asymmetricKeyType).toBe("ed25519");
  });
});

describe("a one-time code", () => {
  it("is the same however it is typed", () => {
    const code = newEnrolCode();
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){8}[0-9A-Z]$/);
    const typed = code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
    expect(hashOfCode(typed)).toBe(hashOfCode(code));
    // A mail program or a chat may make other dashes, and spaces that do not break, of what was pasted into it.
    expect(hashOfCode(code.replaceAll("-", "\u2011").replace("\u2011", " \u2013\u00a0"))).toBe(hashOfCode(code));
    expect(newEnrolCode()).not.toBe(code);
  });

  it("shows any one wrong letter", () => {
    const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    const code = newEnrolCode().replaceAll("-", "");
    for (let place = 0; place < code.length; place++)
      for (const letter of letters) {
        const typed = code.slice(0, place) + letter + code.slice(place + 1);
        expect(hashOfCode(typed) !== undefined, typed).toBe(typed === code);
      }
  });

  it("shows two neighbours that changed places", () => {
    const code = "ABCDEFGHJKMNPQRSTVWXYZ0123456789";
    const check = [..."0123456789ABCDEFGHJKMNPQRSTVWXYZ"].find((letter) => hashOfCode(code + letter) !== undefined) ?? "";
    for (let place = 0; place + 1 < code.length; place++) {
      const swapped = code.slice(0, place) + code.charAt(place + 1) + code.charAt(place) + code.slice(place + 2);
      // The first and the last letter of the alphabet are the one pair that Luhn's sum cannot tell apart.
      expect(hashOfCode(swapped + check) === undefined, swapped).toBe(code.slice(place, place + 2) !== "Z0");
    }
  });

  it.each(["", "x", "----", "Ω".repeat(33)])("is none: %s", (code) => {
    expect(hashOfCode(code)).toBeUndefined();
  });
});
