import { expect, it } from "vitest";
import { type Configured, keepConfigured } from "../../agent/keep-configured.ts";
import type { AgentConfig } from "../../schemas/agent-config.ts";

/** Keeps a configuration for as many rounds as there are answers; `refused` renewals of the key throw. */
async function kept(answers: readonly (number | undefined | Error)[], refused = 0) {
  const stop = new AbortController();
  const left = [...answers];
  let refusals = refused;
  const [used, waits, logged]: [number[], number[], string[]] = [[], [], []];
  const agent: Configured = {
    fetch: async () => {
      const answer = left.shift();
      if (answer instanceof Error) throw answer;
      return answer === undefined ? undefined : ({ version: answer } as AgentConfig);
    },
    use: ({ version }) => void used.push(version),
    renewKey: async () => {
      if (refusals-- > 0) throw new Error("no space left on device");
    },
    log: { error: (message, fields) => void logged.push(`${message} ${fields?.error}`) },
    wait: async (ms) => {
      waits.push(Math.round(ms / 1_000));
      if (left.length === 0) stop.abort();
    },
  };
  await keepConfigured(agent, stop.signal);
  return { used, waits, logged };
}

it("goes on after an error of any kind, and asks again soon", async () => {
  const { used, waits, logged } = await kept([new Error("EACCES: permission denied"), undefined, 1, 2]);
  expect(used).toEqual([1, 2]);
  expect(waits.map((s) => (s < 60 ? "soon" : "later"))).toEqual(["soon", "soon", "later", "later"]);
  expect(logged).toEqual([expect.stringContaining("permission denied")]);
});

it("uses a configuration although the key could not be renewed", async () => {
  const { used, logged } = await kept([1, 2], 1);
  expect(used).toEqual([1, 2]);
  expect(logged).toEqual([expect.stringContaining("no space left")]);
});
