const healthyStates: ReadonlySet<string> = new Set(["ok", "idle", "sleeping", "success", "normal", "running", "active"]);
const brokenStates: ReadonlySet<string> = new Set([
  "error",
  "abnormal",
  "exception",
  "failure",
  "failed",
  "damaged",
  "degraded",
  "smartfailed",
  "unformatted",
  "unformated",
  "uninitialized",
  "mismatch",
  "notexist",
  "nodisk",
  "offline",
]);

/**
 * Whether a vendor's word for a disk's state means that recordings are safe on it (true) or that it is broken, empty or away (false). Undefined for words
 * of a passing state ("formating", "reparing", "Initializing") and for those that nobody knows: they accuse no disk, and vouch for none. Pure.
 */
export function isHealthyState(state: string): boolean | undefined {
  const word = state.toLowerCase().replace(/[\s_-]/g, "");
  if (healthyStates.has(word)) return true;
  return brokenStates.has(word) ? false : undefined;
}

/**
 * A capacity that Hikvision calls MB, in bytes. Real recorders report 953869, 1907729, 5723166 and 7630885 for disks of
 * exactly 1, 2, 6 and 8 TB, so their unit is MiB. Undefined for other text. Pure.
 */
export function mebibytes(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) * 1024 * 1024 : undefined;
}
