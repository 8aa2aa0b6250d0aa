import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { speaksPostgres } from "../../../collector/store/postmaster.ts";

/** The port of a service on this machine that does one thing with whoever calls. */
async function service(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => answer(socket.on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const heard = async (socket: Socket) => ((await once(socket, "data")) as [Buffer])[0].toString("hex");

describe("what listens at the port of a lost server", () => {
  it.each<[string, (socket: Socket) => void, boolean | undefined]>([
    ["a PostgreSQL without TLS", (socket) => void heard(socket).then((asked) => socket.write(asked === "0000000804d2162f" ? "N" : "?")), true],
    ["a PostgreSQL with TLS", (socket) => socket.write("S"), true],
    ["a PostgreSQL that cannot fork", (socket) => socket.end("Ecould not fork new process for connection\0"), true],
    ["SSH", (socket) => socket.write("SSH-2.0-OpenSSH_9.2p1\r\n"), false],
    ["HTTP", (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"), false],
    ["what hangs up", (socket) => socket.destroy(), false],
    ["what says nothing may be a busy server", () => undefined, undefined],
  ])("%s", async (_, answer, expected) => {
    expect(await speaksPostgres(await service(answer))).toBe(expected);
  });

  it("nothing", async () => {
    expect(await speaksPostgres(1)).toBe(false);
  });
});
