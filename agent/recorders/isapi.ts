import { randomUUID } from "node:crypto";
import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "../io/device-error.ts";
import type { DeviceSession } from "../io/device-session.ts";
import type { DeviceIdentity } from "../io/onvif.ts";
import { type DeviceTime, readXsDateTime } from "../io/onvif-time.ts";
import type { Rtsp } from "../io/rtsp-video.ts";
import type { XmlNode } from "../io/xml.ts";
import { isapiGet, isapiPost, refuseOther } from "./isapi-ask.ts";
import { channelsOf } from "./isapi-channels.ts";
import { recordedDays } from "./isapi-days.ts";
import { disksOf, videoShareOf } from "./isapi-disks.ts";
import { readInputs } from "./isapi-inputs.ts";
import type { RecordedList, Recorder, SizedInterval, Unverified } from "./recorder.ts";
import { type Found, resumeSearch } from "./resume-search.ts";
import { listOf, NEWEST_SPAN_MS, newestEnd } from "./sized-list.ts";

/** More than 50 results of one page are refused by some. */
const PAGE_RESULTS = 40;
const PAGES_MAX = 1_500;
const FRAME_MS = 8_000;

/** A recorder that speaks Hikvision's ISAPI (also HiLook, Ezviz-type and most OEM devices). @throws DeviceError unsupported when it does not */
export async function openIsapi(session: DeviceSession, rtsp: Rtsp): Promise<Recorder> {
  const { address, port, user, password } = session.access;
  const device = `${address}:${port}`;
  const get = (path: string) => isapiGet(session, path);
  const info = await get("/ISAPI/System/deviceInfo");
  if (info.name !== "DeviceInfo") throw new DeviceError("unsupported", `${device} does not speak ISAPI`);
  const unverified = new Set<Unverified>();

  const frameAt: Recorder["frameAt"] = async (channel, atMs) => {
    const page = await searchPage(session, channel, atMs, atMs + 60_000, 0, randomUUID());
    const uri = page.items.find(({ startMs, endMs }) => startMs <= atMs + 60_000 && endMs > atMs)?.uri;
    if (uri === undefined) return { frameTime: "none", frameUtcMs: undefined, codec: undefined, bytes: 0, status: 404 };
    await session.pace(session.signal);
    return rtsp.fetchFrame({ address, user, password, signal: session.signal, deadlineMs: FRAME_MS + 4_000 }, playFrom(uri, atMs), atMs, false, FRAME_MS);
  };
  return {
    method: "isapi",
    identity: identityOf(info),
    labelOffsets: (zoneMs) => (zoneMs === 0 ? [0] : [zoneMs, 0]),
    clock: async () => readTime(await get("/ISAPI/System/time")),
    channels: async () => {
      const tracks = await get("/ISAPI/ContentMgmt/record/tracks");
      refuseOther(tracks, "TrackList", session);
      return channelsOf(tracks, await get("/ISAPI/Streaming/channels").catch(() => undefined), await readInputs(get));
    },
    recorded: async (channel, fromMs, toMs) => {
      try {
        return await searchAll(session, channel, fromMs, toMs);
      } catch (error) {
        if (!(error instanceof DeviceError) || error.trouble !== "unsupported") throw error;
        unverified.add("search");
        return recordedDays(session, channel, fromMs, toMs);
      }
    },
    videoShare: async () => videoShareOf(await get("/ISAPI/ContentMgmt/Storage/quota").catch(() => undefined)),
    newest: async (channel, nowMs) => newestEnd(await searchAll(session, channel, nowMs - NEWEST_SPAN_MS, nowMs), nowMs),
    frameAt,
    disks: async () => {
      try {
        const storage = await get("/ISAPI/ContentMgmt/Storage");
        refuseOther(storage, "storage", session);
        return disksOf(storage);
      } catch (error) {
        if (!(error instanceof DeviceError) || error.trouble === "auth_failed" || error.trouble === "timeout") throw error;
        unverified.add("disks");
        return undefined;
      }
    },
    unverified,
  };
}

function identityOf(info: XmlNode): DeviceIdentity {
  const read = (name: string) => cleanText(info.value(name) ?? "") || undefined;
  return { manufacturer: read("manufacturer") ?? "Hikvision", model: read("model"), firmware: read("firmwareVersion"), serial: read("serialNumber") };
}

