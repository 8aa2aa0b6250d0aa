import type { Reply } from "./http-side.ts";
import { tokenIsRight } from "./login.ts";
import { type Interval, labelMs, type Scenario, stamp, wallMs } from "./scenario.ts";

/** The ONVIF side of the mock: Profile G as the specification words it, minus what the scenario lacks. */
export type OnvifSide = (path: string, message: string, loggedIn: boolean) => Reply;

const open = new Set(["GetSystemDateAndTime", "GetServices", "GetCapabilities"]);
type Search = { results: string[]; pages: number };

export function createOnvifSide(scenario: Scenario, ports: () => { http: number; rtsp: number }): OnvifSide {
  const searches = new Map<string, Search>();
  let searchCount = 0;
  const begin = (results: string[]) => {
    searchCount += 1;
    searches.set(`S${searchCount}`, { results, pages: 0 });
    return `S${searchCount}`;
  };
  const calls: Record<string, (message: string) => string | Reply> = {
    ...deviceCalls(scenario, ports),
    ...recordingCalls(scenario, ports),
    GetRecordingSummary: () =>
      scenario.lacks.has("summary") ? notSupported : `<tse:GetRecordingSummaryResponse>${summary(scenario)}</tse:GetRecordingSummaryResponse>`,
    FindRecordings: () =>
      scenario.lacks.has("find-recordings")
        ? notSupported
        : `<tse:FindRecordingsResponse><tse:SearchToken>${begin(recordingInformation(scenario))}</tse:SearchToken></tse:FindRecordingsResponse>`,
    FindEvents: (message) =>
      scenario.lacks.has("find-events")
        ? notSupported
        : `<tse:FindEventsResponse><tse:SearchToken>${begin(events(scenario, message))}</tse:SearchToken></tse:FindEventsResponse>`,
    GetRecordingSearchResults: (message) => page(scenario, searches, message, "GetRecordingSearchResults"),
    GetEventSearchResults: (message) => page(scenario, searches, message, "GetEventSearchResults"),
    EndSearch: (message) => {
      searches.delete(text(message, "SearchToken"));
      return `<tse:EndSearchResponse><tse:Endpoint>${stamp(labelMs(scenario, scenario.nowMs()))}</tse:Endpoint></tse:EndSearchResponse>`;
    },
    GetMediaAttributes: (message) => {
      if (scenario.lacks.has("media-attributes")) return notSupported;
      const atMs = Date.parse(text(message, "Time")) - labelMs(scenario, 0);
      const here = channelOf(scenario, text(message, "RecordingTokens"))?.recorded.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
      const track = here ? "<tt:TrackAttributes><tt:TrackInformation><tt:TrackToken>VIDEO001</tt:TrackToken></tt:TrackInformation></tt:TrackAttributes>" : "";
      return `<tse:GetMediaAttributesResponse><tse:MediaAttributes>${track}</tse:MediaAttributes></tse:GetMediaAttributesResponse>`;
    },
  };
  return (path, message, loggedIn) => {
    const name = message.match(/<\w+:Body[^>]*>\s*<(?:\w+:)?(\w+)/)?.[1] ?? "";
    const known = scenario.login.kind === "none" || open.has(name) || loggedIn || tokenLogin(scenario, message);
    if (!known) return scenario.login.kind === "ws-token" ? fault(400, "Sender", "NotAuthorized", "Sender not authorized") : { status: 401, body: "" };
    const call = calls[name];
    if (!call || !path.startsWith("/onvif/")) return notSupported;
    const answer = call(message);
    return typeof answer === "string" ? { status: 200, body: envelope(answer) } : answer;
  };
}

function tokenLogin(scenario: Scenario, message: string): boolean {
  return scenario.login.kind === "ws-token" && tokenIsRight(scenario.login, message, labelMs(scenario, scenario.nowMs()));
}

