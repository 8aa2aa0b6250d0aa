/**
 * `npm run conformance -- --url URL --code CODE` holds a receiver against docs/protocol.md; `--sender` opens a receiver on which a sender is held
 * against it. Prints one line per demand; exit code 0 when all are met, 1 when one is not, 64 for a wrong command line.
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { judgeCases, type Verdict, verdictLine } from "./case.ts";
import { receiverCases } from "./receiver-cases.ts";
import { SenderBench } from "./sender-bench.ts";
import { senderCases } from "./sender-cases.ts";
import { WireSender } from "./wire-sender.ts";

const USAGE = `npm run conformance -- --url URL --code CODE            a receiver; CODE is an open enrolment code of a centre for tests
npm run conformance -- --sender [--port N] [--host H]   a sender: enrol it with the code that is printed, give it 20 observations or more to send
  --json                                                one JSON object per demand
  --patience SECONDS                                    how long a batch of the sender is waited for (default 900)`;

type Words = { url?: string; code?: string; sender?: boolean; port?: string; host?: string; json?: boolean; patience?: string; help?: boolean };

function readWords(): Words | undefined {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    const options = { url: text, code: text, sender: flag, port: text, host: text, json: flag, patience: text, help: flag };
    return parseArgs({ options }).values;
  } catch {
    return undefined;
  }
}

async function holdReceiver(url: string, code: string, say: (verdict: Verdict) => void): Promise<Verdict[]> {
  return judgeCases(receiverCases, { sender: new WireSender(url), code }, say);
}

async function holdSender({ port = "0", host = "127.0.0.1", patience = "900" }: Words, say: (verdict: Verdict) => void): Promise<Verdict[]> {
  const code = randomBytes(10).toString("hex");
  await using bench = await SenderBench.open({ code, port: Number(port), host });
  console.error(`waiting for a sender at ${bench.url}, code ${code}`);
  return judgeCases(senderCases, { bench, patienceMs: Number(patience) * 1_000, silenceMs: 300_000 }, say);
}

const words = readWords();
const say = (verdict: Verdict) => console.log(words?.json ? JSON.stringify(verdict) : verdictLine(verdict));
if (words?.help) console.log(USAGE);
else if (!words || (words.sender !== true && (words.url === undefined || words.code === undefined || !URL.canParse(words.url)))) {
  console.error(USAGE);
  process.exitCode = 64;
} else {
  const verdicts = words.sender ? await holdSender(words, say) : await holdReceiver(words.url ?? "", words.code ?? "", say);
  const failed = verdicts.filter(({ fault }) => fault !== undefined).length;
  console.error(`${verdicts.length - failed} of ${verdicts.length} demands are met`);
  process.exitCode = failed > 0 ? 1 : 0;
}
