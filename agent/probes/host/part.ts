import type { Evidence, Reading } from "#schemas/observation.ts";

/** What one source told. Sources are independent: one that fails costs its own readings only. */
export type Part = { readonly readings: readonly Reading[]; readonly evidence?: Evidence };
