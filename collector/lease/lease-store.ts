import type { Asker, GrantedLease, SlotState } from "./slots.ts";

/** Where leases are kept, so that a restart of the collector forgets none. */
export type LeaseStore = {
  /**
   * Shows `decide` what is known and stores the lease that it gives, as one step: two agents that ask at once never share a slot.
   * @returns what `decide` gave
   */
  grant<Given extends GrantedLease | undefined>(question: GrantQuestion, decide: (state: SlotState) => Given): Promise<Given>;
  /** Ends a lease early and keeps what it used. false when the agent holds no such lease. */
  giveBack(lease: string, agent: string, usedBytes: number, nowMs: number): Promise<boolean>;
};

export type GrantQuestion = {
  readonly asker: Asker;
  readonly server: string;
  readonly nowMs: number;
  readonly monthStartMs: number;
  /** What a lease of the month that was never handed back counts for. */
  readonly usualBytes: { readonly short: number; readonly fullLength: number };
};
