import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Outcome } from "#schemas/observation.ts";
import { tcpKnock } from "../../../agent/io/tcp.ts";
import { probes } from "../../../agent/probes/registry.ts";
import { observe } from "../../../agent/runner.ts";
import { outsideGuard } from "../../../agent/subnets.ts";
import { probeContext } from "../../support/probe-context.ts";

const local = { localTest: false, allowedSubnets: ["10.1.0.0/16"], probes: {} };
const guard = outsideGuard(local, "https://thu-thap.tinh.vn");

/** A service of this PC that none but its own programs should reach, and how often somebody called. */
async function ownService(): Promise<{ port: number; calls: () => number }> {
  let calls = 0;
  const server = createServer((_, response) => void response.end("a secret of this PC"));
  server.on("connection", () => calls++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, calls: () => calls };
}

const run = (kind: "link-bandwidth" | "link-quality" | "portal-http", options: unknown): Promise<Outcome> => {
  const probe = probes.get(kind);
  if (!probe) throw new Error(kind);
  return observe(probe, options, probeContext({ mayReach: guard }));
};

// A collector that was taken over names what it likes as a portal, a measure server or a hop.
describe("what is named as outside and leads to this PC is not asked", () => {
  it.each(["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::ffff:127.0.0.1]"])("a portal at %s", async (host) => {
    const { port, calls } = await ownService();
    const outcome = await run("portal-http", { url: `http://${host}:${port}/`, references: [{ host: "2130706433", port }] });
    expect([outcome, calls()]).toMatchObject([{ kind: "failed", reason: "no_permission" }, 0]);
  });

  it("a hop, and who else is knocked at where all are silent", async () => {
    const { port, calls } = await ownService();
    const options = {
      gateway: false,
      count: 2,
      hops: [{ hop: "collector", address: "2130706433", tcpPort: port }],
      references: [{ host: "2130706433", port }],
    };
    expect([await run("link-quality", options), calls()]).toMatchObject([{ kind: "failed" }, 0]);
  });

  it("a measure server", async () => {
    const { port, calls } = await ownService();
    const server = { id: "do", url: `http://localhost:${port}` };
    const lease = { id: "l", token: "t", server, expiresAt: "2026-11-28T00:00:00.000Z", bytesMax: 1e6, capMs: 2_000 };
    expect([await run("link-bandwidth", { server, lease }), calls()]).toMatchObject([{ kind: "failed", reason: "no_permission" }, 0]);
  });

  it("a knock at a name reaches those of its addresses alone that may be asked", async () => {
    const { port, calls } = await ownService();
    const signal = AbortSignal.timeout(5_000);
    expect([await tcpKnock("localhost", port, 2_000, signal, guard), calls()]).toEqual(["unreachable", 0]);
    expect(await tcpKnock("localhost", port, 2_000, signal, (_, address) => address === "127.0.0.1")).toBe("open");
  });
});
