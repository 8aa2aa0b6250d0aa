import { describe, expect, test } from "vitest";
import { readRtp } from "../../../agent/io/rtp.ts";
import { rtspUri } from "../../../agent/io/rtsp.ts";
import { createRtspReader, type RtspPacket, type RtspReply } from "../../../agent/io/rtsp-reader.ts";
import { readSdp } from "../../../agent/io/rtsp-video.ts";

const head = [0x80, 0x60, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1];
// 2026-10-23T01:15:00.500Z: seconds since 1900 and half a second of fraction.
const ntp = [...word(Date.UTC(2026, 9, 23, 1, 15) / 1000 + 2_208_988_800), 0x80, 0, 0, 0];
function word(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
}

describe("readRtp", () => {
  test.each<[string, number[], object | undefined]>([
    ["a plain packet", [...head, 1, 2, 3], { marker: false, payloadBytes: 3, replay: undefined }],
    ["a marker", [0x80, 0xe0, ...head.slice(2), 1], { marker: true, payloadBytes: 1 }],
    ["padding is no payload", [0xa0, ...head.slice(1), 1, 2, 0, 2], { payloadBytes: 2 }],
    [
      "ONVIF's extension gives UTC",
      [0x90, ...head.slice(1), 0xab, 0xac, 0, 3, ...ntp, 0x50, 0, 0, 0, 9],
      { payloadBytes: 1, replay: { utcMs: Date.UTC(2026, 9, 23, 1, 15, 0, 500), lastBeforeGap: true, noMoreData: true } },
    ],
    ["after 2036 the era turns", [0x90, ...head.slice(1), 0xab, 0xac, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], { replay: { utcMs: 2_085_978_496_000 } }],
    ["another extension says nothing", [0x90, ...head.slice(1), 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 9], { payloadBytes: 1, replay: undefined }],
    ["version 1", [0x40, ...head.slice(1), 1], undefined],
    ["too short", [0x80, 1, 2], undefined],
    ["sources beyond the end", [0x8f, ...head.slice(1), 1], undefined],
    ["an extension beyond the end", [0x90, ...head.slice(1), 0xab, 0xac, 0xff, 0xff, 1], undefined],
    ["padding beyond the start", [0xa0, ...head.slice(1), 200], undefined],
  ])("%s", (_, bytes, expected) => {
    const packet = readRtp(Uint8Array.from(bytes));
    if (expected === undefined) expect(packet).toBeUndefined();
    else expect(packet).toMatchObject(expected);
  });
});

describe("createRtspReader", () => {
  const feed = (chunks: Buffer[]) => {
    const seen: (RtspReply | RtspPacket)[] = [];
    const read = createRtspReader({ reply: (reply) => seen.push(reply), packet: (packet) => seen.push(packet) }, "cam");
    for (const chunk of chunks) read(chunk);
    return seen;
  };
  const stream = Buffer.concat([
    Buffer.from("RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 4\r\nWWW-Authenticate: Digest a\r\nWWW-Authenticate: Basic b\r\n\r\nabcd"),
    Buffer.from([0x24, 1, 0, 2, 7, 8]),
    Buffer.from("RTSP/1.0 454 Session Not Found\r\nCSeq: 4\r\n\r\n"),
  ]);
  const expected = [
    { status: 200, cseq: 3, body: "abcd", challenges: ["Digest a", "Basic b"] },
    { channel: 1, data: Buffer.from([7, 8]) },
    { status: 454, cseq: 4 },
  ];

  test("whole and byte by byte give the same", () => {
    expect(feed([stream])).toMatchObject(expected);
    expect(feed([...stream].map((byte) => Buffer.from([byte])))).toMatchObject(expected);
  });
  test.each([
    ["HTTP", "HTTP/1.1 200 OK\r\n\r\n"],
    ["an endless header", `RTSP/1.0 200 OK\r\n${"x".repeat(17_000)}`],
    ["an absurd length", "RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"],
    ["a negative length", "RTSP/1.0 200 OK\r\nContent-Length: -5\r\n\r\n"],
  ])("refuses %s", (_, text) => {
    expect(() => feed([Buffer.from(text)])).toThrow(/cam/);
  });
});

test.each([
  ["rtsp://user:secret@10.1.1.1:8554/a?b=c", "rtsp://192.168.1.9:8554/a?b=c", 8554],
  ["RTSP://[fe80::1]/x", "rtsp://192.168.1.9:554/x", 554],
  ["rtsp://10.1.1.1", "rtsp://192.168.1.9:554/", 554],
])("rtspUri replaces host and login of %s", (uri, expected, port) => {
  expect(rtspUri(uri, "192.168.1.9")).toEqual({ uri: expected, port });
});
test.each(["http://10.1.1.1/", "rtsp://a/b c", "rtsp://a/\r\nX: 1", "", `rtsp://a/${"x".repeat(2000)}`])("rtspUri refuses %j", (uri) => {
  expect(rtspUri(uri, "192.168.1.9")).toBeUndefined();
});

test("readSdp finds the first video and its codec", () => {
  const sdp =
    "v=0\r\na=control:*\r\nm=audio 0 RTP/AVP 0\r\na=control:t0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H265/90000\r\na=control:t1\r\nm=video 0 RTP/AVP 97\r\na=control:t2\r\n";
  expect(readSdp(sdp)).toEqual({ sessionControl: "*", videoControl: "t1", codec: "H265" });
  expect(readSdp("v=0\r\nm=audio 0 RTP/AVP 0\r\n")).toBeUndefined();
});
