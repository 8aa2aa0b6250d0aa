import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { tcpKnock } from "../../agent/io/tcp.ts";
import { freeTcpPort } from "./free-port.ts";
import { type PeerProcess, startPeer } from "./peer-process.ts";

/** CUPS' own IPP printer. Its supplies and trays are set by its web forms, what happens to a job by the command that "prints" it. */
export type IppEvePrinter = PeerProcess & {
  readonly port: number;
  readonly set: (form: "supplies" | "media", query: string) => Promise<void>;
  /** Sends a page, during which the printer comes to say `reason` ("media-jam"). The page is not done until what this resolves with is called. */
  readonly print: (reason: string) => Promise<() => Promise<void>>;
};

/** Starts a printer with a message bus of its own: it looks for one even when told not to announce itself. */
export async function startIppEvePrinter(name: string): Promise<IppEvePrinter> {
  const folder = mkdtempSync(join(tmpdir(), "hcc-ipp-"));
  const file = (last: string) => join(folder, last);
  // The printer's mechanics: it says its reason, then works on the page for as long as it is held.
  writeFileSync(file("print.sh"), `#!/bin/sh\necho "STATE: $(cat '${file("reason")}')" >&2\nwhile [ -e '${file("held")}' ]; do sleep 0.05; done\n`);
  chmodSync(file("print.sh"), 0o755);
  writeFileSync(file("page.txt"), "Trang thử\n");
  const bus = await startPeer("dbus-daemon", ["--session", "--nofork", `--address=unix:path=${file("bus")}`], async () => existsSync(file("bus")));
  const port = await freeTcpPort();
  const isReady = async () => (await tcpKnock("127.0.0.1", port, 500, AbortSignal.timeout(1_000))) === "open";
  const manner = ["-r", "off", "-p", String(port), "-n", "localhost", "-d", folder, "-f", "text/plain", "-c", file("print.sh")];
  const printer = await startPeer("ippeveprinter", [...manner, name], isReady, { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${file("bus")}` });
  return {
    port,
    set: async (form, query) => {
      const reply = await fetch(`http://127.0.0.1:${port}/${form}?${query}`);
      if (!reply.ok) throw new Error(`ippeveprinter answered its form with ${reply.status}`);
      await reply.arrayBuffer();
    },
    print: async (reason) => {
      writeFileSync(file("reason"), reason);
      writeFileSync(file("held"), "");
      const uri = `ipp://localhost:${port}/ipp/print`;
      await promisify(execFile)("ipptool", ["-d", "filetype=text/plain", "-f", file("page.txt"), uri, "print-job.test"], { timeout: 10_000 });
      return async () => {
        rmSync(file("held"));
        await untilIdle(port);
      };
    },
    stop: async () => {
      await printer.stop();
      await bus.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilIdle(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const page = await fetch(`http://127.0.0.1:${port}/`);
    if ((await page.text()).includes("Idle")) return;
    await sleep(50);
  }
  throw new Error("ippeveprinter did not finish its page within 10 s");
}
