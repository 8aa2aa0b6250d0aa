/** Messages about problems. */
export const alerts = {
  "alert.subject.opened": "[{requirement}] {centre}: {title} - not met",
  "alert.subject.recovered": "[{requirement}] {centre}: {title} - met again",
  "alert.subject.digest": "[{requirement}] {count} centres at once: {title} - not met",
  "alert.subject.test": "Test message of the monitoring system",
  "alert.head.opened": "{centre}: {title} ({requirement}) is not met.",
  "alert.head.recovered": "{centre}: {title} ({requirement}) is met again.",
  "alert.head.digest": "{count} centres at once do not meet: {title} ({requirement}). Very likely one common cause.",
  "alert.head.test": "This is a test: the channel works.",
  "alert.label.why": "Why",
  "alert.label.since": "Since",
  "alert.label.until": "Until",
  "alert.label.next": "What to do",
  "alert.label.who": "Who acts",
  "alert.label.incident": "Incident",
  "alert.label.link": "See",
} as const;