function deviceCalls(scenario: Scenario, ports: () => { http: number; rtsp: number }): Record<string, () => string | Reply> {
  const { clock } = scenario;
  // The host is wrong on purpose: behind NAT devices name an address that nobody can reach.
  const xaddr = (service: string) => `http://192.0.2.7:${ports().http}/onvif/${service}`;
  const services: [string, string][] = [
    ["http://www.onvif.org/ver10/device/wsdl", "device_service"],
    ["http://www.onvif.org/ver10/media/wsdl", "media"],
    ["http://www.onvif.org/ver10/recording/wsdl", "recording"],
    ["http://www.onvif.org/ver10/search/wsdl", "search"],
    ...(scenario.lacks.has("replay") ? [] : [["http://www.onvif.org/ver10/replay/wsdl", "replay"] as [string, string]]),
    ...(scenario.vms ? [["http://www.onvif.org/ver10/uplink/wsdl", "uplink"] as [string, string]] : []),
  ];
  return {
    GetSystemDateAndTime: () => {
      const nowMs = scenario.nowMs();
      const utc = clock.tellsUtc ? dateTime("UTCDateTime", labelMs(scenario, nowMs)) : "";
      const local = clock.tellsLocal ? dateTime("LocalDateTime", wallMs(scenario, nowMs)) : "";
      return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>" +
        `<tt:TimeZone><tt:TZ>ICT-7</tt:TZ></tt:TimeZone>${utc}${local}</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>`
      );
    },
    GetServices: () =>
      `<tds:GetServicesResponse>${services
        .map(([uri, path]) => `<tds:Service><tds:Namespace>${uri}</tds:Namespace><tds:XAddr>${xaddr(path)}</tds:XAddr></tds:Service>`)
        .join("")}</tds:GetServicesResponse>`,
    GetDeviceInformation: () =>
      `<tds:GetDeviceInformationResponse><tds:Manufacturer>Mock</tds:Manufacturer><tds:Model>NVR &amp; more</tds:Model><tds:FirmwareVersion>${scenario.firmware}</tds:FirmwareVersion>` +
      `<tds:SerialNumber>${scenario.serial}</tds:SerialNumber><tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>`,
    GetProfiles: () =>
      `<trt:GetProfilesResponse>${scenario.channels
        .map(
          (_, index) =>
            `<trt:Profiles token="P${index + 1}"><tt:Name>Channel ${index + 1}</tt:Name><tt:VideoSourceConfiguration><tt:SourceToken>V${index + 1}</tt:SourceToken></tt:VideoSourceConfiguration>` +
            "<tt:VideoEncoderConfiguration><tt:RateControl><tt:BitrateLimit>2048</tt:BitrateLimit></tt:RateControl></tt:VideoEncoderConfiguration></trt:Profiles>",
        )
        .join("")}</trt:GetProfilesResponse>`,
    GetUplinks: () =>
      scenario.vms
        ? `<tup:GetUplinksResponse><tup:Configuration><tup:RemoteAddress>wss://${scenario.vms.host}/up</tup:RemoteAddress><tup:Status>${scenario.vms.registered ? "Connected" : "Offline"}</tup:Status></tup:Configuration></tup:GetUplinksResponse>`
        : notSupported,
  };
}

