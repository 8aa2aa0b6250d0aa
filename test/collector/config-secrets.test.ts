import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../collector/config.ts";
import { readNotifyFile } from "../../collector/notify-file.ts";
import { readSignOnFile } from "../../collector/people/sign-on-file.ts";
import { openStore } from "../../collector/store/open.ts";
import { memoryFolder } from "../support/temporary-folder.ts";

const CANARY = "cAnary-7731-Zq-x";
const recipient = { name: "a", channel: "smtp", to: "a@example.vn" };
const notify = {
  smtp: { url: `smtp://hcc:${CANARY}@mail.example.vn`, from: "hcc@example.vn" },
  zalo: { token: CANARY },
  webhooks: [{ name: "hook", url: "https://hook.example.vn", secret: CANARY, headers: { "X-Key": CANARY } }],
  alertmanager: { url: "https://am.example.vn", user: "hcc", password: CANARY },
};
const signOn = {
  issuer: "https://sso.example.vn",
  clientId: "hcc",
  clientSecret: CANARY,
  name: { vi: "SSO", en: "SSO" },
  roles: [{ claim: "g", value: "v", roles: ["viewer"] }],
};

async function refusal(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    return String(error);
  }
  throw new Error("nothing was refused");
}
const file = (text: string) => {
  const path = join(memoryFolder(), "secrets.json");
  writeFileSync(path, text);
  return path;
};

describe("a wrong setting is refused by name and place, and none of the secrets around it is told", () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "a comma too many beside the passwords of channels",
      () => readNotifyFile(file(JSON.stringify(notify).replaceAll(`"${CANARY}"`, `"${CANARY}",,`))),
      /HCC_NOTIFY: .*is not JSON/,
    ],
    ["a quote too few", () => readNotifyFile(file(`{"zalo":{"token":"${CANARY}}}`)), /HCC_NOTIFY: .*is not JSON/],
    ["a word where a secret begins", () => readNotifyFile(file(`{"zalo":{"token":${CANARY}}}`)), /HCC_NOTIFY: .*is not JSON/],
    ["an unknown field", () => readNotifyFile(file(JSON.stringify({ ...notify, more: CANARY }))), /HCC_NOTIFY: [\s\S]*more/],
    [
      "secrets of a wrong kind",
      () => readNotifyFile(file(JSON.stringify({ ...notify, zalo: { token: `${CANARY} %` }, smtp: { url: `http://x:${CANARY}@y`, from: "x@y" } }))),
      /smtp/,
    ],
    ["a recipient whose way is missing", () => readNotifyFile(file(JSON.stringify({ ...notify, smtp: undefined, recipients: [recipient] }))), /HCC_NOTIFY/],
    ["a sign-on file that is cut", () => readSignOnFile(file(JSON.stringify(signOn).slice(0, 90))), /HCC_OIDC: .*is not JSON/],
    ["a secret without quotes", () => readSignOnFile(file(JSON.stringify(signOn).replace(`"${CANARY}"`, CANARY))), /HCC_OIDC: .*is not JSON/],
    ["an issuer that is none", () => readSignOnFile(file(JSON.stringify({ ...signOn, issuer: `ftp://${CANARY}` }))), /HCC_OIDC: .*issuer/],
    ["a database that is away", () => openStore({ databaseUrl: `postgres://hcc:${CANARY}@127.0.0.1:1/hcc`, dataDir: "unused" }), /127\.0\.0\.1:1/],
    ["a database URL that is none", () => openStore({ databaseUrl: `hcc:${CANARY}@nowhere`, dataDir: "unused" }), /DATABASE_URL/],
    ["a role's URL alone", () => readConfig({ HCC_DATABASE_API_URL: `postgres://hcc_api:${CANARY}@db/hcc` }), /given together/],
    ["servers that are no JSON", () => readConfig({ HCC_MEASURE_SERVERS: CANARY }), /HCC_MEASURE_SERVERS/],
  ])("%s", async (_, work, says) => {
    const said = await refusal(work);
    expect(said).toMatch(says);
    expect(said).not.toContain(CANARY);
  });
});
