import { z } from "zod";
import type { NotifyConfig } from "#schemas/alert.ts";
import { endedAlert, standingAlert } from "../alertmanager-alerts.ts";
import type { Alerts } from "../alerts.ts";
import type { Place } from "../book.ts";
import type { Incident } from "../incident.ts";
import { post, SEND_MS, SendError } from "./send.ts";

type Problems = { readonly incidents: readonly Incident[]; readonly places: ReadonlyMap<number, Place> };
export type Alertmanager = {
  /** Tells all problems that people heard of and their ends. Once a minute; a push that failed is made good by the next one. @throws SendError */
  push(problems: Problems, nowMs: number): Promise<void>;
};

const DAY_MS = 86_400_000;
const AlertsReply = z.array(z.object({ labels: z.record(z.string(), z.string()), status: z.object({ inhibitedBy: z.array(z.string()) }) }));

/**
 * Pushes the state, not messages: what stands is said again and again, what has ended until it was said once. An Alertmanager never tells its
 * receivers the end of an alert that ends while another one inhibits it; whoever counts open problems there would count it for ever. So the end
 * of an inhibited alert is kept back until nothing inhibits it any more, a day at most.
 */
export function createAlertmanager(config: NonNullable<NotifyConfig["alertmanager"]>, topicsFor: Alerts["topicsFor"], publicUrl: string): Alertmanager {
  const url = `${config.url.replace(/\/$/, "")}/api/v2/alerts`;
  const login = config.user === undefined ? {} : { authorization: `Basic ${Buffer.from(`${config.user}:${config.password ?? ""}`).toString("base64")}` };
  const ended = new Set<number>();

  const send = async (alerts: readonly unknown[]) => {
    if (alerts.length > 0) await post(url, { ...login, "content-type": "application/json" }, JSON.stringify(alerts));
  };
  return {
    async push({ incidents, places }, nowMs) {
      const topics = topicsFor(incidents, nowMs);
      const known = incidents.flatMap((incident) => {
        const topic = topics.get(incident.requirement);
        if (!topic || incident.telling === undefined || incident.openedMs === undefined || ended.has(incident.id)) return [];
        return [{ incident, alert: standingAlert(incident, topic, places.get(incident.siteId), publicUrl, nowMs) }];
      });
      const standing = known.filter(({ incident }) => incident.closedMs === undefined);
      let closing = known.filter(({ incident }) => incident.closedMs !== undefined);
      await send(standing.map(({ alert }) => alert));
      // Twice: the first ends may be those that kept the others inhibited.
      for (let round = 0; round < 2 && closing.length > 0; round++) {
        const inhibited = await inhibitedIncidents(url, login);
        const free = closing.filter(({ incident }) => !inhibited.has(String(incident.id)) || nowMs - (incident.closedMs ?? nowMs) > DAY_MS);
        await send(free.map(({ alert, incident }) => endedAlert(alert, incident.closedMs ?? nowMs)));
        for (const { incident } of free) ended.add(incident.id);
        closing = closing.filter((one) => !free.includes(one));
      }
      await send(closing.map(({ alert }) => alert));
      for (const id of ended) if (!incidents.some((incident) => incident.id === id)) ended.delete(id);
    },
  };
}

/** Numbers of our problems that an Alertmanager keeps back because of another alert. */
async function inhibitedIncidents(url: string, headers: Readonly<Record<string, string>>): Promise<ReadonlySet<string>> {
  const asked = `${url}?${new URLSearchParams({ filter: 'project="hcc-watch"' })}`;
  const reply = await fetch(asked, { headers, redirect: "manual", signal: AbortSignal.timeout(SEND_MS) }).catch((error: unknown) => {
    throw new SendError(error instanceof Error ? error.message : String(error));
  });
  const alerts = reply.ok ? AlertsReply.safeParse(await reply.json().catch(() => undefined)) : undefined;
  if (!alerts?.success) throw new SendError(`the Alertmanager does not say which alerts it keeps back: answered ${reply.status}`);
  return new Set(alerts.data.flatMap(({ labels, status }) => (status.inhibitedBy.length > 0 && labels.incident !== undefined ? [labels.incident] : [])));
}
