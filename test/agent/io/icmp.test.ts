import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { icmpBurst, parseHop, tcpBurst } from "../../../agent/io/icmp.ts";
import { requirePeer } from "../../support/require-peer.ts";

const shape = { count: 3, intervalMs: 200, timeoutMs: 1_000 };
const signal = () => AbortSignal.timeout(10_000);

describe.skipIf(!requirePeer("ping"))("the system's ping", () => {
  it.each(["127.0.0.1", "::1"])("answers for %s", async (address) => {
    const burst = await icmpBurst(address, shape, signal());
    expect(burst).toMatchObject({ method: "icmp", sent: 3 });
    expect(burst.rttsMs).toHaveLength(3);
  });

  it("gives up when it is told to", async () => {
    await expect(icmpBurst("127.0.0.1", shape, AbortSignal.abort(new Error("enough")))).rejects.toThrow("enough");
  });

  it.each(["localhost", "-f", "127.0.0.1 -f", ""])("never sees %j, which is no address", async (address) => {
    await expect(icmpBurst(address, shape, signal())).rejects.toThrow(TypeError);
  });
});

describe("the router that dropped a packet", () => {
  it.each([
    [
      "of Linux",
      "PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.\nFrom 203.0.113.1 icmp_seq=1 Time to live exceeded\n\n--- 8.8.8.8 ping statistics ---\n",
      "203.0.113.1",
    ],
    [
      "of Windows",
      "\r\nPinging 8.8.8.8 with 32 bytes of data:\r\nReply from 203.0.113.1: TTL expired in transit.\r\n\r\nPing statistics for 8.8.8.8:\r\n",
      "203.0.113.1",
    ],
    ["of a Windows that speaks Vietnamese", "\r\nĐang ping 8.8.8.8 với 32 byte dữ liệu:\r\nTrả lời từ 203.0.113.1: TTL đã hết hạn.\r\n", "203.0.113.1"],
    ["is not the target itself", "PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.\n64 bytes from 8.8.8.8: icmp_seq=1 ttl=57 time=9 ms\n", undefined],
    [
      "is not who says that the way is closed",
      "PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.\nFrom 192.168.1.1 icmp_seq=1 Destination Host Unreachable\n",
      undefined,
    ],
    [
      "is not this PC, whose Windows says in Vietnamese that nobody is there",
      "\r\nĐang ping 8.8.8.8 với 32 byte dữ liệu:\r\nTrả lời từ 192.168.1.10: Không thể tới máy chủ đích.\r\n",
      undefined,
    ],
    ["stays silent", "PING 8.8.8.8 (8.8.8.8) 56(84) bytes of data.\n\n--- 8.8.8.8 ping statistics ---\n", undefined],
  ])("%s", (_name, output, expected) => {
    expect(parseHop(output, "8.8.8.8", ["192.168.1.10"])).toBe(expected);
  });
});

describe("knocking by TCP", () => {
  it("takes an open port and a refusal as answers", async () => {
    const server = createServer((socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    expect((await tcpBurst("127.0.0.1", port, { ...shape, intervalMs: 1 }, signal())).rttsMs).toHaveLength(3);
    await new Promise((resolve) => server.close(resolve));
    expect((await tcpBurst("127.0.0.1", port, { ...shape, intervalMs: 1 }, signal())).rttsMs).toHaveLength(3);
  });

  it("refuses names", async () => {
    await expect(tcpBurst("localhost", 1, shape, signal())).rejects.toThrow(TypeError);
  });
});
