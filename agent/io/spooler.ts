import { platform } from "node:os";
import { z } from "zod";
import { DeviceError } from "./device-error.ts";
import { ippQueuesOf } from "./ipp.ts";
import type { IppAttributes } from "./ipp-codec.ts";
import { powershellRows } from "./run-program.ts";
import { isPluggedIn, machinesBehind, readUsbDevices, type UsbDevice } from "./usb-devices.ts";

/** One print queue of this PC. CUPS tells IPP attributes but not whether the printer is there, which the kernel knows for some; Windows the fields of Win32_Printer. Names are hostile until cleaned. */
export type LocalQueue =
  | { readonly system: "cups"; readonly name: string; readonly attributes: IppAttributes; readonly isPluggedIn?: boolean }
  | { readonly system: "windows"; readonly name: string; readonly workOffline: boolean; readonly detectedErrorState: number };

/** Print queues and USB scanners that only this PC can see. */
export type LocalDevices = { readonly queues: readonly LocalQueue[]; readonly scanners: readonly { readonly name: string; readonly ok: boolean }[] };
/** Asks the spooler of this PC; a PC without one has no queues. @throws when the system cannot be asked */
export type ReadLocalDevices = (wanted: readonly string[], signal: AbortSignal) => Promise<LocalDevices>;

const CUPS = { address: "127.0.0.1", port: 631, path: "/" } as const;
const DEVICES_MAX = 64;
/** Queues without a machine behind them. */
const virtualQueue = /\b(PDF|XPS|OneNote|Fax|Foxit|Document Writer)\b/i;

export const readLocalDevices: ReadLocalDevices = (wanted, signal) => (platform() === "win32" ? readWindows(signal) : readCups(wanted, signal));

async function readCups(wanted: readonly string[], signal: AbortSignal): Promise<LocalDevices> {
  const usb = await readUsbDevices();
  const found = await ippQueuesOf(CUPS, wanted, signal).catch((error: unknown) => {
    if (error instanceof DeviceError && error.trouble === "refused") return [];
    throw error;
  });
  const scanners = (usb ?? []).filter(({ isScanner }) => isScanner).map(({ name }) => ({ name, ok: true }));
  return { queues: cupsQueues(found, usb), scanners: toldApart(scanners) };
}

/** Gives machines of one name names of their own, each the same from day to day: `fi-7160`, `fi-7160 2`. */
function toldApart<One extends { readonly name: string }>(machines: readonly One[]): One[] {
  const counts = new Map<string, number>();
  return machines.map((machine) => {
    const count = (counts.get(machine.name) ?? 0) + 1;
    counts.set(machine.name, count);
    return count === 1 ? machine : { ...machine, name: `${machine.name} ${count}` };
  });
}

/**
 * Queues of network printers are left out: the printer itself says more than its queue, which lies when it is off. A machine may have several queues, one for
 * each way of printing: the first on its port stands for it. Two of a kind without serial numbers share a port: as many are told as the kernel sees, by the names
 * of their queues and then by numbers behind the first.
 */
export function cupsQueues(found: readonly IppAttributes[], usb?: readonly UsbDevice[]): LocalQueue[] {
  const byPort = new Map<unknown, LocalQueue[]>();
  for (const attributes of found.slice(0, DEVICES_MAX)) {
    const [port] = attributes.get("device-uri") ?? [];
    const queue = cupsQueue(attributes, usb);
    if (queue) byPort.set(port, [...(byPort.get(port) ?? []), queue]);
  }
  return toldApart([...byPort].flatMap(([port, queues]) => machinesOn(String(port), queues, usb)));
}

function machinesOn(port: string, queues: readonly LocalQueue[], usb: readonly UsbDevice[] | undefined): LocalQueue[] {
  const [first] = queues;
  const count = Math.max(1, machinesBehind(port, usb));
  return first === undefined ? [] : Array.from({ length: count }, (_, place) => queues[place] ?? first);
}

function cupsQueue(attributes: IppAttributes, usb: readonly UsbDevice[] | undefined): LocalQueue | undefined {
  const [name] = attributes.get("printer-name") ?? [];
  const [uri] = attributes.get("device-uri") ?? [];
  const isLocal = typeof uri === "string" && /^(usb|hp:\/usb|parallel):/i.test(uri);
  if (typeof name !== "string" || !isLocal || virtualQueue.test(name)) return undefined;
  const pluggedIn = isPluggedIn(uri, usb);
  return { system: "cups", name, attributes, ...(pluggedIn !== undefined && { isPluggedIn: pluggedIn }) };
}

