import { LAN_LIST_CAP, LAN_SEARCH_MS } from "./lan-http.ts";
import type { Onvif } from "./onvif.ts";
import { readXsDateTime } from "./onvif-time.ts";
import { SoapFault } from "./soap.ts";
import { escapeXml, type XmlNode } from "./xml.ts";

/** Results of one page, and pages of one search: 31 days of minute-long segments end below. */
const PAGE_RESULTS = 100;
const PAGES_MAX = 1000;
/** So many empty pages in a row, and the device is not searching any more. */
const EMPTY_PAGES_MAX = 6;
/** Most results of one search. */
export const SEARCH_RESULTS_MAX = 100_000;

/** What a search says of one recording. Times are as the device labels them, ms; absent where it says nothing. */
export type FoundRecording = {
  readonly token: string;
  readonly earliestMs: number | undefined;
  readonly latestMs: number | undefined;
  readonly status: string | undefined;
  readonly tracks: readonly { readonly token: string; readonly type: string; readonly fromMs: number | undefined; readonly toMs: number | undefined }[];
};

/** One change of "is data present" (Track/State) or "is recording" (Recording/State). Times as the device labels them. */
export type StateChange = {
  readonly recording: string;
  readonly track: string | undefined;
  readonly atMs: number;
  readonly present: boolean;
  readonly zoned: boolean;
  readonly isStart: boolean;
};

/** A search's results; `complete` is false when the device broke it off and earlier pages are all there is. */
export type SearchResult<T> = { readonly results: readonly T[]; readonly complete: boolean };

/** Time span of everything on the device (GetRecordingSummary): the weakest statement there is. @throws DeviceError, SoapFault */
export async function recordingSummary(onvif: Onvif): Promise<{ fromMs: number | undefined; untilMs: number | undefined; recordings: number }> {
  const summary = (await onvif.call("tse", "<tse:GetRecordingSummary/>")).find("Summary");
  const recordings = Number(summary?.value("NumberRecordings") ?? 0);
  if (!(recordings > 0)) return { fromMs: undefined, untilMs: undefined, recordings: 0 };
  return { fromMs: readXsDateTime(summary?.value("DataFrom"))?.ms, untilMs: readXsDateTime(summary?.value("DataUntil"))?.ms, recordings };
}

/** Lists all recordings with their first and last data (FindRecordings). @throws DeviceError, SoapFault */
export async function findRecordings(onvif: Onvif): Promise<SearchResult<FoundRecording>> {
  const start = "<tse:FindRecordings><tse:Scope/><tse:KeepAliveTime>PT10S</tse:KeepAliveTime></tse:FindRecordings>";
  return search(onvif, start, "GetRecordingSearchResults", "RecordingInformation", (item) => {
    const token = item.value("RecordingToken");
    if (!token) return undefined;
    const tracks = item
      .children("Track")
      .slice(0, 16)
      .map((track) => ({
        token: track.value("TrackToken") ?? "",
        type: track.value("TrackType") ?? "",
        fromMs: readXsDateTime(track.value("DataFrom"))?.ms,
        toMs: readXsDateTime(track.value("DataTo"))?.ms,
      }));
    const earliestMs = readXsDateTime(item.value("EarliestRecording"))?.ms;
    return { token, earliestMs, latestMs: readXsDateTime(item.value("LatestRecording"))?.ms, status: item.value("RecordingStatus"), tracks };
  });
}

/**
 * Lists changes of a recording's state between two instants (FindEvents).
 * @param topic "Track/State" shows where data is; "Recording/State" only what was meant to be recorded
 * @throws DeviceError, SoapFault
 */
