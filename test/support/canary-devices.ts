import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import snmp from "net-snmp";
import type { LocalTarget } from "../../agent/config.ts";
import type { Canaries } from "./canaries.ts";
import { freeUdpPort } from "./free-port.ts";
import { answer, startHostileAgent } from "./hostile-snmp.ts";
import { healthy } from "./recorder/scenario.ts";
import { startRecorder } from "./recorder/start-recorder.ts";

export type CanaryDevices = {
  /** What `creds add` is given, by name. */
  readonly credentials: Readonly<Record<string, string>>;
  /** The devices as `hcc-agent.json` lists them. */
  readonly targets: readonly LocalTarget[];
  /** What recorders heard: they take logins by digest, so the password must not be in it. */
  readonly heard: () => readonly string[];
  /** Which devices were opened with their secret. */
  readonly opened: ReadonlySet<string>;
  close(): Promise<void>;
};

const system = "1.3.6.1.2.1.1";

/**
 * A centre's LAN on loopback in which every device asks for a credential and gives it back as its own name, serial number or network name: by digest, by
 * Basic, by a login form, by an SNMP community and by the keys of SNMPv3. One recorder refuses the password that the agent has.
 */
export async function startCanaryDevices(canaries: Canaries): Promise<CanaryDevices> {
  const opened = new Set<string>();
  const password = canaries.plant("recorder password");
  const recorder = await startRecorder(
    healthy(Date.now, { login: { kind: "digest-md5", user: "viewer", password }, serial: `SN ${password}`, firmware: password }),
  );
  const refused = canaries.plant("refused recorder password");
  const refusing = await startRecorder(healthy(Date.now, { login: { kind: "digest-sha256", user: "viewer", password: "another one" }, serial: refused }));

  const community = canaries.plant("SNMP community");
  const switched = await startHostileAgent((asked) => {
    opened.add("SNMP community");
    if (asked.pdu !== 0xa0) return [answer(asked, [{ oid: `${asked.oid}.1`, value: asked.community }])];
    return [answer(asked, [{ oid: asked.oid, value: asked.oid === `${system}.2.0` ? { oid: "1.3.6.1.4.1.99999.1" } : `AP ${asked.community}` }])];
  });
  const [authKey, privacyKey] = [canaries.plant("SNMPv3 auth key"), canaries.plant("SNMPv3 privacy key")];
  const printer = await startPrinter(authKey, privacyKey, () => opened.add("SNMPv3"));

  const controllerPassword = canaries.plant("Wi-Fi controller password");
  const controller = await startWeb(({ url = "", headers }, body) => {
    if (url === "/status") return { json: { meta: { rc: "ok", server_version: controllerPassword } } };
    if (url === "/api/auth/login" && body.includes(controllerPassword)) {
      opened.add("Wi-Fi controller");
      return { json: { unique_id: body }, headers: { "set-cookie": "TOKEN=abc.def; path=/", "x-csrf-token": "csrf-1" } };
    }
    if (url.endsWith("/stat/sta")) return { json: { data: [{ is_wired: false, essid: controllerPassword, radio: "na" }] } };
    if (url.endsWith("/stat/device")) return { json: { data: [{ type: "uap", name: `AP ${controllerPassword}`, state: 1, radio_table_stats: [] }] } };
    return { status: 404, json: { echo: `${body} ${JSON.stringify(headers)}` } };
  });
  const basicPassword = canaries.plant("router password");
  const router = await startWeb(({ url = "", headers }) => {
    if (!url.startsWith("/rest/")) return { status: 404, json: {} };
    if (headers.authorization === undefined) return { status: 401, json: {}, headers: { "www-authenticate": 'Basic realm="RouterOS REST"' } };
    opened.add("router");
    if (url.startsWith("/rest/interface/wifi/"))
      return { json: [{ "mac-address": "02:00:00:00:00:0A", ssid: headers.authorization, interface: basicPassword }] };
    return { status: 400, json: { error: 400, message: headers.authorization, detail: basicPassword } };
  });
  const keyed = canaries.plant("controller key");
  const keyedController = await startWeb(({ url = "", headers }) => {
    const key = headers["x-api-key"];
    if (key !== undefined) opened.add("controller key");
    return { status: key === undefined ? 401 : 500, json: { error: `${url} ${key}` }, headers: { "x-echo": String(key) } };
  });

  const http = (port: number, more: object) => JSON.stringify({ port, tls: false, ...more });
  const at = { address: "127.0.0.1" } as const;
  return {
    credentials: {
      nvr: JSON.stringify({ port: recorder.port, user: "viewer", password }),
      "nvr-refusing": JSON.stringify({ port: refusing.port, user: "viewer", password: refused }),
      ap: JSON.stringify({ version: "2c", community, port: switched.port }),
      printer: JSON.stringify({
        version: "3",
        user: "hcc",
        auth: { protocol: "sha256", key: authKey },
        privacy: { protocol: "aes", key: privacyKey },
        port: printer.port,
      }),
      controller: http(controller.port, { user: "viewer", password: controllerPassword }),
      router: http(router.port, { user: "viewer", password: basicPassword }),
      keyed: http(keyedController.port, { apiKey: keyed }),
    },
    targets: [
      { id: "nvr-1", role: "recorder", ...at, credentials: { onvif: "nvr", http: "nvr" } },
      { id: "nvr-2", role: "recorder", ...at, credentials: { onvif: "nvr-refusing", http: "nvr-refusing" } },
      { id: "ap-1", role: "access-point", ...at, credentials: { snmp: "ap" } },
      { id: "ap-2", role: "access-point", ...at, credentials: { http: "controller" } },
      { id: "ap-3", role: "access-point", ...at, credentials: { http: "keyed" } },
      { id: "router-1", role: "router", ...at, credentials: { http: "router" } },
      { id: "printer-1", role: "printer", ...at, credentials: { snmp: "printer" } },
    ],
    heard: () => [...recorder.heard, ...refusing.heard],
    opened,
    close: async () => {
      await Promise.all([recorder, refusing, controller, router, keyedController].map((server) => server.close()));
      await switched.stop();
      printer.close();
    },
  };
}

