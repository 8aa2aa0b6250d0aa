import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A printer or scanner on a USB port of this PC. `models` are the names that it gives its model, to USB and as a printer (IEEE 1284). Texts are hostile until cleaned. */
export type UsbDevice = {
  readonly name: string;
  readonly models: readonly string[];
  readonly serial: string;
  readonly isPrinter: boolean;
  readonly isScanner: boolean;
};

/** Where Linux shows its USB devices, and where udev keeps what its rules know of them. Other folders in tests. */
const linuxPlaces = { sysfs: "/sys/bus/usb/devices", udev: "/run/udev/data" };
const DEVICES_MAX = 128;
/** bInterfaceClass of printers (USB-IF class codes). */
const PRINTER_CLASS = "07";

/**
 * Printers and scanners on USB, on Linux. A printer shows its class; scanners have none of their own, so SANE's udev rules say which devices it drives.
 * undefined where the kernel shows no USB at all, and so nothing can be said.
 */
export async function readUsbDevices({ sysfs, udev } = linuxPlaces): Promise<readonly UsbDevice[] | undefined> {
  const names = await readdir(sysfs).catch(() => undefined);
  if (names === undefined) return undefined;
  // `1-2.3` is a device, `1-2.3:1.0` one of its interfaces, `usb1` a root hub.
  const devices = names.filter((name) => /^\d+-[\d.]+$/.test(name)).slice(0, DEVICES_MAX);
  const read = await Promise.all(
    devices.map(async (device): Promise<UsbDevice> => {
      const interfaces = names.filter((name) => name.startsWith(`${device}:`));
      const classes = await Promise.all(interfaces.map((name) => wordOf(sysfs, name, "bInterfaceClass")));
      const [product, maker, serial, number] = await Promise.all(["product", "manufacturer", "serial", "dev"].map((file) => wordOf(sysfs, device, file)));
      const ids = await Promise.all(interfaces.map((name) => wordOf(sysfs, name, "ieee1284_id")));
      const rules = number === undefined ? undefined : await wordOf(udev, `c${number}`);
      return {
        name: [maker, product].filter((word) => word !== undefined && word !== "").join(" ") || device,
        models: [product, ...ids.map(modelOf)].flatMap((word) => word || []),
        serial: serial ?? "",
        isPrinter: classes.includes(PRINTER_CLASS),
        isScanner: rules !== undefined && /^E:libsane_matched=yes$/m.test(rules),
      };
    }),
  );
  return read.filter(({ isPrinter, isScanner }) => isPrinter || isScanner);
}

/** The model in a printer's description of itself: `MFG:Canon;MDL:LBP2900;CLS:PRINTER;`. */
function modelOf(id: string | undefined): string | undefined {
  return /(?:^|;)\s*(?:MDL|MODEL):([^;]*)/i.exec(id ?? "")?.[1]?.trim();
}

async function wordOf(...path: readonly [string, ...string[]]): Promise<string | undefined> {
  return readFile(join(...path), "utf8").then(
    (text) => text.trim(),
    () => undefined,
  );
}

/**
 * Whether the machine behind a queue's `usb://Maker/Model?serial=X` or HPLIP's `hp:/usb/Model?serial=X` is plugged in and on. undefined for other ports, and where nothing can be said:
 * without a serial number any printer may be the one.
 */
export function isPluggedIn(uri: string, devices: readonly UsbDevice[] | undefined): boolean | undefined {
  if (devices === undefined || !/^(usb:|hp:\/usb\/)/i.test(uri)) return undefined;
  const printers = devices.filter(({ isPrinter }) => isPrinter);
  const [, serial] = /[?&]serial=([^&]*)/i.exec(uri) ?? [];
  if (serial === undefined || printers.some((one) => one.serial === "")) return printers.length > 0 ? undefined : false;
  return printers.some((one) => one.serial === serial);
}

/**
 * How many machines are on behind a queue's port: CUPS names a printer without a serial number by its model alone, so that two of a kind have one port, and the
 * kernel alone sees both. 0 where nothing can be said.
 */
export function machinesBehind(uri: string, devices: readonly UsbDevice[] = []): number {
  const [, named] = /^(?:usb:\/\/[^/]*|hp:\/usb)\/([^?]+)/i.exec(uri) ?? [];
  if (named === undefined || /[?&]serial=[^&]/i.test(uri)) return 0;
  const model = plain(unescaped(named));
  return devices.filter(({ isPrinter, serial, models }) => isPrinter && serial === "" && models.some((own) => plain(own).endsWith(model))).length;
}

/** Letters and digits alone: spaces, hyphens and underscores are written differently in each place. */
function plain(model: string): string {
  return model.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
