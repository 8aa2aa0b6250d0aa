/** Values of one IPP attribute as they came: text, numbers, flags. Other kinds (dates, collections) are left out. */
export type IppValue = string | number | boolean;
export type IppAttributes = ReadonlyMap<string, readonly IppValue[]>;
/** An answer: its status and one map of attributes for each printer that it tells of. */
export type IppAnswer = { readonly status: number; readonly printers: readonly IppAttributes[] };

/** Operations of RFC 8011 and of CUPS. */
export const ippOperations = { getPrinterAttributes: 0x000b, cupsGetPrinters: 0x4002 } as const;

/** Tags of RFC 8010 §3.5. */
const tag = { operation: 1, end: 3, printer: 4, integer: 0x21, boolean: 0x22, enum: 0x23, keyword: 0x44, uri: 0x45, charset: 0x47, language: 0x48 } as const;
const FIRST_VALUE_TAG = 0x10;
/** Attributes with a language before the text, RFC 8010 §3.9. */
const textWithLanguage = 0x35;
const nameWithLanguage = 0x36;
const TEXT_MAX = 1_023;
const ATTRIBUTES_MAX = 5_000;

/** Encodes one request for the attributes of a printer, or of all printers when `uri` is absent. */
export function encodeIppRequest(operation: number, wanted: readonly string[], uri?: string): Uint8Array {
  const head = Buffer.alloc(8);
  // IPP/1.1, which every printer speaks; request 1.
  head.writeUInt16BE(0x0101, 0);
  head.writeUInt16BE(operation, 2);
  head.writeUInt32BE(1, 4);
  const attributes = [
    attribute(tag.charset, "attributes-charset", "utf-8"),
    attribute(tag.language, "attributes-natural-language", "en"),
    ...(uri === undefined ? [] : [attribute(tag.uri, "printer-uri", uri)]),
    ...wanted.map((name, index) => attribute(tag.keyword, index === 0 ? "requested-attributes" : "", name)),
  ];
  return Buffer.concat([head, Buffer.from([tag.operation]), ...attributes, Buffer.from([tag.end])]);
}

function attribute(kind: number, name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const whole = Buffer.alloc(5 + nameBytes.length + valueBytes.length);
  whole.writeUInt8(kind, 0);
  whole.writeUInt16BE(nameBytes.length, 1);
  nameBytes.copy(whole, 3);
  whole.writeUInt16BE(valueBytes.length, 3 + nameBytes.length);
  valueBytes.copy(whole, 5 + nameBytes.length);
  return whole;
}

/** Decodes an answer. @throws RangeError when it is cut off or is no IPP */
export function decodeIppAnswer(bytes: Buffer): IppAnswer {
  if (bytes.length < 9 || bytes.readUInt8(0) > 3) throw new RangeError("no IPP answer");
  const status = bytes.readUInt16BE(2);
  const printers: Map<string, IppValue[]>[] = [];
  let group: Map<string, IppValue[]> | undefined;
  let current: IppValue[] | undefined;
  let depth = 0;
  let count = 0;
  let at = 8;
  for (;;) {
    const kind = bytes.readUInt8(at++);
    if (kind === tag.end) return { status, printers };
    if (kind < FIRST_VALUE_TAG) {
      group = kind === tag.printer ? new Map() : undefined;
      if (group) printers.push(group);
      current = undefined;
      continue;
    }
    if (++count > ATTRIBUTES_MAX) throw new RangeError("too many attributes");
    const name = field(bytes, at);
    at += 2 + name.length;
    const value = field(bytes, at);
    at += 2 + value.length;
    // Members of collections have no names of their own and would run into the attribute before.
    if (kind === 0x34) depth++;
    if (kind === 0x37) depth--;
    if (name.length > 0) {
      current = [];
      group?.set(name.toString("latin1"), current);
    }
    if (depth > 0) continue;
    const decoded = decodeValue(kind, value);
    if (decoded !== undefined) current?.push(decoded);
  }
}

function field(bytes: Buffer, at: number): Buffer {
  const length = bytes.readUInt16BE(at);
  if (at + 2 + length > bytes.length) throw new RangeError("cut off");
  return bytes.subarray(at + 2, at + 2 + length);
}

function decodeValue(kind: number, value: Buffer): IppValue | undefined {
  if (kind === tag.integer || kind === tag.enum) return value.length === 4 ? value.readInt32BE(0) : undefined;
  if (kind === tag.boolean) return value.length === 1 ? value.readUInt8(0) !== 0 : undefined;
  if (kind === textWithLanguage || kind === nameWithLanguage) {
    const language = field(value, 0);
    return field(value, 2 + language.length).toString("utf8");
  }
  // 0x30 octetString (printer-supply), 0x41 and 0x42 text and name, 0x44 to 0x49 keyword to mimeMediaType.
  if (kind === 0x30 || (kind >= 0x41 && kind <= 0x49)) return value.subarray(0, TEXT_MAX).toString("utf8");
  return undefined;
}