function recordingCalls(scenario: Scenario, ports: () => { http: number; rtsp: number }): Record<string, (message: string) => string | Reply> {
  return {
    GetStreamUri: (message) => {
      const index = text(message, "ProfileToken").slice(1);
      return `<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://192.0.2.7:${ports().rtsp}/live/${index}</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>`;
    },
    GetRecordings: () =>
      scenario.lacks.has("recordings")
        ? notSupported
        : `<trc:GetRecordingsResponse>${scenario.channels
            .map(
              ({ capDays }, index) =>
                `<trc:RecordingItem><tt:RecordingToken>R00${index + 1}</tt:RecordingToken><tt:Configuration><tt:Source><tt:Name>Gate ${index + 1}</tt:Name></tt:Source>` +
                `<tt:MaximumRetentionTime>P${capDays ?? 0}D</tt:MaximumRetentionTime></tt:Configuration><tt:Tracks><tt:Track><tt:TrackToken>VIDEO001</tt:TrackToken>` +
                "<tt:Configuration><tt:TrackType>Video</tt:TrackType></tt:Configuration></tt:Track></tt:Tracks></trc:RecordingItem>",
            )
            .join("")}</trc:GetRecordingsResponse>`,
    GetRecordingJobs: () =>
      `<trc:GetRecordingJobsResponse>${scenario.channels
        .map(
          (_, index) =>
            `<trc:JobItem><tt:JobToken>J${index + 1}</tt:JobToken><tt:JobConfiguration><tt:RecordingToken>R00${index + 1}</tt:RecordingToken></tt:JobConfiguration></trc:JobItem>`,
        )
        .join("")}</trc:GetRecordingJobsResponse>`,
    GetRecordingJobState: (message) => {
      const channel = scenario.channels[Number(text(message, "JobToken").slice(1)) - 1];
      const active = (channel?.recorded.at(-1)?.endMs ?? 0) >= scenario.nowMs() - 60_000;
      return `<trc:GetRecordingJobStateResponse><trc:State><tt:State>${active ? "Active" : "Idle"}</tt:State></trc:State></trc:GetRecordingJobStateResponse>`;
    },
    GetReplayUri: (message) =>
      `<trp:GetReplayUriResponse><trp:Uri>rtsp://192.0.2.7:${ports().rtsp}/replay/${text(message, "RecordingToken")}</trp:Uri></trp:GetReplayUriResponse>`,
  };
}

function summary(scenario: Scenario): string {
  const all = scenario.channels.flatMap(({ recorded }) => recorded);
  const from = scenario.claimedOldestMs ?? labelMs(scenario, Math.min(...all.map(({ startMs }) => startMs)));
  const until = labelMs(scenario, Math.max(...all.map(({ endMs }) => endMs)));
  return `<tse:Summary><tt:DataFrom>${stamp(from)}</tt:DataFrom><tt:DataUntil>${stamp(until)}</tt:DataUntil><tt:NumberRecordings>${scenario.channels.length}</tt:NumberRecordings></tse:Summary>`;
}

function recordingInformation(scenario: Scenario): string[] {
  return scenario.channels.map(({ recorded }, index) => {
    const [first, last] = [recorded[0], recorded.at(-1)];
    const from = first && stamp(scenario.claimedOldestMs ?? labelMs(scenario, first.startMs));
    const to = last && stamp(labelMs(scenario, last.endMs));
    const track =
      from && to
        ? `<tt:Track><tt:TrackToken>VIDEO001</tt:TrackToken><tt:TrackType>Video</tt:TrackType><tt:Description/><tt:DataFrom>${from}</tt:DataFrom><tt:DataTo>${to}</tt:DataTo></tt:Track>`
        : "";
    const source = `<tt:Source><tt:SourceId>src-${index + 1}</tt:SourceId><tt:Name>Gate ${index + 1}</tt:Name><tt:Location/><tt:Description/><tt:Address/></tt:Source>`;
    const span = from && to ? `<tt:EarliestRecording>${from}</tt:EarliestRecording><tt:LatestRecording>${to}</tt:LatestRecording>` : "";
    return `<tt:RecordingInformation><tt:RecordingToken>R00${index + 1}</tt:RecordingToken>${source}${span}<tt:Content/>${track}<tt:RecordingStatus>Recording</tt:RecordingStatus></tt:RecordingInformation>`;
  });
}

