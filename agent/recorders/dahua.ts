import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "../io/device-error.ts";
import { type DeviceCall, type DeviceSession, loginMissing } from "../io/device-session.ts";
import { LAN_LIST_CAP, LAN_SEARCH_MS } from "../io/lan-http.ts";
import type { Rtsp } from "../io/rtsp-video.ts";
import { type DahuaRows, readRows } from "./dahua-rows.ts";
import { isHealthyState } from "./disk-state.ts";
import type { RecordedList, Recorder, RecorderChannel, RecorderDisk, SizedInterval, Unverified } from "./recorder.ts";
import { type Found, resumeSearch } from "./resume-search.ts";
import { listOf, NEWEST_SPAN_MS, newestEnd } from "./sized-list.ts";
import { sourceAddress } from "./source-address.ts";

const PAGE_RESULTS = 100;
const PAGES_MAX = 1_000;
const CHANNELS_MAX = 64;
const FRAME_MS = 8_000;
const searching = { capBytes: LAN_LIST_CAP, deadlineMs: LAN_SEARCH_MS };

/** A recorder that speaks Dahua's CGI (also KBVision and Imou recorders). @throws DeviceError unsupported when it does not */
export async function openDahua(session: DeviceSession, rtsp: Rtsp): Promise<Recorder> {
  const { address, user, password } = session.access;
  const system = await dahuaAsk(session, "/cgi-bin/magicBox.cgi?action=getSystemInfo");
  if (system.get("serialNumber") === undefined) throw new DeviceError("unsupported", `${address} does not speak Dahua CGI`);
  const software = await dahuaAsk(session, "/cgi-bin/magicBox.cgi?action=getSoftwareVersion").catch(() => new Map<string, string>());
  const read = (text: string | undefined) => cleanText(text ?? "") || undefined;
  const unverified = new Set<Unverified>();
  const ports = await dahuaAsk(session, "/cgi-bin/configManager.cgi?action=getConfig&name=RTSP").catch(() => new Map<string, string>());
  const rtspPort = ports.get("table.RTSP.Port")?.match(/^\d{1,5}$/)?.[0] ?? "554";

  const frameAt: Recorder["frameAt"] = async (channel, atMs) => {
    await session.pace(session.signal);
    const [start, end] = [atMs, atMs + 60_000].map((ms) => wallTime(ms).replace(/[-: ]/g, "_"));
    const uri = `rtsp://${address}:${rtspPort}/cam/playback?channel=${channel}&starttime=${start}&endtime=${end}`;
    return rtsp.fetchFrame({ address, user, password, signal: session.signal, deadlineMs: FRAME_MS + 4_000 }, uri, atMs, false, FRAME_MS);
  };
  return {
    method: "dahua",
    identity: {
      manufacturer: read(system.get("deviceType")) && "Dahua",
      model: read(system.get("deviceType")),
      firmware: read(software.get("version")?.split(",")[0]),
      serial: read(system.get("serialNumber")),
    },
    // Its files carry the wall time of the device, never UTC.
    labelOffsets: (zoneMs) => [zoneMs],
    clock: async () => {
      const said = (await dahuaAsk(session, "/cgi-bin/global.cgi?action=getCurrentTime")).get("result");
      return { utcMs: undefined, wallMs: readWallTime(said), zone: undefined, kind: undefined, daylightSavings: undefined };
    },
    channels: () => channelsOf(session, !/NVR|IVSS/i.test(system.get("deviceType") ?? "")),
    recorded: (channel, fromMs, toMs) => findFiles(session, channel, fromMs, toMs),
    newest: async (channel, nowMs) => newestEnd(await findFiles(session, channel, nowMs - NEWEST_SPAN_MS, nowMs), nowMs),
    frameAt,
    disks: async () => {
      try {
        return disksOf(await dahuaAsk(session, "/cgi-bin/storageDevice.cgi?action=getDeviceAllInfo"));
      } catch (error) {
        if (!(error instanceof DeviceError) || error.trouble === "auth_failed" || error.trouble === "timeout") throw error;
        unverified.add("disks");
        return undefined;
      }
    },
    unverified,
  };
}

