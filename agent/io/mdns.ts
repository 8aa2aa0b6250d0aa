import { isIPv4 } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Bonjour, type Service } from "bonjour-service";
import { ownAddresses } from "./own-addresses.ts";

/** One announced service. Texts are hostile until cleaned. */
export type MdnsService = {
  readonly type: string;
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
  readonly txt: Readonly<Record<string, string>>;
};
/** Collects what is announced for the given types (`ipp`, `uscan`) on all networks of this PC. @throws when aborted */
export type MdnsBrowse = (types: readonly string[], listenMs: number, signal: AbortSignal) => Promise<readonly MdnsService[]>;

const SERVICES_MAX = 512;
const TXT_MAX = 32;
/** When a question is asked again, after the first: a multicast frame is sent once by an access point and often lost (RFC 6762 §5.2: 1 s, then twice that). */
const ASK_AGAIN_MS = [1000, 3000];

export const mdnsBrowse: MdnsBrowse = async (types, listenMs, signal) => {
  const found = new Map<string, MdnsService>();
  const take = (service: Service) => {
    if (found.size < SERVICES_MAX) found.set(`${service.type} ${service.name} ${service.host}`, serviceOf(service));
  };
  // With `interface` alone the library binds to that address and hears nothing.
  // Loopback too: CUPS announces there.
  const networks = ownAddresses({ loopback: true }).map((address) => new Bonjour({ interface: address, bind: "0.0.0.0" } as Record<string, string>, () => {}));
  try {
    const browsers = networks.flatMap((network) => types.map((type) => network.find({ type }, take)));
    const askAgain = async (atMs: number) => {
      await sleep(atMs, undefined, { signal });
      for (const browser of browsers) browser.update();
    };
    await Promise.all([sleep(listenMs, undefined, { signal }), ...ASK_AGAIN_MS.filter((atMs) => atMs < listenMs).map(askAgain)]);
    return [...found.values()];
  } finally {
    for (const network of networks) network.destroy();
  }
};

/** What is kept of an announcement, within limits. */
export function serviceOf({ type, name, host, port, addresses, referer, txt }: Service): MdnsService {
  const known = (addresses ?? []).filter(isIPv4);
  const from = known.length > 0 ? known : referer === undefined ? [] : [referer.address];
  const pairs = Object.entries((txt ?? {}) as Record<string, unknown>).slice(0, TXT_MAX);
  const texts = Object.fromEntries(pairs.flatMap(([key, value]) => (typeof value === "string" ? [[key.toLowerCase(), value.slice(0, 256)]] : [])));
  return { type, name, host, port, addresses: from.slice(0, 8), txt: texts };
}
