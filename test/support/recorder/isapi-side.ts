import type { Reply } from "./http-side.ts";
import { cameraAddress, filesOf, labelMs, type Scenario, stamp, VIETNAM_MS } from "./scenario.ts";

/** The ISAPI side of the mock, as public clients and real recorders' answers show it. Undefined for other paths. */
export function isapiReply(scenario: Scenario, rtspPort: number, method: string, path: string, body: string): Reply | undefined {
  if (!path.startsWith("/ISAPI/")) return undefined;
  const xml = (text: string): Reply => ({ status: 200, body: `<?xml version="1.0" encoding="UTF-8"?>\n${text}` });
  if (path === "/ISAPI/System/deviceInfo")
    return xml(
      `<DeviceInfo version="2.0" xmlns="http://www.hikvision.com/ver20/XMLSchema"><deviceName>NVR</deviceName><model>DS-MOCK</model><serialNumber>${scenario.serial}</serialNumber>` +
        `<macAddress>00:00:5e:00:53:01</macAddress><firmwareVersion>${scenario.firmware}</firmwareVersion></DeviceInfo>`,
    );
  if (path === "/ISAPI/System/time")
    return xml(`<Time version="2.0"><timeMode>NTP</timeMode><localTime>${localTime(scenario)}</localTime><timeZone>CST-7:00:00</timeZone></Time>`);
  if (path === "/ISAPI/ContentMgmt/record/tracks")
    return xml(`<TrackList>${scenario.channels.map((channel, index) => track(channel, index)).join("")}</TrackList>`);
  if (path === "/ISAPI/ContentMgmt/InputProxy/channels") return xml(networkedInputs(scenario));
  if (path === "/ISAPI/System/Video/inputs/channels" && scenario.channels.some(isAnalogue)) return xml(analogueInputs(scenario));
  if (path === "/ISAPI/ContentMgmt/Storage")
    return xml(`<storage><hddList size="${scenario.disks.length}">${scenario.disks.map(disk).join("")}</hddList></storage>`);
  if (path === "/ISAPI/ContentMgmt/Storage/quota" && scenario.pictureQuotaPercent !== undefined)
    return xml(
      `<diskQuotaList><diskQuota><id>1</id><type>ratio</type><videoQuotaRatio>${100 - scenario.pictureQuotaPercent}</videoQuotaRatio><pictureQuotaRatio>${scenario.pictureQuotaPercent}</pictureQuotaRatio></diskQuota></diskQuotaList>`,
    );
  if (path === "/ISAPI/Streaming/channels")
    return xml(
      `<StreamingChannelList>${scenario.channels.map((_, index) => stream(`${index + 1}01`, 4096) + stream(`${index + 1}02`, 512)).join("")}</StreamingChannelList>`,
    );
  const ofDays = path.match(/^\/ISAPI\/ContentMgmt\/record\/tracks\/(\d+)01\/dailyDistribution$/);
  if (ofDays && method === "POST") return xml(dayList(scenario, Number(ofDays[1]) - 1, body));
  if (path === "/ISAPI/ContentMgmt/search" && scenario.lacks.has("isapi-search"))
    return { status: 403, body: "<ResponseStatus><subStatusCode>notSupport</subStatusCode></ResponseStatus>" };
  if (path === "/ISAPI/ContentMgmt/search")
    return method === "POST"
      ? { ...search(scenario, rtspPort, body), search: true }
      : { status: 403, body: "<ResponseStatus><subStatusCode>methodNotAllowed</subStatusCode></ResponseStatus>" };
  if (scenario.vms && path === "/ISAPI/System/Network/SIP")
    return xml(
      `<SIPServerList><SIPServer><id>1</id><Standard><enabled>true</enabled><proxy>${scenario.vms.host}</proxy><registerStatus>${scenario.vms.registered}</registerStatus></Standard></SIPServer></SIPServerList>`,
    );
  if (scenario.vms && path === "/ISAPI/Streaming/status")
    return xml(
      `<StreamingStatus><totalStreamingSessions>1</totalStreamingSessions><StreamingSessionStatusList>${
        scenario.vms.pulling
          ? `<StreamingSessionStatus><clientAddress><ipAddress>${scenario.vms.host}</ipAddress></clientAddress></StreamingSessionStatus>`
          : ""
      }</StreamingSessionStatusList></StreamingStatus>`,
    );
  return { status: 404, body: "" };
}