/** One question to Dahua's CGI; the rows of the answer. @throws DeviceError */
export async function dahuaAsk(session: DeviceSession, path: string, limits: Pick<DeviceCall, "capBytes" | "deadlineMs"> = {}): Promise<DahuaRows> {
  const { address, port } = session.access;
  const reply = await session.send({ method: "GET", path, ...limits });
  const { status, body } = reply;
  if (status === 401) throw loginMissing(reply, session.access);
  if (status === 403) throw new DeviceError("no_permission", `${address}:${port} forbids this call; give the account the right to play back`);
  if (status === 503) throw new DeviceError("device_busy", `${address}:${port} says that it is busy (503)`);
  if (status === 400) throw new DeviceError("no_such_object", `${address}:${port} does not know this call or has nothing to tell`);
  if (status !== 200) throw new DeviceError("unsupported", `${address}:${port} answered ${status} to a Dahua CGI call`);
  if (/^\s*</.test(body)) throw new DeviceError("bad_reply", `${address}:${port} answered a Dahua CGI call with a page: its login may have ended`);
  if (/^\s*Error\b/i.test(body)) throw new DeviceError("no_such_object", `${address}:${port} does not know this call or has nothing to tell`);
  return readRows(body);
}

async function channelsOf(session: DeviceSession, hasAnalogueInputs: boolean): Promise<RecorderChannel[]> {
  const titles = await dahuaAsk(session, "/cgi-bin/configManager.cgi?action=getConfig&name=ChannelTitle");
  const modes = await dahuaAsk(session, "/cgi-bin/configManager.cgi?action=getConfig&name=RecordMode").catch(() => new Map<string, string>());
  const records = await dahuaAsk(session, "/cgi-bin/configManager.cgi?action=getConfig&name=Record").catch(() => new Map<string, string>());
  const remote = await dahuaAsk(session, "/cgi-bin/configManager.cgi?action=getConfig&name=RemoteDevice").catch(() => new Map<string, string>());
  const encode = await dahuaAsk(session, "/cgi-bin/configManager.cgi?action=getConfig&name=Encode").catch(() => new Map<string, string>());
  const dark = hasAnalogueInputs ? await darkInputs(session) : new Set<number>();
  const remoteOf = (index: number, name: string) => remote.get(`table.RemoteDevice.uuid:System_CONFIG_NETCAMERA_INFO_${index}.${name}`);
  const sourceOf = (index: number): RecorderChannel["source"] => {
    if (remoteOf(index, "Enable") === "true") return sourceAddress(remoteOf(index, "Address"));
    return hasAnalogueInputs && remoteOf(index, "Enable") === "false" ? "analogue" : undefined;
  };
  const vacancyOf = (index: number): RecorderChannel["vacancy"] => {
    const networked = remoteOf(index, "Enable");
    // A recorder of 16 names 16 channels, whatever hangs on it. On one with analogue inputs the table speaks of networked cameras only.
    if (hasAnalogueInputs) return networked !== "true" && dark.has(index) ? "no_signal" : undefined;
    return networked === "false" ? "unset" : undefined;
  };
  const channels: RecorderChannel[] = [];
  for (let index = 0; index < CHANNELS_MAX; index++) {
    const name = titles.get(`table.ChannelTitle[${index}].Name`);
    if (name === undefined) break;
    const mode = modes.get(`table.RecordMode[${index}].Mode`);
    channels.push({
      // The CGI counts channels from 1, its tables from 0.
      channel: String(index + 1),
      name: cleanText(name, 64) || String(index + 1),
      capDays: undefined,
      mode: modeOf(records.get(`table.Record[${index}].TimeSection[0][0]`)),
      enabled: mode === undefined ? undefined : mode !== "2",
      vacancy: vacancyOf(index),
      source: sourceOf(index),
      bitrateKbps: kbpsOf(encode.get(`table.Encode[${index}].MainFormat[0].Video.BitRate`)),
    });
  }
  return channels;
}

/** Inputs that have no picture now, counted from 0. With none the answer is an error. */
async function darkInputs(session: DeviceSession): Promise<ReadonlySet<number>> {
  const rows = await dahuaAsk(session, "/cgi-bin/eventManager.cgi?action=getEventIndexes&code=VideoLoss").catch(() => new Map<string, string>());
  return new Set([...rows].flatMap(([key, value]) => (key.startsWith("channels[") && /^\d{1,3}$/.test(value) ? [Number(value)] : [])));
}

function kbpsOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{1,6}$/.test(text) ? Number(text) : undefined;
}

/** A time section is "mask 00:00:00-24:00:00"; bit 1 of the mask is the ordinary record, the others are motion and alarm. */
function modeOf(section: string | undefined): RecorderChannel["mode"] {
  const mask = section?.match(/^(\d{1,10}) /)?.[1];
  if (mask === undefined || mask === "0") return "unknown";
  return Number(mask) & 1 ? "continuous" : "event";
}

