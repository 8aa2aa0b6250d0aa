/** What `npm start` says. */
export const start = {
  "start.open": "Open {url} to see the results. Press Ctrl-C to stop.",
  "start.numbers": "({observed}/{required} {unit})",
  "start.ended": "{program} has ended (code {code}); see the error above.",
  "start.found": "Found {count} devices on the local network.",
  "start.failed": "Could not start: {error}",
} as const;
