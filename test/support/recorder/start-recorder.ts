import type { AddressInfo, Server } from "node:net";
import { createDahuaSide } from "./dahua-side.ts";
import { createHttpSide, type Protocol } from "./http-side.ts";
import { isapiReply } from "./isapi-side.ts";
import { createOnvifSide } from "./onvif-side.ts";
import { createRtspSide } from "./rtsp-side.ts";
import type { Scenario } from "./scenario.ts";

export type RunningRecorder = {
  readonly port: number;
  readonly rtspPort: number;
  /** Requests so far, "METHOD path call". */
  readonly requests: readonly string[];
  /** The same requests over HTTP with their headers and bodies, as they came. */
  readonly heard: readonly string[];
  readonly close: () => Promise<void>;
};

/** Starts a mock recorder on loopback that plays a scenario over the given protocols. */
export async function startRecorder(scenario: Scenario, protocols: readonly Protocol[] = ["onvif", "isapi", "dahua"], port = 0): Promise<RunningRecorder> {
  const requests: string[] = [];
  const heard: string[] = [];
  const ports = { http: 0, rtsp: 0 };
  const soap = createOnvifSide(scenario, () => ports);
  const dahua = createDahuaSide(scenario, () => ports.rtsp);
  const web = createHttpSide(
    scenario,
    {
      soap: (path, message, loggedIn) => (protocols.includes("onvif") ? soap(path, message, loggedIn) : { status: 404, body: "" }),
      vendor: (method, path, body) =>
        (protocols.includes("isapi") ? isapiReply(scenario, ports.rtsp, method, path, body) : undefined) ??
        (protocols.includes("dahua") ? dahua(path) : undefined),
    },
    (line, whole) => {
      requests.push(line);
      heard.push(whole);
    },
  );
  const stream = createRtspSide(scenario, (line) => requests.push(line));
  ports.http = await listen(web, port);
  ports.rtsp = await listen(stream, 0);
  const lines = new Set<{ destroy: () => void }>();
  for (const server of [web, stream] as Server[])
    server.on("connection", (line) => {
      lines.add(line);
      line.on("close", () => lines.delete(line));
    });
  return {
    port: ports.http,
    rtspPort: ports.rtsp,
    requests,
    heard,
    close: async () => {
      for (const line of lines) line.destroy();
      await Promise.all([web, stream].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
