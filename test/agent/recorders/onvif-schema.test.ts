import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { recordingDepth } from "../../../agent/probes/recording-depth/probe.ts";
import { probeContext } from "../../support/probe-context.ts";
import { inProcess } from "../../support/recorder/in-process.ts";
import { DAY_MS, healthy, type Scenario, sameOnAll } from "../../support/recorder/scenario.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const NOW_MS = Date.UTC(2026, 10, 28, 18, 7, 30);
const schema = fileURLToPath(new URL("../../fixtures/onvif/search.xsd", import.meta.url));

/** The search service's questions and answers of one run, each as a document of its own. */
async function spoken(over: Partial<Scenario>): Promise<Map<string, string>> {
  const channels = sameOnAll(2, [
    { startMs: NOW_MS - 45 * DAY_MS, endMs: NOW_MS - 9 * DAY_MS },
    { startMs: NOW_MS - 8 * DAY_MS, endMs: NOW_MS },
  ]);
  const said = new Map<string, string>();
  const io = inProcess(
    healthy(() => NOW_MS, { channels, login: { kind: "none", user: "", password: "" }, ...over }),
    "onvif",
    (body) => body,
  );
  const keep = (message: string) => {
    const namespaces = [...message.matchAll(/ xmlns:\w+="[^"]+"/g)].map(([declared]) => declared);
    const body = message.match(/<(tse:\w+)(.*)<\/\w+:Body>/s);
    if (body?.[1]) said.set(body[1].slice(4), `<${body[1]}${[...new Set(namespaces)].join("")}${body[2]}`);
  };
  const lanHttp: typeof io.lanHttp = async (request) => {
    const reply = await io.lanHttp(request);
    for (const message of [String(request.body), reply.body]) keep(message);
    return reply;
  };
  const context = probeContext({ nowMs: () => NOW_MS, io: { ...io, lanHttp } });
  await recordingDepth.run(recordingDepth.options.parse({ address: "127.0.0.1", policy: { requestsPerSecond: 1000 } }), context).catch(() => undefined);
  return said;
}

/** What xmllint finds wrong with some documents; "" for nothing. */
function complaints(documents: ReadonlyMap<string, string>): string {
  const folder = temporaryFolder();
  const files = [...documents].map(([name, text]) => {
    const file = join(folder, `${name}.xml`);
    writeFileSync(file, text);
    return file;
  });
  try {
    execFileSync("xmllint", ["--nonet", "--noout", "--schema", schema, ...files], { stdio: "pipe" });
    return "";
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr);
  }
}

describe.skipIf(!requirePeer("xmllint"))("the search service as ONVIF words it", () => {
  test("our questions and the mock's answers fit the schema's subset", async () => {
    const whole = await spoken({});
    const weak = await spoken({ lacks: new Set(["find-events", "find-recordings", "recordings"]) });
    const said = new Map([...weak, ...whole]);
    expect([...said.keys()].sort()).toEqual(
      ["EndSearch", "FindEvents", "FindRecordings", "GetEventSearchResults", "GetRecordingSearchResults", "GetRecordingSummary"]
        .flatMap((call) => [call, `${call}Response`])
        .sort(),
    );
    expect(complaints(said)).toBe("");
  });

  test("the check bites: a list whose state comes last is refused", async () => {
    const answer = (await spoken({})).get("GetEventSearchResultsResponse") ?? "";
    const state = answer.match(/<tt:SearchState>.*?<\/tt:SearchState>/)?.[0] ?? "";
    const wrong = answer.replace(state, "").replace("</tse:ResultList>", `${state}</tse:ResultList>`);
    expect(complaints(new Map([["wrong", wrong]]))).toContain("SearchState");
  });
});
