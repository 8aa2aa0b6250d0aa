import type { z } from "zod";
import { targetOptions } from "#schemas/target.ts";
import { adHocRecordingPolicy, RecordingPolicy } from "../../recorders/recording-policy.ts";

/** What the user may set; see README.md. */
export const RecordingOptions = targetOptions({
  policy: RecordingPolicy.partial()
    .default({})
    .transform((given) => RecordingPolicy.parse({ ...adHocRecordingPolicy, ...given })),
});
export type RecordingOptions = z.infer<typeof RecordingOptions>;
