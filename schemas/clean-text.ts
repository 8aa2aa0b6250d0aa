/** Longest text from a device that is kept, in UTF-16 units. */
export const DEVICE_TEXT_MAX = 128;

/**
 * Makes text from outside (a device's name, an SSID, an error text) harmless to keep and print:
 * NFC, without control characters, escape sequences, bidi controls, zero-width marks or lone surrogates, at most `max` units.
 * Escaping for HTML, CSV or a terminal stays the duty of the place that prints.
 */
export function cleanText(raw: string, max = DEVICE_TEXT_MAX): string {
  const head = raw.slice(0, max * 8);
  const plain = head.replace(ansiSequence, "").toWellFormed().normalize("NFC").replace(invisible, " ").replace(/\s+/g, " ").trim();
  return plain.slice(0, max).toWellFormed();
}

// CSI and OSC sequences; a lone ESC falls under `invisible`.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const ansiSequence = /\u001b\[[0-9;:?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g;
// C0, DEL, C1, soft hyphen, zero-width, bidi marks, embeddings, overrides and isolates, BOM, replacement character.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
const invisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd]/g;
