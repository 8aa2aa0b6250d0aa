import { common } from "./vi/common.ts";
import { findings } from "./vi/findings.ts";

/** Every sentence that a person reads, in Vietnamese: the language of record. One file per place where it is read. */
export const vi = { ...common, ...findings } as const;
