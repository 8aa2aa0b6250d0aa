import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSnmp } from "../../agent/io/snmp.ts";
import { freeUdpPort } from "./free-port.ts";
import { type PeerProcess, startPeer } from "./peer-process.ts";

/** One snmpsimd that plays many devices: the community is the key of `recordings`, the value a .snmprec file. */
export type Snmpsim = { readonly port: number } & PeerProcess;

export async function startSnmpsim(recordings: Readonly<Record<string, string>>): Promise<Snmpsim> {
  const folder = mkdtempSync(join(tmpdir(), "hcc-snmpsim-"));
  chmodSync(folder, 0o755);
  for (const name of ["data", "cache"]) mkdirSync(join(folder, name));
  // As root it steps down to nobody, who must write its index.
  chmodSync(join(folder, "cache"), 0o777);
  for (const [community, file] of Object.entries(recordings)) {
    copyFileSync(file, join(folder, "data", `${community}.snmprec`));
    chmodSync(join(folder, "data", `${community}.snmprec`), 0o644);
  }
  const port = await freeUdpPort();
  const [probe = "public"] = Object.keys(recordings);
  const identity = process.getuid?.() === 0 ? ["--process-user=nobody", "--process-group=nogroup"] : [];
  const peer = await startPeer(
    "snmpsimd",
    [`--data-dir=${join(folder, "data")}`, `--cache-dir=${join(folder, "cache")}`, `--agent-udpv4-endpoint=127.0.0.1:${port}`, ...identity],
    () => answers(port, probe),
  );
  return {
    port,
    stop: async () => {
      await peer.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(port: number, community: string): Promise<boolean> {
  using session = openSnmp({ address: "127.0.0.1", port, access: { version: "2c", community } }, AbortSignal.timeout(400));
  return await session.get(["1.3.6.1.2.1.1.1.0"]).then(
    (found) => found.size > 0,
    () => false,
  );
}
