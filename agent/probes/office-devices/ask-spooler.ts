import { cleanText } from "#schemas/clean-text.ts";
import { judgeIppPrinter, printerAttributes } from "../../devices/printer-ipp.ts";
import { judgeWindowsPrinter } from "../../devices/printer-windows.ts";
import type { Io } from "../../io/io.ts";
import type { LocalQueue } from "../../io/spooler.ts";
import type { DeviceAnswer } from "./device-answer.ts";

const THIS_PC = "127.0.0.1";
/** Longest time that the spooler may take: PowerShell alone starts in seconds. */
const SPOOLER_MS = 15_000;

/** USB printers and scanners of this PC. A spooler that cannot be asked shows none: its devices are no targets of the run. */
export async function askSpooler(io: Io, signal: AbortSignal): Promise<readonly DeviceAnswer[]> {
  const local = await io.readLocalDevices(printerAttributes, AbortSignal.any([signal, AbortSignal.timeout(SPOOLER_MS)])).catch(() => undefined);
  if (local === undefined) return [];
  const common = { address: THIS_PC, method: "spooler" } as const;
  return [
    ...local.queues.map((queue): DeviceAnswer => ({ ...common, label: cleanText(queue.name, 64), role: "printer", ...stateOf(queue) })),
    ...local.scanners.map(({ name, ok }): DeviceAnswer => {
      const scanner = { ready: ok, state: ok ? "present" : "error" };
      return { ...common, label: cleanText(name, 64), role: "scanner", up: true, scanner };
    }),
  ];
}

/** A queue that works offline means a printer that is unplugged or off. CUPS cannot tell: where the kernel cannot either, the queue's word must do. */
function stateOf(queue: LocalQueue): Pick<DeviceAnswer, "up" | "printer"> {
  if (queue.system === "cups") return queue.isPluggedIn === false ? { up: false } : { up: true, printer: judgeIppPrinter(queue.attributes) };
  return { up: !queue.workOffline, printer: judgeWindowsPrinter(queue.detectedErrorState, queue.workOffline) };
}
