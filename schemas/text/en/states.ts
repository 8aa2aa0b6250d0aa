/** Words that stand everywhere: states, owners, units, outcome reasons. */
export const states = {
  "state.pass": "Met",
  "state.fail": "Not met",
  "state.pending": "Pending",
  "state.unknown": "Unknown",
  "state.error": "Evaluation error",
  "state.not_applicable": "Not applicable",
  "state.waived": "Waived",
  "owner.commune": "Commune",
  "owner.dost": "DOST",
  "owner.isp": "Internet provider",
  "owner.portal-vendor": "Portal operator",
  "owner.province-it": "Province IT",
  "owner.province-office": "Province Office",
  "owner.vendor": "Device vendor",
} as const;