function networkedInputs({ channels }: Scenario): string {
  const source = (index: number) =>
    `<sourceInputPortDescriptor><proxyProtocol>ONVIF</proxyProtocol><addressingFormatType>ipaddress</addressingFormatType><ipAddress>${cameraAddress(index)}</ipAddress></sourceInputPortDescriptor>`;
  const added = channels.flatMap(({ input }, index) =>
    input === undefined ? [`<InputProxyChannel><id>${index + 1}</id><name>Gate ${index + 1}</name>${source(index)}</InputProxyChannel>`] : [],
  );
  return `<InputProxyChannelList size="${channels.length}">${added.join("")}</InputProxyChannelList>`;
}

function isAnalogue({ input }: Scenario["channels"][number]): boolean {
  return input !== undefined && input !== "unset";
}

/** As a DVR of four sockets with two cameras tells it: a socket without a camera is enabled, too. */
function analogueInputs({ channels }: Scenario): string {
  const inputs = channels.map(
    (channel, index) =>
      isAnalogue(channel) &&
      `<VideoInputChannel><id>${index + 1}</id><inputPort>${index + 1}</inputPort><videoInputEnabled>${channel.input !== "switched_off"}</videoInputEnabled><name>Gate ${index + 1}</name>` +
        `<resDesc>${channel.input === "analogue" ? "2560*1440(4MP)P25" : "NO VIDEO"}</resDesc></VideoInputChannel>`,
  );
  return `<VideoInputChannelList>${inputs.filter((input) => input !== false).join("")}</VideoInputChannelList>`;
}

function stream(id: string, kbps: number): string {
  return `<StreamingChannel><id>${id}</id><Video><videoQualityControlType>VBR</videoQualityControlType><constantBitRate>${kbps}</constantBitRate><vbrUpperCap>${kbps}</vbrUpperCap></Video></StreamingChannel>`;
}

/** The days of a month in which a channel recorded anything. */
function dayList(scenario: Scenario, channel: number, body: string): string {
  const number = (name: string) => Number(body.match(new RegExp(`<${name}>(\\d+)<`))?.[1]);
  const [year, month] = [number("year"), number("monthOfYear")];
  const recorded = scenario.channels[channel]?.recorded ?? [];
  const days = Array.from({ length: new Date(Date.UTC(year, month, 0)).getUTCDate() }, (_, index) => {
    const startMs = Date.UTC(year, month - 1, index + 1) - labelMs(scenario, 0);
    const isRecorded = recorded.some((span) => span.startMs < startMs + 24 * 3_600_000 && span.endMs > startMs);
    return `<day><id>${index + 1}</id><dayOfMonth>${index + 1}</dayOfMonth><record>${isRecorded}</record><recordType>time</recordType></day>`;
  });
  return `<trackDailyDistribution><dayList>${days.join("")}</dayList></trackDailyDistribution>`;
}

function localTime(scenario: Scenario): string {
  const nowMs = scenario.nowMs();
  if (scenario.clock.localAsUtc) return stamp(labelMs(scenario, nowMs));
  const wall = new Date(labelMs(scenario, nowMs) + VIETNAM_MS).toISOString().slice(0, 19);
  return scenario.clock.tellsUtc ? `${wall}+07:00` : "";
}

