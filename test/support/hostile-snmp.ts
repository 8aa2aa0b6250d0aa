import { createSocket } from "node:dgram";
import { once } from "node:events";

/** What an SNMP v1 or v2c request asks: its version (0 is v1, 1 is v2c), the number of its PDU, its objects and the first of these. */
export type Asked = {
  readonly version: number;
  readonly requestId: number;
  readonly oid: string;
  readonly oids: readonly string[];
  readonly pdu: number;
  readonly community: string;
};
/** One object of an answer: text goes as octets, a number as INTEGER, an `oid` as such. */
export type HostileRow = { readonly oid: string; readonly value: string | number | Buffer | { readonly oid: string } | { readonly counter64: bigint } };

/** A device that says whatever the test wants: it builds each datagram itself, so nothing keeps it honest. */
export async function startHostileAgent(reply: (asked: Asked) => readonly Buffer[]): Promise<{ port: number; asked: () => number; stop: () => Promise<void> }> {
  const socket = createSocket("udp4");
  let count = 0;
  socket.on("message", (message, peer) => {
    count++;
    for (const datagram of reply(readRequest(message))) socket.send(datagram, peer.port, peer.address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    port: socket.address().port,
    asked: () => count,
    stop: async () => {
      socket.close();
      await once(socket, "close");
    },
  };
}

/** A response to one request, in its version. `errorStatus` as RFC 3416 numbers it: 5 is genErr. */
export function answer({ version, requestId, community }: Asked, rows: readonly HostileRow[], errorStatus = 0): Buffer {
  const varbinds = tlv(0x30, ...rows.map(({ oid, value }) => tlv(0x30, encodeOid(oid), encodeValue(value))));
  return tlv(0x30, integer(version), tlv(0x04, Buffer.from(community)), tlv(0xa2, integer(requestId), integer(errorStatus), integer(0), varbinds));
}

function encodeValue(value: HostileRow["value"]): Buffer {
  if (typeof value === "number") return integer(value);
  if (typeof value === "string" || Buffer.isBuffer(value)) return tlv(0x04, Buffer.from(value));
  if ("oid" in value) return encodeOid(value.oid);
  const bytes = Buffer.alloc(9);
  bytes.writeBigUInt64BE(value.counter64, 1);
  return tlv(0x46, bytes);
}

function tlv(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = body.length < 128 ? Buffer.from([body.length]) : Buffer.from([0x82, body.length >> 8, body.length & 255]);
  return Buffer.concat([Buffer.from([tag]), length, body]);
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return tlv(0x02, bytes);
}

function encodeOid(oid: string): Buffer {
  const [first = 1, second = 3, ...rest] = oid.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 127];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 127) | 128);
    bytes.push(...digits);
  }
  return tlv(0x06, Buffer.from(bytes));
}

type Element = { readonly tag: number; readonly body: Buffer; readonly rest: Buffer };

function element(bytes: Buffer): Element {
  const tag = bytes.readUInt8(0);
  const short = bytes.readUInt8(1);
  const width = short < 128 ? 0 : short & 127;
  const length = width === 0 ? short : bytes.readUIntBE(2, width);
  return { tag, body: bytes.subarray(2 + width, 2 + width + length), rest: bytes.subarray(2 + width + length) };
}

function readRequest(message: Buffer): Asked {
  const version = element(element(message).body);
  const community = element(version.rest);
  const pdu = element(community.rest);
  const requestId = element(pdu.body);
  const varbinds = element(element(element(requestId.rest).rest).rest);
  const oids: string[] = [];
  for (let rest = varbinds.body; rest.length > 0; rest = element(rest).rest) oids.push(decodeOid(element(element(rest).body).body));
  return {
    version: version.body.readUInt8(0),
    requestId: requestId.body.readIntBE(0, requestId.body.length),
    oid: oids[0] ?? "",
    oids,
    pdu: pdu.tag,
    community: community.body.toString(),
  };
}

function decodeOid(bytes: Buffer): string {
  const arcs = [Math.floor(bytes.readUInt8(0) / 40), bytes.readUInt8(0) % 40];
  let arc = 0;
  for (const byte of bytes.subarray(1)) {
    arc = arc * 128 + (byte & 127);
    if (byte < 128) {
      arcs.push(arc);
      arc = 0;
    }
  }
  return arcs.join(".");
}
