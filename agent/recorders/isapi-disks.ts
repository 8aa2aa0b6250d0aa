import { cleanText } from "#schemas/clean-text.ts";
import { readXsDateTime } from "../io/onvif-time.ts";
import type { XmlNode } from "../io/xml.ts";
import { isHealthyState, mebibytes } from "./disk-state.ts";
import type { RecorderDisk } from "./recorder.ts";

/** Disks out of /ContentMgmt/Storage. Pure. */
export function disksOf(storage: XmlNode): RecorderDisk[] {
  const lists = [...(storage.find("hddList")?.children("hdd") ?? []), ...(storage.find("nasList")?.children("nas") ?? [])];
  return lists.slice(0, 32).map((disk) => {
    const state = cleanText(disk.value("status") ?? "unknown", 32);
    const installed = readXsDateTime(disk.value("installationTime"));
    return {
      disk: cleanText(disk.value("id") ?? "", 32) || "?",
      healthy: (disk.value("property") ?? "RW").toUpperCase() === "RO" ? false : isHealthyState(state),
      state,
      totalBytes: mebibytes(disk.value("capacity")),
      freeBytes: mebibytes(disk.value("freeSpace")),
      installedMs: installed?.ms,
    };
  });
}

/** Share of the disks that /ContentMgmt/Storage/quota leaves to recordings, by ratio or by volume; undefined when pictures have no part. Pure. */
export function videoShareOf(list: XmlNode | undefined): number | undefined {
  const shares = (list?.children("diskQuota") ?? []).slice(0, 64).flatMap((quota) => {
    const [video, picture] = (quota.value("type") === "volume" ? ["totalVideoVolume", "totalPictureVolume"] : ["videoQuotaRatio", "pictureQuotaRatio"]).map(
      (name) => (/^\d{1,12}$/.test(quota.value(name) ?? "") ? Number(quota.value(name)) : Number.NaN),
    ) as [number, number];
    return video + picture > 0 ? [video / (video + picture)] : [];
  });
  return shares.length === 0 ? undefined : Math.min(...shares);
}
