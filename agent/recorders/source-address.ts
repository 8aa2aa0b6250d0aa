import { isIP } from "node:net";

/** A networked camera's address as a recorder wrote it down; undefined for a name, and for the zeros of a place that was never set. */
export function sourceAddress(text: string | undefined): string | undefined {
  return text !== undefined && isIP(text) > 0 && text !== "0.0.0.0" ? text : undefined;
}