/** /System/time as written: with an offset it is UTC; a bare or 'Z' time may be local, which the caller finds out. */
function readTime(time: XmlNode): DeviceTime {
  const written = time.value("localTime");
  const utc = readXsDateTime(written);
  const offset = written?.match(/([+-])(\d{2}):(\d{2})$/);
  const offsetMs = offset ? (offset[1] === "-" ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000 : 0;
  return {
    utcMs: utc?.zoned ? utc.ms : undefined,
    wallMs: utc && (offset || !utc.zoned) ? utc.ms + offsetMs : undefined,
    zone: time.value("timeZone"),
    kind: time.value("timeMode"),
    daylightSavings: undefined,
  };
}

type Piece = SizedInterval & { readonly uri: string | undefined };

async function searchPage(session: DeviceSession, track: string, fromMs: number, toMs: number, position: number, searchId: string) {
  const stamp = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  // "Postion" is the vendor's own spelling; without the metadata list some recorders answer nothing.
  const body =
    '<?xml version="1.0" encoding="UTF-8"?><CMSearchDescription>' +
    `<searchID>${searchId.toUpperCase()}</searchID><trackIDList><trackID>${track}</trackID></trackIDList>` +
    `<timeSpanList><timeSpan><startTime>${stamp(fromMs)}</startTime><endTime>${stamp(toMs)}</endTime></timeSpan></timeSpanList>` +
    `<maxResults>${PAGE_RESULTS}</maxResults><searchResultPostion>${position}</searchResultPostion>` +
    "<metadataList><metadataDescriptor>//recordType.meta.std-cgi.com</metadataDescriptor></metadataList></CMSearchDescription>";
  const answer = await isapiPost(session, "/ISAPI/ContentMgmt/search", body);
  refuseOther(answer, "CMSearchResult", session);
  const status = (answer.value("responseStatusStrg") ?? answer.value("responseStatusStrip") ?? "").toUpperCase();
  const items = (answer.find("matchList")?.children("searchMatchItem") ?? []).flatMap((item): Piece[] => {
    const start = readXsDateTime(item.value("timeSpan", "startTime"));
    const end = readXsDateTime(item.value("timeSpan", "endTime"));
    const uri = item.value("mediaSegmentDescriptor", "playbackURI");
    const size = uri?.match(/[?&]size=(\d{1,15})/)?.[1];
    return start && end ? [{ startMs: start.ms, endMs: end.ms, uri, bytes: size === undefined ? undefined : Number(size) }] : [];
  });
  return { items, more: status === "MORE", isKnown: endWords.has(status) };
}

/** What a search says when it has told everything. */
const endWords: ReadonlySet<string> = new Set(["OK", "NO MATCHES"]);

/** Reads all pages of one search; stops when a page repeats or the recorder no longer knows the search. */
async function readPages(session: DeviceSession, track: string, fromMs: number, toMs: number): Promise<Found<Piece>> {
  const searchId = randomUUID();
  const results: Piece[] = [];
  let lastStartMs = Number.NaN;
  try {
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const { items, more, isKnown } = await searchPage(session, track, fromMs, toMs, results.length, searchId);
      const first = items[0]?.startMs ?? Number.NaN;
      if (first === lastStartMs) return { results, complete: false };
      for (const item of items.slice(0, PAGE_RESULTS)) results.push(item);
      if (!more) return { results, complete: isKnown };
      if (items.length === 0) break;
      lastStartMs = first;
    }
  } catch (error) {
    if (!(error instanceof DeviceError && error.trouble === "unsupported" && results.length > 0)) throw error;
  }
  return { results, complete: false };
}

async function searchAll(session: DeviceSession, track: string, fromMs: number, toMs: number): Promise<RecordedList> {
  const { results, complete } = await resumeSearch(
    fromMs,
    (startMs) => readPages(session, track, startMs, toMs),
    ({ endMs }) => endMs,
  );
  return listOf(results, complete, "isapi-search");
}

/** The playback address with its start moved to the wanted instant. */
function playFrom(uri: string, atMs: number): string {
  const stamp = `${new Date(atMs).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  return uri.replace(/([?&]starttime=)[^&]*/i, `$1${stamp}`);
}
