import type { DeviceIdentity } from "../io/onvif.ts";
import type { DeviceTime } from "../io/onvif-time.ts";
import type { FrameProof } from "../io/rtsp-video.ts";

/** The three ways to ask a recorder for its segments. */
export const recorderMethods = ["onvif", "isapi", "dahua"] as const;
export type RecorderMethod = (typeof recorderMethods)[number];

/** How a list of recordings came about, strongest first. Only the first three show gaps. */
export type ListBasis = "onvif-events" | "isapi-search" | "dahua-find" | "isapi-days" | "onvif-recordings" | "onvif-summary";

/** A half-open span of time, ms. */
export type Interval = { readonly startMs: number; readonly endMs: number };

/** A piece of a recording with its size, where the recorder tells it. */
export type SizedInterval = Interval & { readonly bytes?: number | undefined };

/** One video channel of a recorder. */
export type RecorderChannel = {
  /** The recorder's own word for it: a token or a number as text. */
  readonly channel: string;
  readonly name: string;
  /** Older recordings are deleted by the device; undefined = only when the disk is full. */
  readonly capDays: number | undefined;
  readonly mode: "continuous" | "event" | "unknown";
  /** False when the recorder says that recording is switched off or its job stands still. */
  readonly enabled: boolean | undefined;
  /**
   * Why this place of the recorder may hold no camera at all, which makes it a channel only when something is recorded in it. `unset`: none is
   * set up there. `no_signal`: an analogue input without a picture, which a camera that died has as well, so what it once recorded counts, too.
   */
  readonly vacancy?: "unset" | "no_signal" | undefined;
  /** Where its picture comes from: the address of a networked camera, or `analogue`; undefined where the recorder does not tell. */
  readonly source?: string | undefined;
  /** The encoders' limits of all of its recorded streams together. */
  readonly bitrateKbps: number | undefined;
};

/**
 * What a recorder says about one channel. All times are as the device labels them (see `Recorder`).
 * Without `gapsKnown` the intervals are only the span from first to last recording.
 */
export type RecordedList = {
  readonly intervals: readonly SizedInterval[];
  readonly claimedOldestMs: number | undefined;
  readonly claimedNewestMs: number | undefined;
  readonly gapsKnown: boolean;
  readonly complete: boolean;
  readonly basis: ListBasis;
};

/** One disk of a recorder, bytes. */
export type RecorderDisk = {
  readonly disk: string;
  /** False when the recorder says that it is broken or cannot be written; undefined when its word says neither that nor the contrary. */
  readonly healthy: boolean | undefined;
  readonly state: string;
  readonly totalBytes: number | undefined;
  readonly freeBytes: number | undefined;
  readonly installedMs: number | undefined;
};

/**
 * One recorder during one visit. Times go in and come out as *labels*: the device's own notation read as if it were UTC.
 * Whoever asks finds out by how much labels differ from UTC; no recorder assumes it.
 */
export type Recorder = {
  readonly method: RecorderMethod;
  readonly identity: DeviceIdentity;
  /**
   * By how much labels of such a device may be ahead of UTC, largest first, ms; one value needs no test.
   * @param zoneMs the zone of the place
   * @param mislabelled its clock sends local time as UTC
   */
  readonly labelOffsets: (zoneMs: number, mislabelled: boolean) => readonly number[];
  readonly clock: () => Promise<DeviceTime>;
  /** @throws DeviceError, SoapFault */
  readonly channels: () => Promise<readonly RecorderChannel[]>;
  /** @throws DeviceError, SoapFault */
  readonly recorded: (channel: string, fromLabelMs: number, toLabelMs: number) => Promise<RecordedList>;
  /** The end of a channel's newest recording as labelled; undefined when the recorder does not tell. @throws DeviceError, SoapFault */
  readonly newest: (channel: string, nowLabelMs: number) => Promise<number | undefined>;
  /** A frame at an instant; undefined when the recorder has no way to replay. @throws DeviceError */
  readonly frameAt: (channel: string, atLabelMs: number) => Promise<FrameProof | undefined>;
  /** Whether anything is recorded at an instant, where a cheap question exists. @throws DeviceError, SoapFault */
  readonly existsAt?: (channel: string, atLabelMs: number) => Promise<boolean>;
  /** Disks with their state; undefined where the protocol does not tell. @throws DeviceError */
  readonly disks: () => Promise<readonly RecorderDisk[] | undefined>;
  /** Share of the disks that recordings may fill, 0 to 1, where pictures have a part of their own. @throws DeviceError */
  readonly videoShare?: () => Promise<number | undefined>;
  /** What this recorder could not be asked, in the order met; words of a short list. */
  readonly unverified: ReadonlySet<Unverified>;
};

/** Parts of the proof that a recorder does not offer. */
export type Unverified = "clock" | "disks" | "find_events" | "find_recordings" | "jobs" | "replay" | "search" | "summary";
