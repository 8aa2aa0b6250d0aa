/** One sentence per reason of a finding and per reason of an outcome that was not measured. */
export const findings = {} as const;
