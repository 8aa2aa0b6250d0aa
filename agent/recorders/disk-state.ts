const healthyStates: ReadonlySet<string> = new Set(["ok", "idle", "sleeping", "success", "normal", "running"]);

/** Whether a vendor's word for a disk's state means that recordings are safe on it. Unknown words do not. Pure. */
export function isHealthyState(state: string): boolean {
  return healthyStates.has(state.trim().toLowerCase());
}

/**
 * A capacity that Hikvision calls MB, in bytes. Real recorders report 953869, 1907729, 5723166 and 7630885 for disks of
 * exactly 1, 2, 6 and 8 TB, so their unit is MiB. Undefined for other text. Pure.
 */
export function mebibytes(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) * 1024 * 1024 : undefined;
}
