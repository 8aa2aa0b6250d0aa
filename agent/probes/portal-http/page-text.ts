/** A page as it came: its bytes, and what its headers say of them. */
export type Page = { readonly body: Uint8Array; readonly contentType: string | undefined; readonly contentEncoding: string | undefined };

/** Bytes within which a page names its own characters (HTML standard, "prescan a byte stream"). */
const PRESCAN_BYTES = 1024;
const byteOrderMarks = [
  ["utf-8", [0xef, 0xbb, 0xbf]],
  ["utf-16le", [0xff, 0xfe]],
  ["utf-16be", [0xfe, 0xff]],
] as const;
/** Accents by their names in HTML (`&ecirc;`), as marks that are joined to the letter. The letters that Vietnamese has beyond those are written as numbers. */
const accents: Readonly<Record<string, string>> = { grave: "\u0300", acute: "\u0301", circ: "\u0302", tilde: "\u0303", breve: "\u0306" };
const signs: Readonly<Record<string, string>> = { amp: "&", apos: "'", dstrok: "\u0111", Dstrok: "\u0110", gt: ">", lt: "<", nbsp: " ", quot: '"' };

/**
 * Pure. Whether a page's source holds a text, however the page writes it: in its own characters, composed or not, as entities, over several lines, in small
 * letters or capitals. Undefined when the page cannot be read, since it is packed or in characters that are not known here.
 */
export function holdsText(page: Page, expected: string): boolean | undefined {
  const source = sourceOf(page);
  return source === undefined ? undefined : plainText(decodeEntities(source)).includes(plainText(expected));
}

function sourceOf({ body, contentType, contentEncoding }: Page): string | undefined {
  if (contentEncoding !== undefined && contentEncoding.trim().toLowerCase() !== "identity") return undefined;
  try {
    return new TextDecoder(charsetOf(body, contentType)).decode(body);
  } catch {
    // The only error is a name of characters that nobody here knows.
    return undefined;
  }
}

/** As a browser decides: the mark at the beginning, the header, the page's own word; of a page that says nothing UTF-8 is supposed. */
function charsetOf(body: Uint8Array, contentType: string | undefined): string {
  const marked = byteOrderMarks.find(([, mark]) => mark.every((byte, at) => body[at] === byte));
  const head = new TextDecoder("latin1").decode(body.subarray(0, PRESCAN_BYTES));
  const own = /<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(head)?.[1];
  return marked?.[0] ?? /\bcharset\s*=\s*["']?([^\s"';]+)/i.exec(contentType ?? "")?.[1] ?? own ?? "utf-8";
}

function decodeEntities(source: string): string {
  return source
    .replace(/&#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}));?/g, (whole, hex: string | undefined, decimal: string | undefined) => {
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    })
    .replace(/&([A-Za-z])(grave|acute|circ|tilde|breve);?/g, (_whole, letter: string, accent: string) => letter + accents[accent])
    .replace(/&(amp|apos|dstrok|Dstrok|gt|lt|nbsp|quot);/g, (_whole, name: string) => signs[name] ?? "");
}

function plainText(text: string): string {
  return text.normalize("NFC").toLowerCase().replace(/\s+/g, " ").trim();
}
