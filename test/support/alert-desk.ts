import type { z } from "zod";
import { manyAtOnce, NotifyConfig } from "#schemas/alert.ts";
import type { Calendar } from "#schemas/calendar.ts";
import type { Expiry } from "#schemas/expiry.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { addressOf, type Backing, type Book, backingKey, type DigestClock, historyFromMs, type Place, type PlannedLetter } from "../../collector/alert/book.ts";
import { stepBook } from "../../collector/alert/book-step.ts";
import type { Incident } from "../../collector/alert/incident.ts";
import { acknowledge, heed, type Signal } from "../../collector/alert/incident-step.ts";
import type { SilenceTrace } from "../../collector/alert/silence-cause.ts";
import { topicsOf } from "../../collector/alert/topic.ts";

/** A letter as somebody gets it. */
export type Delivered = PlannedLetter & { readonly atMs: number };

/**
 * The alerts of a province in memory, driven by a clock of the caller's: the same pure steps as in the collector, with a store of a few maps. Letters
 * arrive at once. Two months of a province take seconds.
 */
export class AlertDesk {
  readonly delivered: Delivered[] = [];
  /** The last word of each site; one that lies ahead means that it speaks until then. */
  readonly contacts = new Map<number, number>();
  /** The same of reception points that are not the main office: site, point, last word. */
  points: (readonly [siteId: number, point: string, lastMs: number])[] = [];
  /** Stamps of a clock that was wrong, which stand instead. */
  readonly wrongStamps = new Map<number, number>();
  readonly backings = new Map<string, Backing>();
  readonly traces = new Map<number, SilenceTrace>();
  listeningSinceMs = Number.NEGATIVE_INFINITY;
  windows: MaintenanceWindow[] = [];
  expiries: Expiry[] = [];
  unheard: Book["unheard"] = [];
  #incidents: Incident[] = [];
  #held: { id: number; letter: PlannedLetter }[] = [];
  #keys = new Set<string>();
  #digest: DigestClock = {};
  #next = 1;
  readonly #places: ReadonlyMap<number, Place>;
  readonly #settings: Parameters<typeof stepBook>[0];

  constructor(
    policy: PolicyProfile,
    calendar: Calendar,
    notify: z.input<typeof NotifyConfig>,
    codes: readonly string[],
    areaOf?: (site: number) => string,
    lineOf?: (site: number) => Pick<Place, "isp" | "contractNumber">,
  ) {
    const config = NotifyConfig.parse(notify);
    this.#places = new Map(
      codes.map((code, at) => [at + 1, { code, name: `Trung tâm ${code}`, ...(areaOf && { area: areaOf(at + 1) }), ...lineOf?.(at + 1) }]),
    );
    this.#settings = { topics: topicsOf(policy, config), notify: config, calendar, publicUrl: "http://hcc" };
  }

  /** All problems of the last month and those that stand. */
  get incidents(): readonly Incident[] {
    return this.#incidents;
  }

  /** What a judgement says of a requirement of a site (0: the province). */
  signal(siteId: number, requirement: string, signal: Signal, nowMs: number, { late = false, subject = "" } = {}): void {
    const isIt = (one: Incident) => one.siteId === siteId && one.requirement === requirement && one.subject === subject && one.state !== "closed";
    const next = heed(this.#incidents.find(isIt), signal, late, nowMs);
    if (next === "begin") this.#begin({ siteId, requirement, subject, beganMs: nowMs });
    else if (next) this.#write(next);
  }

  waive(siteId: number, requirement: string, waived: boolean): void {
    this.backings.set(backingKey(siteId, requirement), { waived });
  }

  acknowledge(id: number, by: string, nowMs: number): void {
    const one = this.#incidents.find((incident) => incident.id === id);
    const next = one && acknowledge(one, by, nowMs);
    if (next) this.#write(next);
  }

  /** One step of the clock. Gives the letters that went out with it. */
  tick(nowMs: number): Delivered[] {
    const hourMs = nowMs - 3_600_000;
    const recent = new Map<string, number>();
    for (let at = this.delivered.length - 1; at >= 0; at--) {
      const one = this.delivered[at];
      if (!one || one.atMs <= hourMs) break;
      if (!manyAtOnce.some((kind) => kind === one.message.kind)) recent.set(addressOf(one.recipient), (recent.get(addressOf(one.recipient)) ?? 0) + 1);
    }
    const fromMs = historyFromMs(this.#digest, nowMs);
    this.#incidents = this.#incidents.filter((one) => one.state !== "closed" || (one.closedMs ?? 0) >= fromMs || (one.storm !== undefined && !one.stormOver));
    const changes = stepBook(
      this.#settings,
      {
        incidents: this.#incidents,
        places: this.#places,
        backings: this.backings,
        contacts: [
          ...[...this.contacts].map(([siteId, lastMs]) => ({ siteId, lastMs: this.wrongStamps.get(siteId) ?? Math.min(lastMs, nowMs) })),
          ...this.points.map(([siteId, point, lastMs]) => ({ siteId, point, lastMs: Math.min(lastMs, nowMs) })),
        ].map((contact) => ({ ...contact, area: this.#places.get(contact.siteId)?.area })),
        listeningSinceMs: this.listeningSinceMs,
        traces: this.traces,
        windows: this.windows,
        recent,
        held: this.#held.map(({ id, letter }) => ({ id, key: letter.key, address: addressOf(letter.recipient), message: letter.message })),
        deadSinceDigest: 0,
        expiries: this.expiries,
        unheard: this.unheard,
        digest: this.#digest,
      },
      nowMs,
    );
    for (const one of changes.begun) this.#begin(one);
    for (const one of changes.changed) this.#write(one);
    this.#held = this.#held.filter(({ id }) => !changes.merged.includes(id));
    this.#digest = changes.digest ?? this.#digest;
    return changes.letters.flatMap((letter) => this.#take(letter, nowMs));
  }

  #take(letter: PlannedLetter, atMs: number): Delivered[] {
    if (this.#keys.has(letter.key)) return [];
    this.#keys.add(letter.key);
    if (letter.held) {
      this.#held.push({ id: this.#next++, letter });
      return [];
    }
    const delivered = { ...letter, atMs };
    this.delivered.push(delivered);
    return [delivered];
  }

  #begin(one: Pick<Incident, "siteId" | "requirement" | "subject" | "beganMs">): void {
    this.#incidents.push({ ...one, id: this.#next++, state: "soft", told: [], level: 0 });
  }

  #write(next: Incident): void {
    this.#incidents = this.#incidents.map((one) => (one.id === next.id ? next : one));
  }
}

/** A letter in one line: kind, requirement, centre or number, and who got it. */
export function lineOf({ message: { kind, requirement, centre, count }, recipient }: PlannedLetter): string {
  return [kind, requirement, centre ?? (count === undefined ? undefined : `${count}`), `> ${recipient.to}`].filter(Boolean).join(" ");
}
