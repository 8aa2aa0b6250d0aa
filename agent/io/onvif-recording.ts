import { cleanText } from "#schemas/clean-text.ts";
import type { Onvif } from "./onvif.ts";
import { readCapDays } from "./onvif-time.ts";
import { escapeXml } from "./xml.ts";

/** Most recordings of one recorder that are looked at. */
export const RECORDINGS_MAX = 256;

/** A recording as configured: what should be there. Tokens stay as the device wrote them. */
export type RecordingSetup = {
  readonly token: string;
  readonly name: string;
  /** Device deletes older data; undefined = until the disk is full. */
  readonly capDays: number | undefined;
  /** Tracks of sound and of data about the picture. */
  readonly otherTracks: readonly string[];
};

/** Lists the configured recordings (GetRecordings). @throws DeviceError, SoapFault */
export async function listRecordings(onvif: Onvif): Promise<readonly RecordingSetup[]> {
  const answer = await onvif.call("trc", "<trc:GetRecordings/>");
  return answer
    .children("RecordingItem")
    .slice(0, RECORDINGS_MAX)
    .flatMap((item) => {
      const token = item.value("RecordingToken");
      if (!token || token.length > 256) return [];
      const tracks = item.find("Tracks")?.children("Track") ?? [];
      const isOther = (type: string | undefined) => type !== undefined && type !== "" && type !== "Video";
      const otherTracks = tracks.flatMap((track) => (isOther(track.value("Configuration", "TrackType")) ? (track.value("TrackToken") ?? []) : []));
      const name = item.value("Configuration", "Source", "Name") || item.value("Configuration", "Content") || token;
      return [{ token, name: cleanText(name), capDays: readCapDays(item.value("Configuration", "MaximumRetentionTime")), otherTracks }];
    });
}

/** State of each recording's job, by recording token: "Idle", "Active", "PartiallyActive" or "Error". @throws DeviceError, SoapFault */
export async function recordingJobStates(onvif: Onvif): Promise<ReadonlyMap<string, string>> {
  const jobs = (await onvif.call("trc", "<trc:GetRecordingJobs/>")).children("JobItem").slice(0, RECORDINGS_MAX);
  const states = new Map<string, string>();
  for (const job of jobs) {
    const token = job.value("JobToken");
    const recording = job.value("JobConfiguration", "RecordingToken");
    if (!token || !recording) continue;
    const answer = await onvif.call("trc", `<trc:GetRecordingJobState><trc:JobToken>${escapeXml(token)}</trc:JobToken></trc:GetRecordingJobState>`);
    const state = answer.value("State", "State");
    // Several jobs may write one recording: one that works is enough.
    if (state && states.get(recording) !== "Active") states.set(recording, cleanText(state, 32));
  }
  return states;
}

/** The RTSP address that replays a recording, as the device wrote it. @throws DeviceError, SoapFault */
export async function replayUri(onvif: Onvif, recording: string): Promise<string | undefined> {
  const answer = await onvif.call(
    "trp",
    "<trp:GetReplayUri><trp:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport></trp:StreamSetup>" +
      `<trp:RecordingToken>${escapeXml(recording)}</trp:RecordingToken></trp:GetReplayUri>`,
  );
  return answer.value("Uri");
}

/** Status of the links to a cloud VMS (GetUplinks): "Offline", "Connecting" or "Connected" with the remote host. @throws DeviceError, SoapFault */
export async function listUplinks(onvif: Onvif): Promise<readonly { readonly host: string; readonly status: string }[]> {
  const answer = await onvif.call("tup", "<tup:GetUplinks/>");
  return answer
    .children("Configuration")
    .slice(0, 16)
    .map((uplink) => ({
      host: hostOf(uplink.value("RemoteAddress") ?? ""),
      status: cleanText(uplink.value("Status") ?? "", 32),
    }));
}

/** Host of an address, without user, path or query. */
function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).hostname.replace(/^\[|\]$/g, "") : cleanText(address.split(/[/:?]/)[0] ?? "", 128);
}
