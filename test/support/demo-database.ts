import { readConfig } from "../../collector/config.ts";
import { makeDemo } from "../../collector/demo/demo.ts";
import { createLog } from "../../collector/log.ts";
import { openStore } from "../../collector/store/open.ts";

/** Fills a database with a small simulated province, as `npm run demo` would, and leaves it. Gives the number of readings that were made. */
export async function fillWithDemo(databaseUrl: string, size: { readonly centres: number; readonly days: number }): Promise<number> {
  const config = readConfig({ DATABASE_URL: databaseUrl });
  const store = await openStore({ databaseUrl, dataDir: "" });
  let readings = 0;
  try {
    await makeDemo({
      config,
      store,
      log: createLog("error"),
      size: { seed: 890, ...size },
      nowMs: Date.now(),
      stop: new AbortController().signal,
      onStep: (made) => {
        readings = made.readings;
      },
    });
  } finally {
    await store.close();
  }
  return readings;
}
