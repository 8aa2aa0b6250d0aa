import { text } from "#schemas/text/text.ts";
import type { Place } from "./book.ts";
import type { Incident } from "./incident.ts";
import { instant } from "./message.ts";
import { isOfPoints, type Topic, titleAt } from "./topic.ts";

/** An alert as the API v2 of an Alertmanager takes it. Labels are its identity. */
export type PushedAlert = {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
  readonly generatorURL: string;
};

/** Without news for so long an Alertmanager ends an alert by itself: longer than a new start of the collector takes. */
const STANDS_MS = 30 * 60_000;
const severities = ["critical", "critical", "warning", "info"] as const;

/** A problem as an alert that stands. Code, rule, number and link; no text of a device, no name of a place. */
export function standingAlert(incident: Incident, topic: Topic, place: Place | undefined, publicUrl: string, nowMs: number): PushedAlert {
  const { id, siteId, requirement, subject, openedMs, beganMs } = incident;
  const title = titleAt("vi", topic, siteId !== 0 && subject !== "" && isOfPoints(topic) ? subject : undefined);
  return {
    labels: {
      alertname: requirement,
      project: "hcc-watch",
      centre: place?.code ?? "province",
      incident: String(id),
      owner: topic.owner,
      severity: severities[topic.impact] ?? "warning",
      ...(subject !== "" && { subject }),
    },
    annotations: {
      summary: text("vi", "alert.subject.opened", { requirement, centre: place?.code ?? text("vi", "alert.province"), title }),
      effect: topic.effect.vi,
    },
    startsAt: instant(openedMs ?? beganMs),
    endsAt: instant(nowMs + STANDS_MS),
    generatorURL: `${publicUrl}/incidents/${id}`,
  };
}

/** The same alert, ended; an end must lie after its beginning. */
export function endedAlert(alert: PushedAlert, closedMs: number): PushedAlert {
  return { ...alert, endsAt: instant(Math.max(closedMs, Date.parse(alert.startsAt) + 1_000)) };
}
