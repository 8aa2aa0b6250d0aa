import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { requirePeer } from "../support/require-peer.ts";

const run = promisify(execFile);

/** A line as a provider sells it, and how bad it is. The same in both directions. */
export type Line = {
  readonly mbps: number;
  /** How long a full queue takes to drain, ms. */
  readonly queueMs: number;
  readonly rttMs: number;
  /** Random loss towards the centre and from it. */
  readonly lossPercent: number;
  /** Congestion control of the measure server and of the gateway PC. */
  readonly serverCongestion: "cubic" | "bbr";
  readonly pcCongestion: "cubic" | "bbr";
};

/** A token bucket that lets its bytes pass at a faster rate before the line's own holds, and fills again at that ("PowerBoost"). */
export type Boost = { readonly mbps: number; readonly megabytes: number };

export const plainLine: Line = { mbps: 205, queueMs: 50, rttMs: 20, lossPercent: 0, serverCongestion: "cubic", pcCongestion: "cubic" };

/** Address of the measure server's side of the lab. */
export const SERVER_ADDRESS = "10.77.0.1";
const NAME = "hcclab";

/** True when this process may build the lab; otherwise says by name what is missing, and fails where CI runs as root. */
export function requireLab(): boolean {
  if (!requirePeer("ip", "ethtool", "nft", "perl", "iperf3")) return false;
  const missing = process.getuid?.() !== 0 ? "root" : existsSync("/dev/net/tun") ? namespaceFault() : "/dev/net/tun";
  if (missing === undefined) return true;
  const message = `the line lab needs ${missing}: run the tests as root on a machine that allows network namespaces`;
  if (process.env.CI === "true" && process.getuid?.() === 0) throw new Error(message);
  console.warn(message);
  return false;
}

function namespaceFault(): string | undefined {
  try {
    execFileSync("ip", ["netns", "add", `${NAME}-${process.pid}-try`], { stdio: "pipe" });
    execFileSync("ip", ["netns", "delete", `${NAME}-${process.pid}-try`], { stdio: "pipe" });
    return undefined;
  } catch {
    return "network namespaces";
  }
}

/** Three namespaces in a row: server, provider's access node with the shaper, gateway PC. */
export class LineLab {
  static #count = 0;
  readonly #prefix = `${NAME}-${process.pid}-${LineLab.#count++}`;
  readonly #children: ChildProcess[] = [];