/** Changes of "data present" within the asked span, with the state at its start. Minutes matter to ONVIF, files do not. */
function events(scenario: Scenario, message: string): string[] {
  const token = text(message, "IncludedRecordings");
  const [fromMs, toMs] = ["StartPoint", "EndPoint"].map((name) => Date.parse(text(message, name)) - labelMs(scenario, 0)) as [number, number];
  const spans: readonly Interval[] = channelOf(scenario, token)?.recorded ?? [];
  const results: string[] = [];
  const tell = (atMs: number, present: boolean, start: boolean) =>
    results.push(
      `<tt:Result><tt:RecordingToken>${token}</tt:RecordingToken><tt:TrackToken>VIDEO001</tt:TrackToken><tt:Time>${stamp(labelMs(scenario, atMs))}</tt:Time><tt:Event>` +
        `<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">tns1:RecordingHistory/Track/State</wsnt:Topic><wsnt:Message><tt:Message UtcTime="${stamp(labelMs(scenario, atMs))}" PropertyOperation="Changed">` +
        `<tt:Source><tt:SimpleItem Name="RecordingToken" Value="${token}"/><tt:SimpleItem Name="Track" Value="VIDEO001"/></tt:Source>` +
        `<tt:Data><tt:SimpleItem Name="IsDataPresent" Value="${present}"/></tt:Data></tt:Message></wsnt:Message></tt:Event><tt:StartStateEvent>${start}</tt:StartStateEvent></tt:Result>`,
    );
  tell(
    fromMs,
    spans.some(({ startMs, endMs }) => startMs <= fromMs && fromMs < endMs),
    true,
  );
  for (const { startMs, endMs } of spans) {
    if (startMs > fromMs && startMs < toMs) tell(startMs, true, false);
    // What is still being written has no end.
    if (endMs > fromMs && endMs < Math.min(toMs, scenario.nowMs())) tell(endMs, false, false);
  }
  return results;
}

function page(scenario: Scenario, searches: Map<string, Search>, message: string, name: string): string | Reply {
  const token = text(message, "SearchToken");
  const search = searches.get(token);
  if (!search) return fault(400, "Sender", "InvalidToken", "The search token is invalid");
  search.pages += 1;
  const results = search.results.splice(0, Math.min(scenario.pageResults, Number(text(message, "MaxResults")) || 100));
  const state = search.results.length === 0 ? "Completed" : "Searching";
  if (search.pages >= scenario.pagesOfToken) searches.delete(token);
  return {
    status: 200,
    body: envelope(`<tse:${name}Response><tse:ResultList><tt:SearchState>${state}</tt:SearchState>${results.join("")}</tse:ResultList></tse:${name}Response>`),
    search: true,
  };
}

function channelOf(scenario: Scenario, token: string) {
  return scenario.channels[Number(token.slice(1)) - 1];
}

function text(message: string, name: string): string {
  return message.match(new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`))?.[1] ?? "";
}

function dateTime(name: string, ms: number): string {
  const at = new Date(ms);
  return (
    `<tt:${name}><tt:Time><tt:Hour>${at.getUTCHours()}</tt:Hour><tt:Minute>${at.getUTCMinutes()}</tt:Minute><tt:Second>${at.getUTCSeconds()}</tt:Second></tt:Time>` +
    `<tt:Date><tt:Year>${at.getUTCFullYear()}</tt:Year><tt:Month>${at.getUTCMonth() + 1}</tt:Month><tt:Day>${at.getUTCDate()}</tt:Day></tt:Date></tt:${name}>`
  );
}

function envelope(body: string): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?><env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl" ' +
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:trc="http://www.onvif.org/ver10/recording/wsdl" xmlns:tse="http://www.onvif.org/ver10/search/wsdl" ' +
    'xmlns:trp="http://www.onvif.org/ver10/replay/wsdl" xmlns:tup="http://www.onvif.org/ver10/uplink/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema" ' +
    'xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:tns1="http://www.onvif.org/ver10/topics" xmlns:ter="http://www.onvif.org/ver10/error">' +
    `<env:Body>${body}</env:Body></env:Envelope>`
  );
}

function fault(status: number, code: string, subcode: string, reason: string): Reply {
  const detail = `<env:Fault><env:Code><env:Value>env:${code}</env:Value><env:Subcode><env:Value>ter:${subcode}</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang="en">${reason}</env:Text></env:Reason></env:Fault>`;
  return { status, body: envelope(detail) };
}

const notSupported = fault(500, "Receiver", "ActionNotSupported", "Optional action not implemented");
