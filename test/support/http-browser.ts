import { once } from "node:events";
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { text } from "node:stream/consumers";

export type Page = {
  readonly status: number;
  readonly location: string;
  readonly headers: IncomingMessage["headers"];
  readonly html: string;
  readonly cookies: readonly string[];
};
export type Browser = {
  /** What this browser would send: name and value. */
  readonly jar: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<Page>;
  /** Opens the page with the form, takes its hidden token along and sends it as a browser would. */
  send(path: string, fields: Record<string, string>, more?: { form?: string; headers?: Record<string, string> }): Promise<Page>;
};

type Options = {
  readonly ca?: string;
  readonly headers?: Record<string, string>;
  readonly at?: string;
  readonly from?: string;
};

/**
 * As much of a browser as signing in needs: it keeps and drops cookies as they say, takes `Secure` and `__Host-` cookies over TLS alone, and follows
 * nothing by itself. `headers` go with every request, as a proxy on the way would set them; `at` connects elsewhere than the
 * address says, `from` is the address of the connection.
 */
export function openBrowser(url: string, { ca, headers: always = {}, at = url, from }: Options = {}): Browser {
  const jar = new Map<string, string>();
  const [own, place] = [new URL(url), new URL(at)];
  const isTls = own.protocol === "https:";

  const ask = async (method: string, path: string, headers: Record<string, string>, body?: string): Promise<Page> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const asking = (place.protocol === "https:" ? tlsRequest : plainRequest)({
      host: place.hostname,
      port: place.port,
      method,
      path,
      agent: false,
      ...(from && { localAddress: from }),
      ...(ca && { ca }),
      headers: {
        host: own.host,
        ...(cookie && { cookie }),
        ...(body !== undefined && { "content-type": "application/x-www-form-urlencoded" }),
        ...always,
        ...headers,
      },
    });
    asking.end(body);
    const [reply] = (await once(asking, "response")) as [IncomingMessage];
    const cookies = reply.headers["set-cookie"] ?? [];
    for (const line of cookies) keep(jar, line, isTls);
    return { status: reply.statusCode ?? 0, location: reply.headers.location ?? "", headers: reply.headers, html: await text(reply), cookies };
  };

  return {
    jar,
    get: (path, headers = {}) => ask("GET", path, headers),
    send: async (path, fields, { form = path, headers = {} } = {}) => {
      const token = /name="token" value="([^"]+)"/.exec((await ask("GET", form, {})).html)?.[1] ?? "";
      const body = new URLSearchParams({ token, ...fields }).toString();
      return ask("POST", path, { "sec-fetch-site": "same-origin", origin: own.origin, ...headers }, body);
    },
  };
}

function keep(jar: Map<string, string>, line: string, isTls: boolean): void {
  const [pair = "", ...attributes] = line.split(/;\s*/);
  const [name = "", value = ""] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  const has = (attribute: string) => attributes.some((one) => one.toLowerCase() === attribute);
  if (has("secure") && !isTls) return;
  if (name.startsWith("__Host-") && !(has("secure") && has("path=/") && !attributes.some((one) => /^domain=/i.test(one)))) return;
  if (has("max-age=0")) jar.delete(name);
  else jar.set(name, value);
}