type WebAnswer = { readonly status?: number; readonly json: unknown; readonly headers?: Record<string, string> };

async function startWeb(reply: (request: IncomingMessage, body: string) => WebAnswer): Promise<{ port: number; close: () => Promise<void> }> {
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { status = 200, json, headers } = reply(request, await text(request));
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(json));
  };
  const server = createServer((request, response) => void handle(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** net-snmp's own agent: takes authPriv alone, and describes itself by its keys. */
async function startPrinter(authKey: string, privacyKey: string, onAsked: () => void): Promise<{ port: number; close: () => void }> {
  const port = await freeUdpPort();
  const agent = snmp.createAgent({ port, address: "127.0.0.1", disableAuthorization: false }, () => undefined) as unknown as {
    getAuthorizer: () => { addUser: (user: object) => void };
    registerProvider: (provider: object) => void;
    getMib: () => { setScalarValue: (name: string, value: string) => void };
    close: () => void;
  };
  agent.getAuthorizer().addUser({
    name: "hcc",
    level: snmp.SecurityLevel.authPriv,
    authProtocol: snmp.AuthProtocols.sha256,
    authKey,
    privProtocol: snmp.PrivProtocols.aes,
    privKey: privacyKey,
  });
  const scalars = { sysDescr: `1.3.6.1.2.1.1.1`, sysName: `1.3.6.1.2.1.1.5`, hrDeviceDescr: "1.3.6.1.2.1.25.3.2.1.3" };
  for (const [name, oid] of Object.entries(scalars)) {
    const handler = (request: { done: () => void }) => {
      onAsked();
      request.done();
    };
    agent.registerProvider({ name, type: snmp.MibProviderType.Scalar, oid, scalarType: snmp.ObjectType.OctetString, maxAccess: 2, handler });
    agent.getMib().setScalarValue(name, `${authKey} ${privacyKey}`);
  }
  return { port, close: () => agent.close() };
}
