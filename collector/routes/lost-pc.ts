import { Hono } from "hono";
import { Code } from "#schemas/ids.ts";
import { pointOf } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { LostPc } from "../people/lost-pc.ts";
import type { ListedAgent } from "../store/agents.ts";
import type { Doer } from "../store/audit.ts";
import { lostPcDone, lostPcForm } from "../web/lost-pc-page.ts";
import { messagePage } from "../web/message-page.ts";
import { type FormDeps, formValues } from "./form-deps.ts";
import { pageFrame, pageHeaders, shownOnce } from "./page.ts";

export type LostPcDeps = Omit<FormDeps, "store" | "changed" | "deeds"> & {
  readonly centreName: (code: string) => Promise<string | undefined>;
  /** The agents of a centre that may still speak. */
  readonly agentsOf: (code: string) => Promise<readonly ListedAgent[]>;
  /** Refuses those of a reception point, and makes the code for the next PC; undefined when there is no such centre. */
  readonly lose: (doer: Doer, code: string, point: string | undefined) => Promise<LostPc | undefined>;
  /** Where the next PC's agent finds the collector. */
  readonly publicUrl: string;
};

/** The page behind "this PC is gone": asks once more, refuses the PC, and says what to do next. */
export function lostPcRoutes(deps: LostPcDeps): Hono {
  const app = new Hono();
  const path = "/centres/:code/lost-pc";

  app.on(["GET", "POST"], path, pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    shownOnce(c);
    const code = Code.safeParse(c.req.param("code")).data;
    const name = code && (await deps.centreName(code));
    if (code === undefined || name === undefined) return c.html(messagePage(frame, text(frame.lang, "form.error.centre")), 404);
    const isSent = c.req.method === "POST";
    const { sure, point } = isSent ? await formValues(c) : {};
    const agents = await deps.agentsOf(code);
    const isSaid = new Set(agents.map(pointOf)).size <= 1 || agents.some((agent) => agent.point === point);
    if (sure !== "yes" || !isSaid) return c.html(lostPcForm(frame, { code, name }, agents, deps.token.issue(c), isSent), isSent ? 422 : 200);
    const lost = await deps.lose(deps.doer(c), code, agents.find((agent) => agent.point === point)?.point);
    if (!lost) return c.html(messagePage(frame, text(frame.lang, "form.error.centre")), 404);
    return c.html(lostPcDone(frame, { code, name }, lost, deps.publicUrl));
  });

  return app;
}
