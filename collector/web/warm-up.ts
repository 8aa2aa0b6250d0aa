const ROUNDS = 3;
const LONGEST_MS = 5_000;

/**
 * Reads the province's page and that of its worst centre a few times, as a browser on this machine would: the first reader of the day
 * then waits neither for connections nor for plans nor for compiled code. What fails here fails for readers too, who are told why.
 */
export async function warmUp(origin: string): Promise<void> {
  const signal = AbortSignal.timeout(LONGEST_MS);
  const read = async (path: string) => (await fetch(new URL(path, origin), { signal, redirect: "manual" })).text();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const [, centre] = /href="(\/centres\/[^"#/]+)"/.exec(await read("/")) ?? [];
      if (centre !== undefined) await read(centre);
    }
  } catch {
    // A collector that cannot show a page can still take what agents send.
  }
}
