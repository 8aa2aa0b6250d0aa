import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fetchFrame, watchStream } from "../../../agent/io/rtsp-video.ts";
import { startGstServer } from "../../support/recorder/start-gst-server.ts";
import { requirePeer } from "../../support/require-peer.ts";

describe.skipIf(!requirePeer("gst-rtsp-server"))("against GStreamer's RTSP server", () => {
  let server: Awaited<ReturnType<typeof startGstServer>>;
  beforeAll(async () => {
    server = await startGstServer("viewer", "p@ss");
  });
  afterAll(() => server.stop());
  const watch = (path: string, password: string) => {
    const target = { address: "127.0.0.1", user: "viewer", password, signal: AbortSignal.timeout(15_000), deadlineMs: 10_000 };
    // A wrong host in the address, as devices behind NAT give it.
    return watchStream(target, `rtsp://someone:else@192.0.2.1:${server.port}${path}`, 3, 8_000);
  };

  test("a live stream with Digest login proves itself by its packets", async () => {
    expect(await watch("/live", "p@ss")).toMatchObject({ up: true, packets: 3, codec: "H264", status: 200 });
  });
  test.each([Date.UTC(2026, 9, 23, 1, 15), Date.UTC(2025, 1, 28, 23, 59, 59)])("ONVIF replay gives the frame at %d with its own UTC", async (atMs) => {
    const target = { address: "127.0.0.1", user: "viewer", password: "p@ss", signal: AbortSignal.timeout(15_000), deadlineMs: 12_000 };
    const frame = await fetchFrame(target, `rtsp://192.0.2.1:${server.port}/replay`, atMs, true, 10_000);
    expect(frame).toMatchObject({ frameTime: "abs", frameUtcMs: atMs, codec: "H264", status: 200 });
    expect(frame.bytes).toBeGreaterThan(500);
  });

  test("a wrong password is refused", async () => {
    await expect(watch("/live", "wrong")).rejects.toMatchObject({ trouble: "auth_failed" });
  });
  test("an unknown path is a stream that is down", async () => {
    expect(await watch("/nowhere", "p@ss")).toMatchObject({ up: false, status: 404 });
  });
  test("a stream of sound alone is no video", async () => {
    await expect(watch("/sound", "p@ss")).rejects.toMatchObject({ trouble: "bad_reply" });
  });
});
