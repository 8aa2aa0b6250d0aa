import type { LanHttp } from "../../../agent/io/lan-http.ts";
import type { Rtsp } from "../../../agent/io/rtsp-video.ts";
import { createDahuaSide } from "./dahua-side.ts";
import type { Protocol } from "./http-side.ts";
import { isapiReply } from "./isapi-side.ts";
import { createOnvifSide } from "./onvif-side.ts";
import type { Scenario } from "./scenario.ts";

/** The mock's answers without sockets, for thousands of runs. `change` may spoil each answer. */
export function inProcess(scenario: Scenario, protocol: Protocol, change: (body: string) => string): { lanHttp: LanHttp; rtsp: Rtsp } {
  const soap = createOnvifSide(scenario, () => ({ http: 80, rtsp: 554 }));
  const dahua = createDahuaSide(scenario, () => 554);
  const lanHttp: LanHttp = async ({ path, method, body: sent = "" }) => {
    const body = typeof sent === "string" ? sent : Buffer.from(sent).toString("utf8");
    const vendor = () => (protocol === "isapi" ? isapiReply(scenario, 554, method, path, body) : protocol === "dahua" ? dahua(path) : undefined);
    const { status, body: text } = (protocol === "onvif" && path.startsWith("/onvif/") ? soap(path, body, true) : vendor()) ?? { status: 404, body: "" };
    return { status, headers: {}, challenges: [], body: change(text) };
  };
  const rtsp: Rtsp = {
    watchStream: async () => ({ up: true, packets: 3, codec: "H264", firstPacketMs: 1, status: 200 }),
    fetchFrame: async (_target, _uri, atMs) => ({ frameTime: "abs", frameUtcMs: atMs, codec: "H264", bytes: 400, status: 200 }),
  };
  return { lanHttp, rtsp };
}
