import type { Reply } from "./http-side.ts";
import { cameraAddress, filesOf, type Interval, type Scenario, wallMs } from "./scenario.ts";

type Finder = { files: Interval[]; pages: number };

/** The Dahua CGI side of the mock: text of key=value, wall time of the device. Undefined for other paths. */
export function createDahuaSide(scenario: Scenario, rtspPort: () => number): (path: string) => Reply | undefined {
  const finders = new Map<string, Finder>();
  let created = 1000;
  const rows = (...lines: string[]): Reply => ({ status: 200, body: `${lines.join("\r\n")}\r\n` });
  const wall = (ms: number) => new Date(wallMs(scenario, ms)).toISOString().slice(0, 19).replace("T", " ");
  const toUtc = (text: string | null) => Date.parse(`${(text ?? "").replace(" ", "T")}Z`) - wallMs(scenario, 0);

  const fileFind = (query: URLSearchParams): Reply => {
    const action = query.get("action");
    const object = query.get("object") ?? "";
    if (action === "factory.create") {
      created += 1;
      finders.set(String(created), { files: [], pages: 0 });
      return rows(`result=${created}`);
    }
    const finder = finders.get(object);
    if (!finder) return { status: 400, body: "Error\r\nBad Request!\r\n" };
    if (action === "findFile") {
      const recorded = scenario.channels[Number(query.get("condition.Channel")) - 1]?.recorded ?? [];
      finder.files = filesOf(recorded, toUtc(query.get("condition.StartTime")), toUtc(query.get("condition.EndTime")));
      return finder.files.length > 0 ? rows("OK") : { status: 400, body: "Error\r\n" };
    }
    if (action === "findNextFile") {
      finder.pages += 1;
      if (finder.pages > scenario.pagesOfToken) return { status: 400, body: "Error\r\n" };
      const some = finder.files.splice(0, Math.min(100, Number(query.get("count"))));
      const items = some.flatMap(({ startMs, endMs }, index) => [
        `items[${index}].Channel=0`,
        `items[${index}].StartTime=${wall(startMs)}`,
        `items[${index}].EndTime=${wall(endMs)}`,
        `items[${index}].Length=${Math.round(((endMs - startMs) / 1000) * 125_000)}`,
      ]);
      return { ...rows(`found=${some.length}`, ...items), search: true };
    }
    finders.delete(action === "destroy" ? object : "");
    return rows("OK");
  };

  return (path) => {
    if (!path.startsWith("/cgi-bin/")) return undefined;
    const [name = "", search = ""] = path.slice("/cgi-bin/".length).split("?");
    const query = new URLSearchParams(search.replace(/\+/g, "%2B"));
    const question = `${name} ${query.get("action") ?? ""} ${query.get("name") ?? ""}`.trim();
    if (name === "mediaFileFind.cgi") return fileFind(query);
    const list = scenario.channels;
    const answers: Record<string, () => Reply> = {
      "magicBox.cgi getSystemInfo": () => rows("deviceType=NVR-MOCK", `serialNumber=${scenario.serial}`),
      "magicBox.cgi getSoftwareVersion": () => rows(`version=${scenario.firmware},build:2026-01-01`),
      "global.cgi getCurrentTime": () => (scenario.clock.tellsLocal ? rows(`result=${wall(scenario.nowMs())}`) : rows("result=")),
      "configManager.cgi getConfig ChannelTitle": () => rows(...list.map((_, index) => `table.ChannelTitle[${index}].Name=Gate ${index + 1}`)),
      "configManager.cgi getConfig RecordMode": () => rows(...list.map((_, index) => `table.RecordMode[${index}].Mode=0`)),
      "configManager.cgi getConfig Record": () =>
        rows(...list.map(({ mode }, index) => `table.Record[${index}].TimeSection[0][0]=${mode === "continuous" ? 65_535 : 2} 00:00:00-24:00:00`)),
      "configManager.cgi getConfig Encode": () => rows(...list.map((_, index) => `table.Encode[${index}].MainFormat[0].Video.BitRate=4096`)),
      "configManager.cgi getConfig RemoteDevice": () =>
        rows(
          ...list.flatMap((_, index) =>
            ["Enable=true", `Address=${cameraAddress(index)}`].map((row) => `table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_${index}.${row}`),
          ),
        ),
      "configManager.cgi getConfig RTSP": () => rows("table.RTSP.Enable=true", `table.RTSP.Port=${rtspPort()}`),
      "storageDevice.cgi getDeviceAllInfo": () =>
        rows(
          ...scenario.disks.flatMap(({ status, totalBytes, freeBytes }, index) => [
            `list.info[${index}].Name=/dev/sd${index}`,
            `list.info[${index}].State=${{ ok: "Success", error: "Failure" }[status] ?? status}`,
            `list.info[${index}].Detail[0].TotalBytes=${totalBytes}.000000`,
            `list.info[${index}].Detail[0].UsedBytes=${totalBytes - freeBytes}.000000`,
            `list.info[${index}].Detail[0].IsError=${status === "error"}`,
          ]),
        ),
      ...(scenario.vms
        ? {
            "configManager.cgi getConfig VSP_GB28181": () =>
              rows(
                "table.VSP_GB28181.Enable=true",
                `table.VSP_GB28181.Server=${scenario.vms?.host}`,
                `table.VSP_GB28181.RegisterStatus=${scenario.vms?.registered}`,
              ),
            "userManager.cgi getActiveUserInfoAll": () =>
              rows(...(scenario.vms?.pulling ? [`users[0].ClientAddress=${scenario.vms.host}`, "users[0].ClientType=RTSP"] : [])),
          }
        : {}),
    };
    return answers[question]?.() ?? { status: 400, body: "Error\r\nBad Request!\r\n" };
  };
}
