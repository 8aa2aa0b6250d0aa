import { monitorEventLoopDelay } from "node:perf_hooks";
import { createCollector } from "../../collector/collector.ts";
import { readConfig } from "../../collector/config.ts";
import { listen } from "../../collector/listen.ts";
import { createLog } from "../../collector/log.ts";
import { openByRole } from "../../collector/store/open.ts";

/** Where the pages are, and the value of the cookie `hcc-session` of somebody with every role. */
export type PagesServerReady = { readonly port: number; readonly session: string };
/** The longest that the event loop was held since the question before, ms, and the most memory that the process ever had, MB. */
export type PagesServerCost = { readonly heldMs: number; readonly peakMb: number };

// The pages of the whole collector in a process of their own, so that whoever asks for them is in no figure. Any message asks for the cost since the one before.
const [databaseUrl = ""] = process.argv.slice(2);
const store = await openByRole({ databaseUrl, dataDir: "unused", roleUrls: undefined });
const config = readConfig({ DATABASE_URL: databaseUrl, HCC_LOG_LEVEL: "error" });
const { app, people } = await createCollector({ config, store, clock: Date.now, log: createLog("error") });
const link = await people.add(
  { login: "lan", name: "Nguyễn Thị Lan", roles: ["admin", "operator", "inspector", "auditor", "viewer"] },
  { who: "command line", address: "" },
);
const set = await people.setPassword(link ?? "", "ba con voi trắng", "");
if (!set.ok) throw new Error(`no account: ${set.fault}`);
const server = await listen(app, { port: 0, host: "127.0.0.1", tls: undefined });
const held = monitorEventLoopDelay({ resolution: 5 });
held.enable();
process.on("message", () => {
  const cost: PagesServerCost = { heldMs: held.max / 1e6, peakMb: process.resourceUsage().maxRSS / 1_000 };
  held.reset();
  process.send?.(cost);
});
process.once("disconnect", async () => {
  server.close();
  server.closeAllConnections();
  await store.close();
});
const ready: PagesServerReady = { port: server.port, session: set.session };
process.send?.(ready);
