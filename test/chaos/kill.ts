import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startLossyRelay } from "../support/lossy-relay.ts";
import { openCollectorRig } from "./collector-rig.ts";
import { promise, type Scenario } from "./scenario.ts";
import { type Appender, becomeAgent, drained, startAppender } from "./spooling-agent.ts";

const LOST_ANSWERS = 0.2;
/** Every so many rounds the collector is killed instead of the agent. */
const COLLECTOR_SHARE = 0.3;

/** T1: agent and collector are killed at any moment while one answer of five gets lost. Every number that the agent was given is stored, once. */
export const kill: Scenario = async ({ full, chance, print }) => {
  const rounds = full ? 200 : 2;
  await using rig = await openCollectorRig(1);
  const folder = await mkdtemp(join(tmpdir(), "hcc-kill-"));
  const relay = await startLossyRelay(rig.port, { requests: 0, answers: LOST_ANSWERS, chance });
  const url = `http://127.0.0.1:${relay.port}`;
  const [owner] = rig.agents;
  if (owner) await becomeAgent(folder, owner, url);
  let agent: Appender | undefined;
  const kills = { agent: 0, collector: 0 };
  let given = 0;
  try {
    await rig.start();
    for (let round = 0; round < rounds; round++) {
      agent ??= await startAppender(folder, url);
      await sleep(50 + chance() * (full ? 1_450 : 400));
      if (chance() < COLLECTOR_SHARE) {
        kills.collector++;
        await rig.kill();
        await rig.start();
      } else {
        kills.agent++;
        given = Math.max(given, await agent.kill());
        agent = undefined;
      }
      if (round % 50 === 49) print(`${round + 1} rounds, ${given} numbers given`);
    }
    if (agent) given = Math.max(given, await agent.kill());
    const { lastSeq, deadLetters, lost, stream } = await drained(folder, url);
    promise(deadLetters === 0 && lost === 0, `${deadLetters} dead letters, ${lost} lost`);
    promise(lastSeq >= given, `number ${given} was given, the spool knows ${lastSeq}`);
    const stored = await rig.database.psql(`SELECT count(*), count(DISTINCT seq), min(seq), max(seq) FROM observation WHERE stream = '${stream}'`);
    promise(stored === [lastSeq, lastSeq, 1, lastSeq].join("|"), `${stored} stored, of ${lastSeq}`);
    promise((await rig.database.psql("SELECT count(DISTINCT stream) FROM observation")) === "1", "the spool began a second stream");
    // One reading each: the samples went with their observations.
    const samples = Number(await rig.database.psql("SELECT count(*) FROM sample"));
    promise(samples === lastSeq, `${samples} samples of ${lastSeq} observations`);
    return { rounds, kills, lostAnswers: relay.cuts.answers, observations: lastSeq, lost: 0, duplicates: 0 };
  } finally {
    await agent?.kill();
    await relay.close();
    await rm(folder, { recursive: true, force: true });
  }
};
