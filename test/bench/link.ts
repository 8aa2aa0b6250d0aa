import { requireLab } from "../lab/line-lab.ts";
import { answerOf, bothDirections, median, tally, withLab } from "./link-matrix.ts";

type Print = (line: string) => void;
const FLOOR_MBPS = 200;
/** How often a run is made again when other programs took the processor. */
const ATTEMPTS = 3;

/**
 * The line's long matrix in the lab: how far the estimate is off the shaper and iperf3, how often the verdict at 200 Mbps is wrong,
 * how loss, foreign traffic and 1 Gbps are borne. Takes about 25 minutes; needs root. `short` runs a tenth of it.
 */
export async function benchLink({ print = console.log, short = false }: { print?: Print; short?: boolean } = {}): Promise<void> {
  if (!requireLab()) return;
  // The first child compiles, the others find that done.
  await withLab({}, (session) => session.run({ directions: ["download"] }));
  await estimates(print, short ? [100, 205] : [50, 100, 150, 195, 205, 300, 500, 1000], short ? [20] : [5, 20, 40]);
  await verdicts(print, short ? [195, 205] : [150, 190, 195, 198, 202, 205, 210, 300, 1000], short ? 4 : 20);
  await losses(print, short ? 1 : 3);
  await foreignTraffic(print, short ? 1 : 5);
  await reasons(print, short ? 1 : 3);
}

/** Without a floor each direction runs to its cap: on a fast, far line 4 s hold one dip of CUBIC and not its mean. */
async function estimates(print: Print, rates: readonly number[], rttsMs: readonly number[]): Promise<void> {
  print(
    "estimate, CUBIC, 50 ms queue, 8 s: shaper Mbps | rtt ms | direction | ours | iperf3 -P4 3 s | off shaper % | off iperf3 % | host busy | starved runs discarded | ms CPU per Gbit, ours | iperf3 | agent RSS MB",
  );
  for (const rttMs of rttsMs) {
    await withLab({ rttMs }, async (session) => {
      for (const mbps of rates) {
        await session.lab.reshape({ mbps, queueMs: 50, lossPercent: 0 });
        const { outcome, cpuMs, rssBytes, discarded } = await session.runAwake({ busyMbps: 1_000, capMs: 8_000 }, ATTEMPTS);
        const answers = bothDirections.map((direction) => answerOf(outcome, direction));
        const gigabits = answers.reduce((sum, { megabytes }) => sum + megabytes * 0.008, 0);
        for (const [index, direction] of bothDirections.entries()) {
          const { mbps: iperf, cpuMsPerGbit } = await session.iperf(direction, 3);
          const ours = answers[index]?.mbps ?? Number.NaN;
          const off = (other: number) => ((ours / other - 1) * 100).toFixed(1);
          const cost = `${(cpuMs / gigabits).toFixed(0)} | ${cpuMsPerGbit.toFixed(0)} | ${(rssBytes / 1e6).toFixed(0)}`;
          print(
            `${mbps} | ${rttMs} | ${direction} | ${ours.toFixed(1)} | ${iperf.toFixed(1)} | ${off(mbps)} | ${off(iperf)} | ${answers[index]?.hostBusy} | ${discarded} | ${cost}`,
          );
        }
      }
    });
  }
}

async function verdicts(print: Print, rates: readonly number[], runs: number): Promise<void> {
  print(`verdict at ${FLOOR_MBPS} Mbps, CUBIC, rtt 20 ms: shaper Mbps | direction | verdicts | median s | median MB | excuses | starved runs discarded`);
  await withLab({}, async (session) => {
    for (const mbps of rates) {
      await session.lab.reshape({ mbps, queueMs: 50, lossPercent: 0 });
      const all = [];
      for (let run = 0; run < runs; run++) all.push(await session.runAwake({ floorMbps: FLOOR_MBPS, busyMbps: 1_000 }, ATTEMPTS));
      const outcomes = all.map(({ outcome }) => outcome);
      const discarded = all.reduce((sum, run) => sum + run.discarded, 0);
      for (const direction of bothDirections) {
        const answers = outcomes.map((outcome) => answerOf(outcome, direction));
        const seconds = median(answers.map((answer) => answer.seconds)).toFixed(1);
        const megabytes = median(answers.map((answer) => answer.megabytes)).toFixed(0);
        print(
          `${mbps} | ${direction} | ${tally(answers.map(({ verdict }) => verdict))} | ${seconds} | ${megabytes} | ${tally(answers.map(({ excuse }) => excuse || "none"))} | ${discarded}`,
        );
      }
    }
  });
}

