/** One thin client per protocol, handed to every probe. Each client owns its limits: deadline, answer cap, pace. */
export type Io = Record<string, never>;

/** Makes the clients once per process. */
export function createIo(): Io {
  return {};
}
