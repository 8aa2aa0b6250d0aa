import type { FakeReply, FakeRequest } from "./http-fake.ts";

const json = (value: unknown, headers: Record<string, string> = {}): FakeReply => ({
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});
const missing: FakeReply = { status: 404, body: "not found" };
const bodyOf = (request: FakeRequest) => JSON.parse(request.body.toString() || "{}");

/** UniFi OS console: official API by key, and the older one by cookie and CSRF token. */
export function unifiConsole({ apiKey, password }: { apiKey: string; password: string }): (request: FakeRequest) => FakeReply {
  const official = "/proxy/network/integration/v1/sites";
  return (request) => {
    const { path, headers } = request;
    if (path.startsWith(official)) {
      if (headers["x-api-key"] !== apiKey) return { status: 401, body: "{}" };
      if (path === official)
        return json({ offset: 0, limit: 25, count: 1, totalCount: 1, data: [{ id: "88f7af54-98f8-306a-a1c7-c9349722b1f6", name: "Default" }] });
      const offset = Number(new URL(path, "http://x").searchParams.get("offset"));
      const all = Array.from({ length: 230 }, (_, index) => ({
        type: index % 10 === 0 ? "WIRED" : "WIRELESS",
        macAddress: "02:00:00:00:00:01",
        name: "Phone of Lan",
      }));
      return json({ offset, limit: 200, count: 200, totalCount: all.length, data: all.slice(offset, offset + 200) });
    }
    if (path === "/status") return json({ meta: { rc: "ok", server_version: "9.0.114" } });
    if (path === "/api/auth/login") {
      if (bodyOf(request).password !== password) return { status: 403, body: "{}" };
      return json({ unique_id: "x" }, { "set-cookie": "TOKEN=abc.def.ghi; path=/; secure; httponly", "x-csrf-token": "csrf-1" });
    }
    if (headers.cookie !== "TOKEN=abc.def.ghi" || headers["x-csrf-token"] !== "csrf-1") return { status: 401, body: "{}" };
    if (path === "/proxy/network/api/s/default/stat/sta")
      return json({
        meta: { rc: "ok" },
        data: [
          { mac: "02:00:00:00:00:01", is_wired: false, essid: "HCC", radio: "na", hostname: "iPhone-cua-Lan" },
          { mac: "02:00:00:00:00:02", is_wired: false, essid: "HCC", radio: "ng" },
          { mac: "02:00:00:00:00:03", is_wired: true },
        ],
      });
    if (path === "/proxy/network/api/s/default/stat/device")
      return json({
        meta: { rc: "ok" },
        data: [
          {
            type: "uap",
            name: "Tang 1",
            state: 1,
            radio_table_stats: [
              { radio: "ng", cu_total: 61 },
              { radio: "na", cu_total: 12 },
            ],
          },
          { type: "uap", name: "Tang 2", state: 0, radio_table_stats: [] },
          { type: "usw", name: "Switch" },
        ],
      });
    return path === "/api/auth/logout" ? json({}) : missing;
  };
}

/** RouterOS 7 with the wifi package; the older two are not installed. */
export function routerOs({ user, password }: { user: string; password: string }): (request: FakeRequest) => FakeReply {
  const wanted = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
  return ({ path, headers }) => {
    if (!path.startsWith("/rest/")) return missing;
    if (headers.authorization !== wanted)
      return { status: 401, headers: { "www-authenticate": 'Basic realm="RouterOS REST"' }, body: '{"error":401,"message":"Unauthorized"}' };
    if (path === "/rest/interface/wifi/registration-table")
      return json([
        { ".id": "*1", "mac-address": "02:00:00:00:00:0A", ssid: "HCC", interface: "wifi1" },
        { ".id": "*2", "mac-address": "02:00:00:00:00:0B", ssid: "HCC", interface: "wifi2" },
        { ".id": "*3", "mac-address": "02:00:00:00:00:0B", ssid: "HCC", interface: "wifi1" },
      ]);
    if (path === "/rest/ip/dhcp-server/lease") return json([{ status: "bound", address: "10.1.0.5", "host-name": "iPhone-cua-Lan" }, { status: "waiting" }]);
    if (path === "/rest/ip/dhcp-server")
      return json([
        { name: "guests", "lease-time": "1d12h" },
        { name: "old", "lease-time": "4w", disabled: "true" },
      ]);
    if (path === "/rest/ip/pool") return json([{ name: "dhcp", ranges: "10.1.0.10-10.1.0.59" }]);
    return { status: 400, body: '{"error":400,"message":"Bad Request","detail":"no such command"}' };
  };
}

/** OpenWrt's uhttpd with rpcd. */
export function openWrt({ password }: { password: string }): (request: FakeRequest) => FakeReply {
  const sid = "0123456789abcdef0123456789abcdef";
  return (request) => {
    if (request.path !== "/ubus" || request.method !== "POST") return missing;
    const { method, params } = bodyOf(request);
    const reply = (result: unknown) => json({ jsonrpc: "2.0", id: 1, result });
    if (method === "list") return reply(params[0] === sid ? { "hostapd.phy0-ap0": {}, "hostapd.phy1-ap0": {} } : {});
    const [session, object, call, args] = params;
    if (object === "session") return reply(args.password === password ? [0, { ubus_rpc_session: sid, expires: 60 }] : [6]);
    if (session !== sid) return json({ jsonrpc: "2.0", id: 1, error: { code: -32002, message: "Access denied" } });
    const isFive = object === "hostapd.phy1-ap0";
    if (call === "get_status") return reply([0, { status: "ENABLED", ssid: "HCC", freq: isFive ? 5180 : 2437 }]);
    return reply([0, { freq: 0, clients: isFive ? { "02:00:00:00:00:0c": {}, "02:00:00:00:00:0d": {} } : { "02:00:00:00:00:0e": {} } }]);
  };
}

/** Omada controller with the Open API in client mode: every answer is HTTP 200. */
export function omadaController({ secret }: { secret: string }): (request: FakeRequest) => FakeReply {
  const id = "omadac0123456789";
  return (request) => {
    const { path, headers } = request;
    const result = (value: unknown) => json({ errorCode: 0, msg: "Success.", result: value });
    if (path === "/api/info") return result({ controllerVer: "5.15.8", omadacId: id, type: 1 });
    if (path.startsWith("/openapi/authorize/token")) {
      const { client_secret, omadacId } = bodyOf(request);
      if (client_secret !== secret || omadacId !== id) return json({ errorCode: -44106, msg: "The client id or client secret is invalid" });
      return result({ accessToken: "AT-1", tokenType: "bearer", expiresIn: 7200 });
    }
    if (headers.authorization !== "AccessToken=AT-1") return json({ errorCode: -44112, msg: "The access token has expired" });
    const { pathname, searchParams } = new URL(path, "http://x");
    if (!searchParams.has("page") || !searchParams.has("pageSize")) return json({ errorCode: -1001, msg: "Invalid request parameters." });
    if (pathname === `/openapi/v1/${id}/sites`) return result({ totalRows: 1, data: [{ siteId: "site1", name: "Trung tam" }] });
    if (pathname !== `/openapi/v1/${id}/sites/site1/clients`) return missing;
    const wireless = { mac: "02-00-00-00-00-01", wireless: true, ssid: "HCC", apName: "Tang 1", radioId: 1, name: "May cua Lan" };
    return result({ totalRows: 3, data: [wireless, { ...wireless, mac: "02-00-00-00-00-02", radioId: 0 }, { mac: "02-00-00-00-00-03", wireless: false }] });
  };
}
