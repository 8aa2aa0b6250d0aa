import { fuzzRecorders, fuzzStreams } from "../support/recorder/fuzz.ts";

// A process of its own, so that its memory is the fuzz's alone: prints one line of JSON.
const count = Number(process.argv[2]);
const residentMb = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 1024 / 1024;
};
await fuzzRecorders(1_000, 1);
const before = residentMb();
const { slowestMs, mutated } = await fuzzRecorders(count, 42);
fuzzStreams(count, 42);
console.log(JSON.stringify({ slowestMs, mutated, grownMb: residentMb() - before }));
