import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { UserIdentity } from "./user-identity.ts";

export type PeerProcess = { readonly stop: () => Promise<void> };
type PeerOptions = {
  /** Runs it as another user. */
  readonly identity?: UserIdentity;
  /** How long it may take to end by itself, ms. */
  readonly stopMs?: number;
};

/** Starts a peer and waits until `isReady` says yes. Its last words are in the error when it dies or is late. */
export async function startPeer(
  program: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  env: Record<string, string> = {},
  { identity = {}, stopMs = 2_000 }: PeerOptions = {},
): Promise<PeerProcess & { readonly pid: number }> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env }, ...identity });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => {
      said = (said + part.toString("utf8")).slice(-2_000);
    });
  const failed = once(child, "error").then(([error]) => {
    throw error;
  });
  failed.catch(() => {});
  const stop = () => stopChild(child, stopMs);
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) throw new Error(`${program} ended at once: ${said}`);
    if (await Promise.race([isReady(), failed])) return { pid: child.pid ?? 0, stop };
    await sleep(100);
  }
  await stop();
  throw new Error(`${program} was not ready within 10 s: ${said}`);
}

async function stopChild(child: ChildProcess, stopMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), stopMs);
  await gone;
  clearTimeout(late);
}
