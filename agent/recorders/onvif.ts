import { DeviceError } from "../io/device-error.ts";
import type { Onvif } from "../io/onvif.ts";
import { listRecordings, type RecordingSetup, recordingJobStates, replayUri } from "../io/onvif-recording.ts";
import { type FoundRecording, findRecordings, findStateChanges, hasMediaAt, recordingSummary, type StateChange } from "../io/onvif-search.ts";
import type { Rtsp } from "../io/rtsp-video.ts";
import { SoapFault, saysForbidden } from "../io/soap.ts";
import { intervalsOf } from "./onvif-intervals.ts";
import type { RecordedList, Recorder, RecorderChannel, Unverified } from "./recorder.ts";
import { type Found, resumeSearch } from "./resume-search.ts";

/** How long a replayed frame may take to arrive, ms. */
const FRAME_MS = 8_000;

/** How long its word for the oldest and newest recordings stands within a visit: a visit to many channels takes longer than a newest one stays fresh, ms. */
const CLAIMS_MS = 2 * 60_000;

/** The channel of a recorder that tells only of itself as a whole. */
const WHOLE_DEVICE = "*";

/** A recorder that speaks ONVIF Profile G, or a part of it. */
export async function openOnvifRecorder(onvif: Onvif, rtsp: Rtsp, nowMs: () => number): Promise<Recorder> {
  const unverified = new Set<Unverified>();
  const identity = await onvif.identity();
  const { access, signal } = onvif.soap.session;
  let claims: { readonly askedMs: number; readonly found: Promise<readonly FoundRecording[] | undefined> } | undefined;
  const recordings = () => {
    const earlier = claims;
    if (earlier && nowMs() - earlier.askedMs <= CLAIMS_MS) return earlier.found;
    const asked = orUnverified(unverified, "find_recordings", async () => (await findRecordings(onvif)).results);
    claims = { askedMs: nowMs(), found: asked.then((found) => found ?? earlier?.found) };
    return claims.found;
  };
  let configured: Promise<readonly RecordingSetup[] | undefined> | undefined;
  const setups = () => {
    configured ??= orUnverified(unverified, "jobs", () => listRecordings(onvif));
    return configured;
  };

  const recorded: Recorder["recorded"] = async (channel, fromMs, toMs) => {
    const claim = (await recordings())?.find(({ token }) => token === channel);
    const told = await orUnverified(unverified, "find_events", () => allChanges(onvif, channel, fromMs, toMs));
    const setup = (await setups())?.find(({ token }) => token === channel);
    const events = told && { ...told, results: told.results.filter(({ track }) => isOfVideo(track, claim, setup)) };
    // An empty list of events beside a claim of data means that the device keeps no such history.
    if (events && (events.results.length > 0 || spanOf(claim) === undefined)) return fromEvents(events, claim, fromMs, toMs);
    if (claim) {
      if (events) unverified.add("find_events");
      return onlySpan(claim, "onvif-recordings");
    }
    const summary = await orUnverified(unverified, "summary", () => recordingSummary(onvif));
    if (!summary) throw new DeviceError("unsupported", `${access.address} does not tell what it has recorded over ONVIF`);
    return onlySpan({ earliestMs: summary.fromMs, latestMs: summary.untilMs, tracks: [] }, "onvif-summary");
  };

  const frameAt: Recorder["frameAt"] = async (channel, atMs) => {
    if (!onvif.has("trp") || channel === WHOLE_DEVICE) {
      unverified.add("replay");
      return undefined;
    }
    await onvif.soap.session.pace(signal);
    const uri = await orUnverified(unverified, "replay", () => replayUri(onvif, channel));
    if (!uri) return undefined;
    const { address, user, password } = access;
    return rtsp.fetchFrame({ address, user, password, signal, deadlineMs: FRAME_MS + 4_000 }, uri, atMs, true, FRAME_MS);
  };

  return {
    method: "onvif",
    identity,
    labelOffsets: (zoneMs, mislabelled) => (mislabelled ? [zoneMs, 0] : [0]),
    clock: onvif.deviceTime,
    channels: () => channelsOf(onvif, recordings, setups, unverified),
    recorded,
    newest: async (channel) => {
      const claim = (await recordings())?.find(({ token }) => token === channel);
      return claim ? spanOf(claim)?.endMs : (await orUnverified(unverified, "summary", () => recordingSummary(onvif)))?.untilMs;
    },
    frameAt,
    existsAt: (channel, atMs) => hasMediaAt(onvif, channel, atMs),
    disks: async () => {
      // ONVIF names storage targets but neither their capacity nor their health.
      unverified.add("disks");
      return undefined;
    },
    unverified,
  };
}

