import { type ReadDefaultRoute, readDefaultRoute } from "./gateway.ts";
import { type IcmpBurst, icmpBurst, type TcpBurst, tcpBurst } from "./icmp.ts";
import { type ReadInterface, readInterface } from "./interfaces.ts";
import { type ReadNeighbours, readNeighbours } from "./neighbours.ts";

/** One thin client per protocol, handed to every probe. Each client owns its limits: deadline, answer cap, pace. */
export type Io = {
  readonly icmpBurst: IcmpBurst;
  readonly tcpBurst: TcpBurst;
  readonly readInterface: ReadInterface;
  readonly readNeighbours: ReadNeighbours;
  readonly readDefaultRoute: ReadDefaultRoute;
};

/** Makes the clients once per process. */
export function createIo(): Io {
  return { icmpBurst, tcpBurst, readInterface, readNeighbours, readDefaultRoute };
}