export async function findStateChanges(
  onvif: Onvif,
  recording: string,
  topic: "Track/State" | "Recording/State",
  startMs: number,
  endMs: number,
): Promise<SearchResult<StateChange>> {
  const item = topic === "Track/State" ? "IsDataPresent" : "IsRecording";
  const start =
    `<tse:FindEvents><tse:StartPoint>${new Date(startMs).toISOString()}</tse:StartPoint><tse:EndPoint>${new Date(endMs).toISOString()}</tse:EndPoint>` +
    `<tse:Scope><tt:IncludedRecordings>${escapeXml(recording)}</tt:IncludedRecordings></tse:Scope>` +
    '<tse:SearchFilter><wsnt:TopicExpression Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">' +
    `tns1:RecordingHistory/${topic}</wsnt:TopicExpression></tse:SearchFilter>` +
    "<tse:IncludeStartState>true</tse:IncludeStartState><tse:KeepAliveTime>PT10S</tse:KeepAliveTime></tse:FindEvents>";
  return search(onvif, start, "GetEventSearchResults", "Result", (result) => {
    const time = readXsDateTime(result.value("Time"));
    const message = result.find("Event", "Message", "Message") ?? result.find("Event", "Message");
    const present = simpleItem(message, item);
    if (time === undefined || present === undefined) return undefined;
    return {
      recording: result.value("RecordingToken") ?? recording,
      track: result.value("TrackToken") || simpleItem(message, "Track"),
      atMs: time.ms,
      zoned: time.zoned,
      present: present === "true" || present === "1",
      isStart: result.value("StartStateEvent") === "true",
    };
  });
}

/** Whether any video of a recording exists at an instant (GetMediaAttributes). @throws DeviceError, SoapFault */
export async function hasMediaAt(onvif: Onvif, recording: string, atMs: number): Promise<boolean> {
  const answer = await onvif.call(
    "tse",
    `<tse:GetMediaAttributes><tse:RecordingTokens>${escapeXml(recording)}</tse:RecordingTokens><tse:Time>${new Date(atMs).toISOString()}</tse:Time></tse:GetMediaAttributes>`,
  );
  return answer.children("MediaAttributes").some((media) => media.children("TrackAttributes").length > 0);
}

function simpleItem(message: XmlNode | undefined, name: string): string | undefined {
  for (const part of ["Data", "Source", "Key"])
    for (const item of message?.find(part)?.children("SimpleItem") ?? []) if (item.attribute("Name") === name) return item.attribute("Value");
  return undefined;
}

/** Opens a search, reads all pages and closes it: recorders have few sessions. */
async function search<T>(onvif: Onvif, start: string, page: string, list: string, read: (item: XmlNode) => T | undefined): Promise<SearchResult<T>> {
  const token = (await onvif.call("tse", start, { deadlineMs: LAN_SEARCH_MS })).value("SearchToken");
  if (!token) return { results: [], complete: false };
  const body =
    `<tse:${page}><tse:SearchToken>${escapeXml(token)}</tse:SearchToken><tse:MaxResults>${PAGE_RESULTS}</tse:MaxResults>` +
    `<tse:WaitTime>PT5S</tse:WaitTime></tse:${page}>`;
  const results: T[] = [];
  let empty = 0;
  try {
    for (let pages = 0; pages < PAGES_MAX && results.length < SEARCH_RESULTS_MAX && empty < EMPTY_PAGES_MAX; pages++) {
      const answer = await onvif.call("tse", body, { capBytes: LAN_LIST_CAP, deadlineMs: LAN_SEARCH_MS });
      const items = answer.find("ResultList");
      for (const item of items?.children(list) ?? []) {
        const one = read(item);
        if (one !== undefined) results.push(one);
      }
      empty = (items?.children(list).length ?? 0) === 0 ? empty + 1 : 0;
      if (items?.value("SearchState") === "Completed") return { results, complete: true };
    }
    return { results, complete: false };
  } catch (error) {
    // After the last page, and after its keep-alive, a token is no longer known: what was read stands.
    if (error instanceof SoapFault && results.length > 0) return { results, complete: false };
    throw error;
  } finally {
    await onvif.call("tse", `<tse:EndSearch><tse:SearchToken>${escapeXml(token)}</tse:SearchToken></tse:EndSearch>`).catch(() => undefined);
  }
}
