import type { z } from "zod";
import type { NotifyConfig } from "#schemas/alert.ts";
import { signalOf } from "../../collector/alert/incident-step.ts";
import { AlertDesk } from "../support/alert-desk.ts";
import { calendar, plan } from "../support/facts.ts";
import type { SimulatedAlerts } from "./simulate-province.ts";
import { areaOf } from "./world.ts";

/** Who reads in a province: each commune its own, the others everything of theirs. */
export function readersOf(centres: number): z.input<typeof NotifyConfig> {
  const communes = Array.from({ length: centres }, (_, at) => `xa-${at + 1}`).map((code) => ({
    owner: "commune" as const,
    channel: "smtp" as const,
    to: code,
    centres: [code],
  }));
  const others = (["province-it", "dost", "isp", "portal-vendor", "vendor"] as const).map((owner) => ({ owner, channel: "smtp" as const, to: owner }));
  return { recipients: [...communes, ...others] };
}

/** The alerts' pure steps with a store of a few maps. */
export function memoryAlerts(centres: number): SimulatedAlerts & { readonly desk: AlertDesk } {
  const desk = new AlertDesk(
    plan,
    calendar,
    readersOf(centres),
    Array.from({ length: centres }, (_, at) => `xa-${at + 1}`),
    areaOf,
  );
  return {
    desk,
    heard: (contacts) => {
      for (const [siteId, atMs] of contacts) desk.contacts.set(siteId, atMs);
    },
    province: (requirement, subject, signal, nowMs) => desk.signal(0, requirement, signal, nowMs, { subject }),
    judged: (siteId, findings, nowMs) => {
      for (const finding of findings) desk.signal(siteId, finding.requirement, signalOf(finding), nowMs);
    },
    traced: (siteId, trace) => void desk.traces.set(siteId, trace),
    tick: (nowMs) => void desk.tick(nowMs),
  };
}
