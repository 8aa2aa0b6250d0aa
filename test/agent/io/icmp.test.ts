import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { icmpBurst, tcpBurst } from "../../../agent/io/icmp.ts";
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
