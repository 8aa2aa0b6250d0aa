/** Words of accounts, signing in, and what a person may not do. */
export const people = {
  "access.not_signed_in": "Sign in to see this page. While there are no accounts, pages are open only on the collector's own machine (http://localhost).",
  "access.role_missing": "This account may not use this page.",
  "access.foreign_centre": "There is no such centre.",
} as const;