  /** Builds the lab. @throws when the system refuses; what was built until then is removed. */
  static async open(line: Line): Promise<LineLab> {
    await removeOrphans();
    const lab = new LineLab();
    try {
      await lab.#build(line);
      await lab.reshape(line);
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Changes rate, queue and loss of the open lab, and fills the bucket of a `boost`; round trip and congestion control stay. */
  async reshape({ mbps, queueMs, lossPercent, boost }: Pick<Line, "mbps" | "queueMs" | "lossPercent"> & { readonly boost?: Boost }): Promise<void> {
    const bytesPerMs = ((boost?.mbps ?? mbps) * 1000) / 8;
    const smallBurst = String(Math.max(3_200, Math.round(bytesPerMs * 2)));
    const shaper = [
      "rate",
      `${mbps}mbit`,
      "burst",
      boost ? String(Math.round(boost.megabytes * 1e6)) : smallBurst,
      ...(boost ? ["peakrate", `${boost.mbps}mbit`, "mtu", smallBurst] : []),
      "limit",
      String(Math.round(bytesPerMs * queueMs) + 6_400),
    ];
    for (const device of ["lab-down", "lab-up"]) {
      // A shaper that is changed keeps its queue, and a frame of the old rate above the new burst would stop it for good: the queue goes with the old one.
      await this.#in("access", "tc", "qdisc", "replace", "dev", device, "root", "pfifo");
      await this.#in("access", "tc", "qdisc", "replace", "dev", device, "root", "tbf", ...shaper);
    }
    // Joined frames spare the relay's processor; a loss must hit single ones.
    await this.#in("access", "ethtool", "-K", "lab-down", "gro", lossPercent === 0 ? "on" : "off");
    for (const place of ["pc", "server"] as const) {
      await this.#in(place, "nft", "flush", "ruleset");
      if (lossPercent === 0) continue;
      await this.#in(place, "nft", "add table ip lab; add chain ip lab in { type filter hook prerouting priority -300; }");
      await this.#in(place, "nft", `add rule ip lab in numgen random mod 100000 < ${Math.round(lossPercent * 1000)} drop`);
    }
  }

  /** Lets the access node answer the gateway PC's knocks, as the router of an office does: what shapes the way to the PC then lies in the LAN. */
  async turnIntoRouter(isRouter: boolean): Promise<void> {
    await this.#in("access", "nft", "flush", "ruleset");
    if (isRouter) return;
    await this.#in("access", "nft", "add table ip mute; add chain ip mute in { type filter hook input priority 0; }");
    await this.#in("access", "nft", 'add rule ip mute in iifname "lab-down" tcp dport 80 drop');
  }

  /** Starts a program at one place of the lab. It is ended with the lab. */
  spawn(place: "server" | "pc", command: string, args: readonly string[]): ChildProcess {
    const child = spawn("ip", ["netns", "exec", this.#name(place), command, ...args], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.push(child);
    return child;
  }

  /** Runs a program to its end and gives its stdout. */
  async output(place: "server" | "pc", command: string, ...args: string[]): Promise<string> {
    return this.#in(place, command, ...args);
  }

  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    for (const place of ["server", "access", "pc"] as const) await run("ip", ["netns", "delete", this.#name(place)]).catch(() => undefined);
  }

  #name(place: "server" | "access" | "pc"): string {
    return `${this.#prefix}-${place}`;
  }

  async #in(place: "server" | "access" | "pc", ...command: string[]): Promise<string> {
    return (await run("ip", ["netns", "exec", this.#name(place), ...command], { maxBuffer: 16 * 1024 * 1024 })).stdout;
  }

  async #build({ rttMs, serverCongestion, pcCongestion }: Line): Promise<void> {
    const [server, access, pc] = [this.#name("server"), this.#name("access"), this.#name("pc")];
    const ip = (namespace: string, ...args: string[]) => run("ip", ["-n", namespace, ...args]);
    for (const namespace of [server, access, pc]) {
      await run("ip", ["netns", "add", namespace]);
      await ip(namespace, "link", "set", "lo", "up");
      // Remembered metrics of one run would decide how the next one starts.
      await run("ip", ["netns", "exec", namespace, "sysctl", "-qw", "net.ipv4.tcp_no_metrics_save=1"]);
    }
    await this.#startRelay(access, rttMs / 2);
    await ip(access, "link", "set", "lab-wan", "netns", server);
    await ip(server, "address", "add", `${SERVER_ADDRESS}/30`, "dev", "lab-wan");
    await ip(server, "link", "set", "lab-wan", "up", "txqueuelen", "10000");
    await ip(server, "route", "add", "default", "dev", "lab-wan", "congctl", serverCongestion);
    await ip(access, "address", "add", "10.77.0.2/30", "dev", "lab-up");
    await ip(access, "link", "set", "lab-up", "up", "txqueuelen", "10000");
    await ip(access, "link", "add", "lab-down", "type", "veth", "peer", "name", "lab-line", "netns", pc);
    await ip(access, "address", "add", "10.77.1.1/30", "dev", "lab-down");
    await ip(access, "link", "set", "lab-down", "up");
    await run("ip", ["netns", "exec", access, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    await ip(pc, "address", "add", "10.77.1.2/30", "dev", "lab-line");
    await ip(pc, "link", "set", "lab-line", "up");
    await ip(pc, "route", "add", "default", "via", "10.77.1.1", "congctl", pcCongestion);
    await this.turnIntoRouter(false);
    // Real lines carry single frames: without this a loss would hit 64 KiB at once.
    for (const [namespace, device] of [
      [access, "lab-down"],
      [pc, "lab-line"],
    ] as const)
      await run("ip", ["netns", "exec", namespace, "ethtool", "-K", device, "tso", "off", "gso", "off"]);
  }

  /** The wire between server and access node, which takes its time. */
  async #startRelay(namespace: string, delayMs: number): Promise<void> {
    const script = fileURLToPath(new URL("delay-relay.pl", import.meta.url));
    const relay = spawn("ip", ["netns", "exec", namespace, "perl", script, "lab-wan", "lab-up", String(delayMs)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#children.push(relay);
    await Promise.race([
      once(relay.stdout, "data"),
      once(relay, "exit").then(() => {
        throw new Error("the delay relay of the lab ended at once");
      }),
    ]);
  }
}

/** Removes namespaces of labs whose process is gone. */
async function removeOrphans(): Promise<void> {
  const { stdout } = await run("ip", ["netns", "list"]);
  for (const name of stdout.split("\n").map((line) => line.split(" ")[0] ?? "")) {
    const pid = new RegExp(`^${NAME}-(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) await run("ip", ["netns", "delete", name]).catch(() => undefined);
  }
}
