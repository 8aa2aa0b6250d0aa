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

export const mdnsBrowse: MdnsBrowse = async (types, listenMs, signal) => {
  const found = new Map<string, MdnsService>();
  const take = (service: Service) => {
    if (found.size < SERVICES_MAX) found.set(`${service.type} ${service.name} ${service.host}`, serviceOf(service));
  };
  // With `interface` alone the library binds to that address and hears nothing.
  // Loopback too: CUPS announces there.
  const browsers = ownAddresses({ loopback: true }).map((address) => new Bonjour({ interface: address, bind: "0.0.0.0" } as Record<string, string>, () => {}));
  try {
    for (const browser of browsers) for (const type of types) browser.find({ type }, take);
    await sleep(listenMs, undefined, { signal });
    return [...found.values()];
  } finally {
    for (const browser of browsers) browser.destroy();
  }
};

function serviceOf({ type, name, host, port, addresses, referer, txt }: Service): MdnsService {
  const known = (addresses ?? []).filter(isIPv4);
  const from = known.length > 0 ? known : referer === undefined ? [] : [referer.address];
  const pairs = Object.entries((txt ?? {}) as Record<string, unknown>).slice(0, TXT_MAX);
  const texts = Object.fromEntries(pairs.flatMap(([key, value]) => (typeof value === "string" ? [[key.toLowerCase(), value.slice(0, 256)]] : [])));
  return { type, name, host, port, addresses: from.slice(0, 8), txt: texts };
}
