import type { ChannelEvidence } from "#schemas/recording-evidence.ts";

/** What a run of recording-depth says of a channel of `nvr-1` without a gap, whose ring is full. */
export function channelEvidence(channel: string, verdict: ChannelEvidence["verdict"], ...reasons: ChannelEvidence["reasons"]): ChannelEvidence {
  return {
    device: "nvr-1",
    channel,
    name: channel,
    verdict,
    reasons,
    notes: [],
    method: "isapi-search",
    gaps: [],
    gapsTotal: 0,
    perDayMinutes: [],
    ring: "full",
    probes: [],
  };
}
