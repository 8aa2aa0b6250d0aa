import type { Message, NotifyConfig, Recipient } from "#schemas/alert.ts";
import { type Calendar, vietnamDay } from "#schemas/calendar.ts";
import { isClosedOn } from "#schemas/inventory.ts";
import { maintenanceAt } from "#schemas/maintenance.ts";
import { addressOf, type Book, backingKey, type PlannedLetter } from "./book.ts";
import { AGENT_SILENT, type Incident } from "./incident.ts";
import { isSoughtAt, type Topic } from "./topic.ts";

/** What stays the same from step to step. */
export type DeskSettings = {
  /** All that the policy demands, and of what it has dropped whatever has problems left. */
  readonly topics: ReadonlyMap<string, Topic>;
  readonly notify: NotifyConfig;
  readonly calendar: Calendar;
  readonly publicUrl: string;
};

/** One step under way: what it reads, and the problems and letters as they become. Lives for one call of `stepBook`. */
export class Desk {
  readonly settings: DeskSettings;
  readonly book: Book;
  readonly nowMs: number;
  readonly letters: PlannedLetter[] = [];
  readonly #incidents: Map<number, Incident>;
  readonly #changed = new Set<number>();

  constructor(settings: DeskSettings, book: Book, nowMs: number) {
    this.settings = settings;
    this.book = book;
    this.nowMs = nowMs;
    this.#incidents = new Map(book.incidents.map((incident) => [incident.id, incident]));
  }

  /** The problems as they stand after what the step did so far, in order of their numbers. */
  incidents(): Incident[] {
    return [...this.#incidents.values()].sort((a, b) => a.id - b.id);
  }

  changed(): Incident[] {
    return this.incidents().filter(({ id }) => this.#changed.has(id));
  }

  change(incident: Incident, more: Partial<Incident>): Incident {
    const next = { ...incident, ...more };
    this.#incidents.set(incident.id, next);
    this.#changed.add(incident.id);
    return next;
  }

  /** Plans a message to each address; its key makes it one letter per address however often it is planned. */
  write(key: string, message: Message, recipients: readonly Pick<Recipient, "channel" | "to">[], siteId = 0): void {
    for (const recipient of recipients) this.letters.push({ key: `${key}-${addressOf(recipient)}`, recipient, message, siteId, held: false });
  }

  topicOf({ requirement }: Incident): Topic | undefined {
    return this.settings.topics.get(requirement);
  }

  /** What announced work does to a problem now. */
  maintenanceOf({ siteId, requirement }: Incident): "skip" | "mute" | "run" | undefined {
    return maintenanceAt(this.book.windows, this.book.places.get(siteId)?.code ?? "", requirement, this.nowMs);
  }

  /** Why nobody judges a problem any more: its centre is closed, the policy no longer demands it, or nothing is left at its reception point. */
  endOf(incident: Incident): Incident["end"] {
    const closedOn = this.book.places.get(incident.siteId)?.closedOn;
    if (closedOn !== undefined && isClosedOn({ on: closedOn }, vietnamDay(this.nowMs))) return "centre_closed";
    if (this.#isDropped(incident)) return "dropped";
    if (this.#isWatched(incident)) return undefined;
    return incident.requirement === AGENT_SILENT ? "point_gone" : "unwatched";
  }

  /** A centre of which no point is known is watched as a whole; of what was not judged nobody says that it is not. */
  #isWatched({ siteId, requirement, subject }: Incident): boolean {
    if (siteId === 0) return true;
    if (requirement !== AGENT_SILENT) {
      const points = this.book.backings.get(backingKey(siteId, requirement))?.points;
      return points === undefined || points.has(subject) || (points.size === 0 && subject === "");
    }
    const own = this.book.contacts.filter((contact) => contact.siteId === siteId);
    return own.length === 0 ? subject === "" : own.some(({ point = "" }) => point === subject);
  }

  /** A finding by an older version of the policy still stands for a problem. */
  #isDropped(incident: Incident): boolean {
    const { siteId, requirement, subject } = incident;
    const topic = this.topicOf(incident);
    const isDemanded = topic !== undefined && !topic.dropped;
    if (siteId === 0) return !isDemanded || (topic.rule !== undefined && !isSoughtAt(topic.rule, subject));
    if (isDemanded && topic.points === "main" && subject !== "") return true;
    return !isDemanded && !this.book.backings.has(backingKey(siteId, requirement));
  }

  /** Whether nobody is to hear of a problem now: announced work or a waiver. */
  isQuiet(incident: Incident): boolean {
    const mode = this.maintenanceOf(incident);
    return mode === "skip" || mode === "mute" || (this.book.backings.get(backingKey(incident.siteId, incident.requirement))?.waived ?? false);
  }
}
