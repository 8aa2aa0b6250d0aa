import type { Attestation, Waiver, Withdrawal } from "#schemas/attestation.ts";
import type { WaiverFault } from "../../collector/attest/waiver-input.ts";
import { type ListPart, PART_ROWS, rowsBefore } from "../../collector/store/list-part.ts";

/** What the forms keep, in memory, with their store and their deeds: of the same document it keeps one waiver of each requirement. */
export function memoryForms() {
  const waivers: Waiver[] = [];
  const attestations: Attestation[] = [];
  const of = (centre: string | undefined) => waivers.filter((one) => centre === undefined || one.centre === centre);
  return {
    waivers,
    attestations,
    doer: () => ({ who: "lan", address: "10.0.0.1" }),
    store: {
      waiversFrom: async (_: string, centre?: string): Promise<readonly Waiver[]> => of(centre),
      waiverPart: async (_: string, centre: string | undefined, page: number): Promise<ListPart<Waiver>> => {
        const before = rowsBefore(page);
        return { page, rows: of(centre).slice(before, before + PART_ROWS), total: of(centre).length };
      },
    },
    deeds: {
      async fileWaivers(_: unknown, added: readonly Waiver[]): Promise<readonly (WaiverFault | undefined)[]> {
        const faults = added.map(({ centre, requirement, document }) =>
          waivers.some((one) => one.centre === centre && one.requirement === requirement && one.document === document && !one.withdrawn)
            ? ("waiverTwice" as const)
            : undefined,
        );
        if (faults.every((fault) => fault === undefined)) waivers.push(...added);
        return faults;
      },
      async withdrawWaiver(_: unknown, id: string, _day: string, withdrawn: Withdrawal): Promise<Waiver | undefined> {
        const at = waivers.findIndex((one) => one.id === id && !one.withdrawn);
        const found = waivers[at];
        if (found) waivers[at] = { ...found, withdrawn };
        return waivers[at];
      },
      async attest(_: unknown, added: readonly Attestation[]): Promise<readonly string[]> {
        attestations.push(...added);
        return [];
      },
    },
  };
}
