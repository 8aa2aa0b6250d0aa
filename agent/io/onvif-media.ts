import { cleanText } from "#schemas/clean-text.ts";
import type { Onvif } from "./onvif.ts";
import { saysUnsupported } from "./soap.ts";
import { escapeXml, type XmlNode } from "./xml.ts";

/** Most profiles of one device that are looked at. */
const PROFILES_MAX = 128;

/** One stream profile. `source` groups the main and sub streams of one camera. */
export type MediaProfile = {
  readonly token: string;
  readonly name: string;
  readonly source: string | undefined;
  readonly bitrateLimitKbps: number | undefined;
};

/** Lists stream profiles by Media2, or by Media where the device has only that. @throws DeviceError, SoapFault */
export async function listProfiles(onvif: Onvif): Promise<readonly MediaProfile[]> {
  if (onvif.has("tr2")) {
    try {
      const types = "<tr2:Type>VideoSource</tr2:Type><tr2:Type>VideoEncoder</tr2:Type>";
      return readProfiles(await onvif.call("tr2", `<tr2:GetProfiles>${types}</tr2:GetProfiles>`));
    } catch (error) {
      if (!saysUnsupported(error) || !onvif.has("trt")) throw error;
    }
  }
  return readProfiles(await onvif.call("trt", "<trt:GetProfiles/>"));
}

function readProfiles(answer: XmlNode): MediaProfile[] {
  return answer
    .children("Profiles")
    .slice(0, PROFILES_MAX)
    .flatMap((profile) => {
      const token = profile.attribute("token");
      if (token === undefined || token.length > 256) return [];
      const video = profile.find("VideoSourceConfiguration") ?? profile.find("Configurations", "VideoSource");
      const encoder = profile.find("VideoEncoderConfiguration") ?? profile.find("Configurations", "VideoEncoder");
      const limit = Number(encoder?.value("RateControl", "BitrateLimit"));
      return [
        {
          token,
          name: cleanText(profile.value("Name") ?? token),
          source: video?.value("SourceToken"),
          bitrateLimitKbps: Number.isFinite(limit) && limit > 0 ? limit : undefined,
        },
      ];
    });
}

/** The RTSP address of a profile's live stream, as the device wrote it. @throws DeviceError, SoapFault */
export async function streamUri(onvif: Onvif, token: string): Promise<string | undefined> {
  const profile = escapeXml(token);
  if (onvif.has("tr2")) {
    const answer = await onvif.call(
      "tr2",
      `<tr2:GetStreamUri><tr2:Protocol>RTSP</tr2:Protocol><tr2:ProfileToken>${profile}</tr2:ProfileToken></tr2:GetStreamUri>`,
    );
    return answer.value("Uri");
  }
  const answer = await onvif.call(
    "trt",
    "<trt:GetStreamUri><trt:StreamSetup><tt:Stream>RTP-Unicast</tt:Stream><tt:Transport><tt:Protocol>RTSP</tt:Protocol></tt:Transport>" +
      `</trt:StreamSetup><trt:ProfileToken>${profile}</trt:ProfileToken></trt:GetStreamUri>`,
  );
  return answer.value("MediaUri", "Uri");
}
