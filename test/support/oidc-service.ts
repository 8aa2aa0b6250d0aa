import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { SignOnFile } from "../../collector/people/sign-on-file.ts";

/** What the service says of each of its people. */
const claims: Readonly<Record<string, Record<string, unknown>>> = {
  lan: { name: "Nguyễn Thị Lan", preferred_username: "lan", groups: ["so-khcn", "hcc-inspectors"] },
  hoa: { name: "Trần Văn Hoà", preferred_username: "hoa", groups: ["hcc-communes"], hcc_centre: "xa-01" },
  stranger: { name: "Người Lạ", preferred_username: "stranger", groups: ["so-yte"] },
};

export type OidcService = {
  readonly issuer: string;
  /** The file that HCC_OIDC would name. */
  readonly file: SignOnFile;
  /** Walks through the service's own pages as a browser would, and gives the address to which it sends the browser back. */
  walk(url: string, login: string): Promise<string>;
  close(): Promise<void>;
};

/** A real OpenID Connect server (oidc-provider) on this machine, with three people and one client at `publicUrl`. */
export async function startOidcService(publicUrl: string): Promise<OidcService> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "hcc-watch",
        client_secret: "loopback-only",
        redirect_uris: [`${publicUrl}/login/sign-on/back`],
        post_logout_redirect_uris: [`${publicUrl}/login`],
        application_type: "native",
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "preferred_username"], hcc: ["groups", "hcc_centre"] },
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, ...claims[sub] }) }),
    features: { devInteractions: { enabled: true } },
  });
  server.on("request", provider.callback());
  return {
    issuer,
    file: SignOnFile.parse({
      issuer,
      clientId: "hcc-watch",
      clientSecret: "loopback-only",
      scope: "openid profile hcc",
      name: { vi: "SSO tỉnh", en: "Province SSO" },
      roles: [
        { claim: "groups", value: "hcc-inspectors", roles: ["viewer", "inspector"] },
        { claim: "groups", value: "hcc-communes", roles: ["commune"] },
      ],
      centreClaim: "hcc_centre",
    }),
    walk: (url, login) => walk(url, login, publicUrl),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function walk(url: string, login: string, home: string): Promise<string> {
  const jar = new Map<string, string>();
  let [next, init]: [string, RequestInit] = [url, {}];
  for (let step = 0; step < 15; step++) {
    if (next.startsWith(home)) return next;
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const reply = await fetch(next, { ...init, redirect: "manual", headers: { cookie, ...init.headers } });
    for (const line of reply.headers.getSetCookie()) jar.set(line.split("=")[0] ?? "", line.split(";")[0]?.split("=").slice(1).join("=") ?? "");
    const location = reply.headers.get("location");
    if (location) [next, init] = [new URL(location, next).href, {}];
    else {
      const html = await reply.text();
      const action = /action="([^"]+)"/.exec(html)?.[1] ?? "";
      const prompt = /name="prompt" value="(\w+)"/.exec(html)?.[1] ?? "";
      const body = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
      [next, init] = [new URL(action, next).href, { method: "POST", body }];
    }
  }
  throw new Error("the service never sent the browser back");
}