async function losses(print: Print, runs: number): Promise<void> {
  print(`205 Mbps with random loss: server | loss % | direction | Mbps | verdicts at ${FLOOR_MBPS} | excuses`);
  for (const serverCongestion of ["bbr", "cubic"] as const) {
    await withLab({ serverCongestion }, async (session) => {
      for (const lossPercent of [0.1, 1]) {
        await session.lab.reshape({ mbps: 205, queueMs: 50, lossPercent });
        for (const direction of bothDirections) {
          const answers = [];
          for (let run = 0; run < runs; run++)
            answers.push(answerOf((await session.runAwake({ floorMbps: FLOOR_MBPS, directions: [direction] }, ATTEMPTS)).outcome, direction));
          const rates = answers.map(({ mbps }) => mbps.toFixed(0)).join(" ");
          print(
            `${serverCongestion} | ${lossPercent} | ${direction} | ${rates} | ${tally(answers.map(({ verdict }) => verdict))} | ${tally(answers.map(({ excuse }) => excuse || "none"))}`,
          );
        }
      }
    });
  }
}

async function foreignTraffic(print: Print, runs: number): Promise<void> {
  print("80 Mbps of foreign traffic through 200 Mbps: outcomes at 200 | excuses");
  await withLab({ mbps: 200 }, async (session) => {
    const stop = await session.foreignDownload(80);
    const outcomes = [];
    for (let run = 0; run < runs; run++) outcomes.push((await session.run({ floorMbps: FLOOR_MBPS, busyMbps: run % 2 === 0 ? 20 : 1_000 })).outcome);
    stop();
    print(
      `${tally(outcomes.map((outcome) => (outcome.kind === "measured" ? answerOf(outcome, "download").verdict : outcome.reason)))} | ${tally(outcomes.map((outcome) => (outcome.kind === "measured" ? (outcome.excuse ?? "none") : outcome.kind)))}`,
    );
  });
}

/** What is no verdict on the line: each obstacle in front of a line that others would call slow or fast. */
async function reasons(print: Print, runs: number): Promise<void> {
  print(`obstacle, download, floor ${FLOOR_MBPS} Mbps: obstacle | shaper Mbps | verdicts | excuses`);
  await withLab({}, async (session) => {
    const obstacles = [
      { name: "cable at 100 Mbps", mbps: 94, nic: { medium: "ethernet", speedMbps: 100 }, burden: () => () => {} },
      { name: "Wi-Fi uplink", mbps: 94, nic: { medium: "wifi" }, burden: () => () => {} },
      { name: "PC at 100 %", mbps: 94, nic: {}, burden: () => session.burdenPc() },
      { name: "server with other work", mbps: 300, nic: {}, burden: () => session.burdenServer() },
    ] as const;
    for (const { name, mbps, nic, burden } of obstacles) {
      await session.lab.reshape({ mbps, queueMs: 50, lossPercent: 0 });
      const relieve = burden();
      const answers = [];
      for (let run = 0; run < runs; run++)
        answers.push(answerOf((await session.run({ floorMbps: FLOOR_MBPS, directions: ["download"], busyMbps: 1_000 }, nic)).outcome, "download"));
      relieve();
      print(`${name} | ${mbps} | ${tally(answers.map(({ verdict }) => verdict))} | ${tally(answers.map(({ excuse }) => excuse || "none"))}`);
    }
  });
}