async function findFiles(session: DeviceSession, channel: string, fromMs: number, toMs: number): Promise<RecordedList> {
  const { results, complete } = await resumeSearch(
    fromMs,
    (startMs) => readPages(session, channel, startMs, toMs),
    ({ endMs }) => endMs,
  );
  return listOf(results, complete, "dahua-find");
}

/** Reads all pages of one finder; finders leak, so it is always closed. */
async function readPages(session: DeviceSession, channel: string, fromMs: number, toMs: number): Promise<Found<SizedInterval>> {
  const cgi = "/cgi-bin/mediaFileFind.cgi";
  const object = (await dahuaAsk(session, `${cgi}?action=factory.create`)).get("result");
  if (object === undefined || !/^\d{1,20}$/.test(object)) throw new DeviceError("unsupported", `${session.access.address} opens no search for files`);
  const results: SizedInterval[] = [];
  try {
    const span = `condition.StartTime=${encodeURIComponent(wallTime(fromMs))}&condition.EndTime=${encodeURIComponent(wallTime(toMs))}`;
    await dahuaAsk(session, `${cgi}?action=findFile&object=${object}&condition.Channel=${channel}&${span}&condition.Types[0]=dav`, searching);
    for (let pages = 0; pages < PAGES_MAX; pages++) {
      const rows = await dahuaAsk(session, `${cgi}?action=findNextFile&object=${object}&count=${PAGE_RESULTS}`, searching);
      const found = Number(rows.get("found") ?? Number.NaN);
      if (Number.isNaN(found)) break;
      const before = results.length;
      for (let index = 0; index < Math.min(found, PAGE_RESULTS); index++) results.push(...fileOf(rows, index));
      // Some firmwares give fewer than asked for before the end; only an empty page is surely the last.
      if (!(found > 0)) return { results, complete: true };
      if (results.length === before) break;
    }
    return { results, complete: false };
  } catch (error) {
    // "Nothing found" comes as an error of the search; after some pages the same error means that the finder is gone.
    if (!(error instanceof DeviceError && error.trouble === "no_such_object")) throw error;
    return { results, complete: results.length === 0 };
  } finally {
    for (const action of ["close", "destroy"]) await dahuaAsk(session, `${cgi}?action=${action}&object=${object}`).catch(() => undefined);
  }
}

function fileOf(rows: DahuaRows, index: number): SizedInterval[] {
  const startMs = readWallTime(rows.get(`items[${index}].StartTime`));
  const endMs = readWallTime(rows.get(`items[${index}].EndTime`));
  const length = rows.get(`items[${index}].Length`);
  if (startMs === undefined || endMs === undefined) return [];
  return [{ startMs, endMs, bytes: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined }];
}

/** Disks out of storageDevice.cgi. Pure. */
export function disksOf(rows: DahuaRows): RecorderDisk[] {
  const disks: RecorderDisk[] = [];
  for (let index = 0; index < 32; index++) {
    const prefix = `list.info[${index}]`;
    const state = rows.get(`${prefix}.State`);
    if (state === undefined) break;
    const parts = Array.from({ length: 16 }, (_, part) => (name: string) => rows.get(`${prefix}.Detail[${part}].${name}`));
    const sumOf = (name: string) => parts.reduce((sum, told) => sum + (Number(told(name) ?? 0) || 0), 0);
    const [total, used] = [sumOf("TotalBytes"), sumOf("UsedBytes")];
    const types = parts.flatMap((told) => told("Type") ?? []);
    // A card that wears out can only be read any more: what is sent to it is lost.
    const isReadOnly = types.length > 0 && types.every((type) => /^read-?only$/i.test(type));
    const isFaulty = isReadOnly || parts.some((told) => told("IsError") === "true");
    disks.push({
      disk: cleanText(rows.get(`${prefix}.Name`) ?? String(index), 32),
      healthy: isFaulty ? false : isHealthyState(state),
      state: cleanText(state, 32),
      totalBytes: total || undefined,
      freeBytes: total ? Math.max(0, total - used) : undefined,
      installedMs: undefined,
    });
  }
  return disks;
}

function wallTime(labelMs: number): string {
  return new Date(labelMs).toISOString().slice(0, 19).replace("T", " ");
}

function readWallTime(text: string | undefined): number | undefined {
  const match = text?.trim().match(/^(\d{4})-(\d{1,2})-(\d{1,2}) (\d{1,2}):(\d{2}):(\d{2})$/);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  if (year < 1900 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 24) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
