/** Fewest characters of a serial number that name one device. */
const SHORTEST = 6;

/**
 * Whether a device's serial number is the one of the inventory. Labels often carry the last part only of what the device tells,
 * and people write them with spaces or in lower case. Pure.
 */
export function isSameSerial(told: string, expected: string): boolean {
  const [own, wanted] = [plain(told), plain(expected)];
  return own === wanted || (wanted.length >= SHORTEST && own.endsWith(wanted));
}

function plain(serial: string): string {
  return serial.toUpperCase().replace(/[^0-9A-Z]/g, "");
}