async function channelsOf(
  onvif: Onvif,
  recordings: () => Promise<readonly FoundRecording[] | undefined>,
  setups: () => Promise<readonly RecordingSetup[] | undefined>,
  unverified: Set<Unverified>,
): Promise<readonly RecorderChannel[]> {
  const known = (await setups()) ?? [];
  const jobs = known.length > 0 ? await orUnverified(unverified, "jobs", () => recordingJobStates(onvif)) : undefined;
  const channels = new Map<string, RecorderChannel>();
  for (const { token, name, capDays } of known) {
    const state = jobs?.get(token);
    const enabled = state === undefined ? undefined : state === "Active" || state === "PartiallyActive";
    channels.set(token, { channel: token, name, capDays, mode: "unknown", enabled, bitrateKbps: undefined });
  }
  for (const { token, tracks } of (await recordings()) ?? []) {
    const audioOnly = tracks.length > 0 && tracks.every(({ type }) => type !== "" && type !== "Video");
    if (!channels.has(token) && !audioOnly)
      channels.set(token, { channel: token, name: token, capDays: undefined, mode: "unknown", enabled: undefined, bitrateKbps: undefined });
  }
  if (channels.size > 0) return [...channels.values()];
  // Only the summary is left: it speaks for the whole device, so the device is its one channel.
  const summary = await orUnverified(unverified, "summary", () => recordingSummary(onvif));
  if (!summary || summary.recordings === 0) return [];
  return [{ channel: WHOLE_DEVICE, name: "whole device", capDays: undefined, mode: "unknown", enabled: undefined, bitrateKbps: undefined }];
}

/** All changes of a channel's tracks. */
function allChanges(onvif: Onvif, channel: string, fromMs: number, toMs: number): Promise<Found<StateChange>> {
  return resumeSearch(
    fromMs,
    (startMs) => findStateChanges(onvif, channel, "Track/State", startMs, toMs),
    ({ atMs }) => atMs,
  );
}

/** Sound goes on when the picture is gone: only changes of tracks that are not known to be something else count. */
function isOfVideo(track: string | undefined, claim: FoundRecording | undefined, setup: RecordingSetup | undefined): boolean {
  if (track === undefined) return true;
  const claimed = claim?.tracks.find(({ token, type }) => token === track && type !== "");
  return claimed ? claimed.type === "Video" : !setup?.otherTracks.includes(track);
}

function fromEvents({ results, complete }: Found<StateChange>, claim: FoundRecording | undefined, fromMs: number, toMs: number): RecordedList {
  const span = spanOf(claim);
  const { intervals, beginsOpen } = intervalsOf(results, span && Math.max(fromMs, span.startMs), Math.min(toMs, span?.endMs ?? toMs));
  return {
    intervals,
    claimedOldestMs: span?.startMs,
    claimedNewestMs: span?.endMs,
    gapsKnown: true,
    complete: complete && !beginsOpen,
    basis: "onvif-events",
  };
}

function onlySpan(claim: Pick<FoundRecording, "earliestMs" | "latestMs" | "tracks">, basis: "onvif-recordings" | "onvif-summary"): RecordedList {
  const span = spanOf(claim);
  return {
    intervals: span && span.endMs > span.startMs ? [span] : [],
    claimedOldestMs: span?.startMs,
    claimedNewestMs: span?.endMs,
    gapsKnown: false,
    complete: true,
    basis,
  };
}

/** First and last data: of the video tracks where they are told, else of the recording. */
function spanOf(claim: Pick<FoundRecording, "earliestMs" | "latestMs" | "tracks"> | undefined): { startMs: number; endMs: number } | undefined {
  if (!claim) return undefined;
  const video = claim.tracks.filter(({ type }) => type === "Video");
  const starts = video.flatMap(({ fromMs }) => fromMs ?? []);
  const ends = video.flatMap(({ toMs }) => toMs ?? []);
  const startMs = starts.length > 0 ? Math.min(...starts) : claim.earliestMs;
  const endMs = ends.length > 0 ? Math.max(...ends) : claim.latestMs;
  return startMs === undefined || endMs === undefined ? undefined : { startMs, endMs };
}

/** Runs a call that a partial device may lack; undefined and a note when it does. A forbidden call is told as such. */
async function orUnverified<T>(unverified: Set<Unverified>, what: Unverified, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (saysForbidden(error))
      throw new DeviceError("no_permission", `the account may not call what ${what} needs; give it the right to play back`, { cause: error });
    const lacking = error instanceof SoapFault || (error instanceof DeviceError && (error.trouble === "unsupported" || error.trouble === "bad_reply"));
    if (!lacking) throw error;
    unverified.add(what);
    return undefined;
  }
}