function track({ mode, capDays }: Scenario["channels"][number], index: number): string {
  const duration = capDays === undefined ? "" : `<Duration>P${capDays}DT0H</Duration>`;
  // As real recorders have it while they record: the stream in place of a name, and the switch elsewhere than in "Enable".
  const description =
    "<Description>trackType=standard,contentType=video,codecType=H.264-BP,resolution=2560x1440,framerate=25.0 fps,bitrate=4096 kbps</Description>";
  const extension = "<CustomExtensionList><CustomExtension><enableSchedule>true</enableSchedule></CustomExtension></CustomExtensionList>";
  return (
    `<Track><id>${index + 1}01</id><Channel>${index + 1}01</Channel><Enable>false</Enable>${description}${duration}` +
    `<DefaultRecordingMode>${mode === "continuous" ? "CMR" : "MOTION"}</DefaultRecordingMode>${extension}</Track><Track><id>${index + 1}02</id></Track>`
  );
}

function disk({ status, totalBytes, freeBytes, installedMs }: Scenario["disks"][number], index: number): string {
  const mebibytes = (bytes: number) => Math.round(bytes / 1024 / 1024);
  const installed = installedMs === undefined ? "" : `<installationTime>${stamp(installedMs)}</installationTime>`;
  return `<hdd><id>${index + 1}</id><status>${status}</status><capacity>${mebibytes(totalBytes)}</capacity><freeSpace>${mebibytes(freeBytes)}</freeSpace><property>RW</property>${installed}</hdd>`;
}

/** Searches that were begun: pages count against the life of a token. */
const pagesOfSearch = new WeakMap<Scenario, Map<string, number>>();

function search(scenario: Scenario, rtspPort: number, body: string): Reply {
  const text = (name: string) => body.match(new RegExp(`<${name}>([^<]*)<`))?.[1] ?? "";
  // Without the metadata list some recorders answer nothing; more than 50 results are refused.
  if (!body.includes("metadataDescriptor"))
    return { status: 200, body: "<CMSearchResult><responseStatus>true</responseStatus><responseStatusStrg>NO MATCHES</responseStatusStrg></CMSearchResult>" };
  if (Number(text("maxResults")) > 50) return { status: 400, body: "" };
  const known = pagesOfSearch.get(scenario) ?? new Map<string, number>();
  pagesOfSearch.set(scenario, known);
  const id = text("searchID");
  const pages = (known.get(id) ?? 0) + 1;
  known.set(id, pages);
  if (pages > scenario.pagesOfToken) return { status: 400, body: "<ResponseStatus><subStatusCode>badParameters</subStatusCode></ResponseStatus>" };
  const toUtc = (name: string) => Date.parse(text(name)) - labelMs(scenario, 0);
  const trackId = text("trackID");
  const recorded = scenario.channels[Number(trackId.slice(0, -2)) - 1]?.recorded ?? [];
  const files = filesOf(recorded, toUtc("startTime"), toUtc("endTime"));
  const from = Number(text("searchResultPostion"));
  const some = files.slice(from, from + Math.min(scenario.pageResults, Number(text("maxResults"))));
  const more = from + some.length < files.length;
  const items = some.map(({ startMs, endMs }) => {
    const [start, end] = [startMs, endMs].map((ms) => stamp(labelMs(scenario, ms)));
    const compact = (value: string | undefined) => value?.replace(/[-:]/g, "");
    const uri = `rtsp://192.0.2.7:${rtspPort}/Streaming/tracks/${trackId}/?starttime=${compact(start)}&amp;endtime=${compact(end)}&amp;name=00000000&amp;size=${Math.round(((endMs - startMs) / 1000) * 125_000)}`;
    return (
      `<searchMatchItem><sourceID>{0}</sourceID><trackID>${trackId}</trackID><timeSpan><startTime>${start}</startTime><endTime>${end}</endTime></timeSpan>` +
      `<mediaSegmentDescriptor><contentType>video</contentType><playbackURI>${uri}</playbackURI></mediaSegmentDescriptor></searchMatchItem>`
    );
  });
  const status = more ? "MORE" : some.length > 0 ? "OK" : "NO MATCHES";
  return {
    status: 200,
    body: `<CMSearchResult version="2.0"><searchID>${id}</searchID><responseStatus>true</responseStatus><responseStatusStrg>${status}</responseStatusStrg><numOfMatches>${some.length}</numOfMatches><matchList>${items.join("")}</matchList></CMSearchResult>`,
  };
}
