import { z } from "zod";
import { Instant } from "#schemas/ids.ts";
import { targetOptions } from "#schemas/target.ts";
import { adHocRecordingPolicy, RecordingPolicy } from "./policy.ts";

/** What the user may set; see README.md. */
export const RecordingOptions = targetOptions({
  policy: RecordingPolicy.partial()
    .default({})
    .transform((given) => RecordingPolicy.parse({ ...adHocRecordingPolicy, ...given })),
  /** When the recorder or its disk was installed or repaired, by the centre's records: explains a short history. */
  explainedStart: Instant.optional(),
  /** Serial numbers that the inventory knows for these recorders. */
  serials: z.array(z.string().max(64)).max(256).default([]),
});
export type RecordingOptions = z.infer<typeof RecordingOptions>;
