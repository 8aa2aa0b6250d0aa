/** One RTP packet (RFC 3550), as far as proof of video needs it. */
export type RtpPacket = {
  readonly marker: boolean;
  readonly payloadBytes: number;
  /** ONVIF replay extension 0xABAC: when the frame was taken, and what follows it. */
  readonly replay: { readonly utcMs: number; readonly lastBeforeGap: boolean; readonly noMoreData: boolean } | undefined;
};

const ONVIF_REPLAY_EXTENSION = 0xabac;
/** Seconds between the NTP epoch (1900) and the Unix epoch. */
const NTP_TO_UNIX_S = 2_208_988_800;

/** Reads a packet; undefined when it is not RTP version 2 or its lengths do not fit. Does no I/O. */
export function readRtp(bytes: Uint8Array): RtpPacket | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12) return undefined;
  const first = view.getUint8(0);
  if (first >> 6 !== 2) return undefined;
  let offset = 12 + 4 * (first & 0x0f);
  let replay: RtpPacket["replay"];
  if (first & 0x10) {
    if (bytes.length < offset + 4) return undefined;
    const profile = view.getUint16(offset);
    const words = view.getUint16(offset + 2);
    if (bytes.length < offset + 4 + 4 * words) return undefined;
    if (profile === ONVIF_REPLAY_EXTENSION && words >= 3) {
      const flags = view.getUint8(offset + 12);
      replay = {
        utcMs: ntpToUnixMs(view.getUint32(offset + 4), view.getUint32(offset + 8)),
        lastBeforeGap: (flags & 0x40) !== 0,
        noMoreData: (flags & 0x10) !== 0,
      };
    }
    offset += 4 + 4 * words;
  }
  const padding = first & 0x20 ? (bytes.at(-1) ?? 0) : 0;
  if (offset + padding > bytes.length) return undefined;
  return { marker: (view.getUint8(1) & 0x80) !== 0, payloadBytes: bytes.length - offset - padding, replay };
}

// NTP seconds begin anew in 2036: a first bit of 0 is that second era.
function ntpToUnixMs(seconds: number, fraction: number): number {
  const era = seconds >= 0x8000_0000 ? 0 : 2 ** 32;
  return Math.round((era + seconds - NTP_TO_UNIX_S) * 1000 + (fraction / 2 ** 32) * 1000);
}
