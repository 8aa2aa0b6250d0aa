/**
 * Reads how many TCP segments a Linux host has sent again out of the text of /proc/net/snmp (RetransSegs of RFC 4022): a line of names, a line of
 * numbers. undefined for any other text.
 */
export function parseResentSegments(text: string): number | undefined {
  const [names, numbers] = text.split("\n").filter((line) => line.startsWith("Tcp:"));
  const value = Number(numbers?.split(" ")[names?.split(" ").indexOf("RetransSegs") ?? -1]);
  return Number.isFinite(value) ? value : undefined;
}

/** The file that Linux tells it in, per network namespace. */
export const TCP_COUNTERS_FILE = "/proc/net/snmp";
