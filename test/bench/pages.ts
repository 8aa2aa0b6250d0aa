import { vietnamDay } from "../../schemas/calendar.ts";
import { demoSite } from "../support/demo-site.ts";
import { startPostgres } from "../support/postgres.ts";

/** What a person waits for without noticing, ms to the first byte. */
const TARGET_MS = 100;
const WARM = 14;
const TOGETHER = 4;

/**
 * The time to the first byte of the pages of a province of 135 centres with two days of data, as somebody signed in sees them: cold, warm, and four at
 * once. The asker lives in the same process as the collector, so its own time is in the figures.
 */
export async function benchPages({ print = console.log, size = { centres: 135, days: 2 } } = {}): Promise<{ readonly slow: readonly string[] }> {
  const server = await startPostgres();
  await using site = await demoSite({ ...server, drop: () => server.stop() }, size);
  const first = (statement: string) => site.server.psql(`${statement} LIMIT 1`);
  const centre = await first("SELECT centre_code FROM site ORDER BY centre_code");
  const device = await first(`SELECT devices->0->>'id' FROM site WHERE centre_code = '${centre}'`);
  const duty = await first("SELECT r->>'id' FROM policy_version, jsonb_array_elements(body->'requirements') AS r WHERE r->'rule'->>'kind' = 'checklist'");
  const month = vietnamDay(Date.now()).slice(0, 7);
  const paths = [
    "/",
    `/centres/${centre}`,
    `/centres/${centre}/devices/${device}`,
    `/centres/${centre}/duties/${duty}`,
    "/incidents",
    "/maintenance",
    "/waivers",
    "/people",
    "/audit",
    "/reports",
    `/v1/evidence/${centre}.link.html`,
    `/v1/reports/${month}/province.html`,
    `/v1/reports/${month}/centres/${centre}.html`,
  ];
  const ask = async (path: string) => {
    const startMs = performance.now();
    const reply = await fetch(`${site.url}${path}`, { headers: { cookie: `hcc-session=${site.session}` } });
    const firstByteMs = performance.now() - startMs;
    const bytes = (await reply.arrayBuffer()).byteLength;
    if (reply.status !== 200) throw new Error(`${path} answered ${reply.status}`);
    return { firstByteMs, bytes };
  };
  print("page | cold ms | warm median ms | warm slowest ms | slowest of four at once ms | kB");
  const slow: string[] = [];
  for (const path of paths) {
    const cold = await ask(path);
    const warm: number[] = [];
    for (let round = 0; round < WARM; round++) warm.push((await ask(path)).firstByteMs);
    warm.sort((a, b) => a - b);
    const together = await Promise.all(Array.from({ length: TOGETHER }, () => ask(path)));
    const medianMs = warm[Math.floor(WARM / 2)] ?? Number.NaN;
    const figures = [cold.firstByteMs, medianMs, warm.at(-1) ?? Number.NaN, Math.max(...together.map(({ firstByteMs }) => firstByteMs))];
    print([path, ...figures.map((ms) => ms.toFixed(0)), (cold.bytes / 1_000).toFixed(0)].join(" | "));
    if (medianMs > TARGET_MS) slow.push(path);
  }
  return { slow };
}
