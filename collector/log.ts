import pino, { type Logger } from "pino";

export type Log = Logger;

/** JSON lines on stderr; stdout belongs to what a command was asked for. */
export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: ["*.password", "*.token", "*.community", "*.secret"], censor: "[redacted]" },
    },
    pino.destination({ fd: 2, sync: true }),
  );
}
