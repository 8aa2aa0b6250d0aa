/** What OpenSSL says of a certificate that is not valid at the time of this PC's clock: the certificate or the clock is wrong. */
const dateFaults: ReadonlySet<unknown> = new Set(["CERT_HAS_EXPIRED", "CERT_NOT_YET_VALID"]);

/** Whether a certificate was refused for its dates alone, which a wrong clock of this PC does to every certificate. */
export function isDateFault(code: unknown): boolean {
  return dateFaults.has(code);
}