// Not run in our tests, for want of a Windows machine; the parsers are tested with rows in the documented shape.
async function readWindows(signal: AbortSignal): Promise<LocalDevices> {
  const [queues, images] = await Promise.all([
    powershellRows("Get-CimInstance Win32_Printer | Select-Object Name,DriverName,PortName,Local,WorkOffline,DetectedErrorState", signal),
    powershellRows(
      "Get-PnpDevice -PresentOnly -Class Image -ErrorAction SilentlyContinue | Select-Object FriendlyName,InstanceId,CompatibleID,@{n='Status';e={[string]$_.Status}}",
      signal,
    ),
  ]);
  return { queues: parseWin32Printer(queues), scanners: parsePnpImage(images) };
}

const Win32Printer = z.object({
  Name: z.string(),
  DriverName: z.string().nullish(),
  PortName: z.string().nullish(),
  Local: z.boolean().nullish(),
  WorkOffline: z.boolean().nullish(),
  DetectedErrorState: z.number().nullish(),
});

/**
 * Keeps queues on USB and parallel ports, one for each machine: a port's is offline where all on it are. On unplugging or power-off only WorkOffline changes;
 * the status stays idle.
 */
export function parseWin32Printer(rows: readonly unknown[]): readonly LocalQueue[] {
  const own = rows.slice(0, DEVICES_MAX).flatMap((row) => {
    const { data } = Win32Printer.safeParse(row);
    return !data || virtualQueue.test(data.Name) || !/^(USB|LPT|DOT4)/i.test(data.PortName ?? "") ? [] : [data];
  });
  const names = new Set(own.map(({ Name }) => Name));
  const ports = [...Map.groupBy(own, ({ PortName }) => PortName?.toUpperCase()).values()].flatMap((queues): PortQueue[] => {
    const [first] = queues;
    if (first === undefined) return [];
    const workOffline = queues.every(({ WorkOffline }) => WorkOffline === true);
    return [{ system: "windows", name: first.Name, model: modelOf(first, names), workOffline, detectedErrorState: first.DetectedErrorState ?? 0 }];
  });
  return [...Map.groupBy(ports, ({ model }) => model).values()].flatMap(machinesOf);
}

type PortQueue = Extract<LocalQueue, { system: "windows" }> & { readonly model: string };

/**
 * Driver and name of the queue of which this one is a copy, else its own: for another port Windows makes a printer's queue anew, by the same driver and with a
 * number such as "(Copy 1)", in its language, behind the name.
 */
function modelOf({ Name, DriverName }: z.infer<typeof Win32Printer>, names: ReadonlySet<string>): string {
  const plain = Name.replace(/(\s*\([^()]*\d\))+$/, "");
  return `${DriverName ?? ""}\n${names.has(plain) ? plain : Name}`;
}

/**
 * A printer without a USB serial number gets a second queue when it is plugged into another port, and the first stays behind, offline for ever. Nothing tells
 * such a pair from two machines but that these are on at once: as many are told as are on, at least one, by the first names of the model in order, so that a
 * machine that moves keeps its name.
 */
function machinesOf(queues: readonly PortQueue[]): LocalQueue[] {
  const names = queues.map(({ name }) => name).sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  const on = queues.filter(({ workOffline }) => !workOffline).sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  const told = on.length > 0 ? on : queues.slice(0, 1);
  return told.map(({ model: _, ...queue }, place): LocalQueue => ({ ...queue, name: names[place] ?? queue.name }));
}

const PnpImage = z.object({
  FriendlyName: z.string().nullish(),
  InstanceId: z.string().nullish(),
  CompatibleID: z.array(z.string()).nullish().catch(undefined),
  Status: z.string().nullish(),
});

/**
 * Reads rows of Get-PnpDevice. Webcams share the class: by their kind of USB device (video, class 0e), whatever the maker and the language of Windows call
 * them. So do scanners on the network, which are asked at their own addresses: only what hangs on this PC counts here.
 */
export function parsePnpImage(rows: readonly unknown[]): LocalDevices["scanners"] {
  const images = rows.slice(0, DEVICES_MAX).flatMap((row) => {
    const { data } = PnpImage.safeParse(row);
    const name = data?.FriendlyName ?? "";
    const isVideo = /camera|webcam/i.test(name) || data?.CompatibleID?.some((id) => /^USB\\Class_0e/i.test(id)) === true;
    return name === "" || isVideo || /^(SWD|ROOT)\\/i.test(data?.InstanceId ?? "") ? [] : [{ name, ok: data?.Status === "OK" }];
  });
  return toldApart(images);
}
