import { type ReadDefaultRoute, readDefaultRoute } from "./gateway.ts";
import { type HopTowards, hopTowards, type IcmpBurst, icmpBurst, type TcpBurst, tcpBurst } from "./icmp.ts";
import { type ReadInterface, readInterface } from "./interfaces.ts";
import { type IppAttributesOf, ippAttributesOf } from "./ipp.ts";
import { type LanHttp, lanHttp } from "./lan-http.ts";
import { type ReadLeases, readLeases } from "./leases.ts";
import { type MdnsBrowse, mdnsBrowse } from "./mdns.ts";
import { type AskNameServers, askNameServers } from "./name-servers.ts";
import { type ReadNeighbours, readNeighbours } from "./neighbours.ts";
import { type AttachedNetworks, attachedNetworks } from "./own-addresses.ts";
import { type ResentSegments, resentSegments } from "./resent-segments.ts";
import { type Rtsp, rtsp } from "./rtsp-video.ts";
import { type OpenSnmp, openSnmp } from "./snmp.ts";
import { type ReadLocalDevices, readLocalDevices } from "./spooler.ts";
import { type Sweep, sweep } from "./sweep.ts";
import { type TcpKnock, tcpKnock } from "./tcp.ts";
import { type WsdProbe, wsdProbe } from "./wsd.ts";

/** One thin client per protocol, handed to every probe. Each client owns its limits: deadline, answer cap, pace. */
export type Io = {
  readonly icmpBurst: IcmpBurst;
  readonly tcpBurst: TcpBurst;
  readonly hopTowards: HopTowards;
  readonly readInterface: ReadInterface;
  readonly readNeighbours: ReadNeighbours;
  readonly readDefaultRoute: ReadDefaultRoute;
  readonly attachedNetworks: AttachedNetworks;
  readonly lanHttp: LanHttp;
  readonly openSnmp: OpenSnmp;
  readonly ippAttributesOf: IppAttributesOf;
  readonly tcpKnock: TcpKnock;
  readonly askNameServers: AskNameServers;
  readonly readLocalDevices: ReadLocalDevices;
  readonly mdnsBrowse: MdnsBrowse;
  readonly wsdProbe: WsdProbe;
  readonly readLeases: ReadLeases;
  readonly sweep: Sweep;
  readonly rtsp: Rtsp;
  readonly resentSegments: ResentSegments;
};

/** Makes the clients once per process. */
export function createIo(): Io {
  return {
    icmpBurst,
    tcpBurst,
    hopTowards,
    readInterface,
    readNeighbours,
    readDefaultRoute,
    attachedNetworks,
    lanHttp,
    openSnmp,
    ippAttributesOf,
    tcpKnock,
    askNameServers,
    readLocalDevices,
    mdnsBrowse,
    wsdProbe,
    readLeases,
    sweep,
    rtsp,
    resentSegments,
  };
}
