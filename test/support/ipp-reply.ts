/** Value tags of RFC 8010 by the kind of value that a test writes. */
type Value = number | boolean | string;
const tagOf = (value: Value) => (typeof value === "number" ? 0x21 : typeof value === "boolean" ? 0x22 : 0x44);

/** An IPP answer with one printer, as a device would send it. */
export function ippReply(attributes: Readonly<Record<string, readonly Value[]>>, status = 0): Buffer {
  const parts: Buffer[] = [
    Buffer.from([1, 1, status >> 8, status & 255, 0, 0, 0, 1, 0x01]),
    attribute(0x47, "attributes-charset", Buffer.from("utf-8")),
    Buffer.from([0x04]),
  ];
  for (const [name, values] of Object.entries(attributes))
    for (const [index, value] of values.entries()) parts.push(attribute(tagOf(value), index === 0 ? name : "", bytesOf(value)));
  return Buffer.concat([...parts, Buffer.from([0x03])]);
}

function bytesOf(value: Value): Buffer {
  if (typeof value === "boolean") return Buffer.from([value ? 1 : 0]);
  if (typeof value === "string") return Buffer.from(value);
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function attribute(tag: number, name: string, value: Buffer): Buffer {
  const head = Buffer.alloc(3);
  head.writeUInt8(tag, 0);
  head.writeUInt16BE(name.length, 1);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(value.length, 0);
  return Buffer.concat([head, Buffer.from(name), length, value]);
}
