import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tcpKnock } from "../../agent/io/tcp.ts";
import { freeTcpPort } from "./free-port.ts";
import { type PeerProcess, startPeer } from "./peer-process.ts";

/** CUPS' own IPP printer. Its supplies and trays are set by its web forms. */
export type IppEvePrinter = PeerProcess & { readonly port: number; readonly set: (form: "supplies" | "media", query: string) => Promise<void> };

/** Starts a printer with a message bus of its own: it looks for one even when told not to announce itself. */
export async function startIppEvePrinter(name: string): Promise<IppEvePrinter> {
  const folder = mkdtempSync(join(tmpdir(), "hcc-ipp-"));
  const address = `unix:path=${join(folder, "bus")}`;
  const bus = await startPeer("dbus-daemon", ["--session", "--nofork", `--address=${address}`], async () => existsSync(join(folder, "bus")));
  const port = await freeTcpPort();
  const isReady = async () => (await tcpKnock("127.0.0.1", port, 500, AbortSignal.timeout(1_000))) === "open";
  const printer = await startPeer("ippeveprinter", ["-r", "off", "-p", String(port), "-n", "localhost", "-d", folder, name], isReady, {
    DBUS_SYSTEM_BUS_ADDRESS: address,
  });
  return {
    port,
    set: async (form, query) => {
      const reply = await fetch(`http://127.0.0.1:${port}/${form}?${query}`);
      if (!reply.ok) throw new Error(`ippeveprinter answered its form with ${reply.status}`);
      await reply.arrayBuffer();
    },
    stop: async () => {
      await printer.stop();
      await bus.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
