import { z } from "zod";
import { Code } from "./ids.ts";
import { PhoneEntry, PhoneNumber } from "./phones.ts";
import { owners } from "./policy.ts";
import { Words } from "./words.ts";

export const channels = ["smtp", "webhook", "zalo"] as const;

/** Where messages go: `to` is a mail address for `smtp`, the name of a webhook for `webhook`, a chat id for `zalo`. */
export const Recipient = z.strictObject({
  /** Whose requirements it hears of; `*` hears of all, at once. */
  owner: z.enum([...owners, "*"]),
  channel: z.enum(channels),
  to: z.string().min(1).max(200),
  /** Only these centres; all when absent. A clerk of a commune hears of that commune. */
  centres: z.array(Code).min(1).max(5_000).optional(),
  /** `always`: whoever is on duty hears of what stops a counter at any hour. Others hear in working time. */
  hours: z.enum(["working", "always"]).default("working"),
  /** Messages in any 60 minutes; what goes beyond them becomes one digest. */
  perHour: z.int().min(1).max(1_000).default(12),
  /** Whether the morning digest and the one of Monday go here. */
  digests: z.boolean().default(true),
});
export type Recipient = z.infer<typeof Recipient>;

/** A receiver of HTTP; the body is signed with HMAC-SHA256 over `<timestamp>.<body>`. */
export const Webhook = z.strictObject({
  name: z.string().min(1).max(64),
  url: z.url({ protocol: /^https?$/ }),
  secret: z.string().min(16),
  /** Headers of the receiver's own, such as its key. */
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9-]{1,64}$/),
      z
        .string()
        .max(1_000)
        .regex(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/, "must be of printable ASCII characters, without a space at its ends"),
    )
    .default({}),
  contentType: z.string().max(100).default("application/json"),
  /** A body with `{text}`, `{code}`, `{rule}`, `{link}`, `{incident}`, `{kind}`, `{id}`, for gateways of SMS and for Teams. Our own JSON when absent. */
  template: z.string().max(8_000).optional(),
  /** A regular expression that the answer's body must match to count as taken: gateways of SMS say 200 to everything. */
  success: z.string().max(200).optional(),
});
export type Webhook = z.infer<typeof Webhook>;

const minutes = z
  .number()
  .min(0)
  .max(7 * 24 * 60);

/** How long a state must last before people hear of it: longer to open than a glitch, longer to close than a lucky run. */
const Lasting = z.strictObject({ openMinutes: minutes, closeMinutes: minutes });

/** The file that `HCC_NOTIFY` names. */
export const NotifyConfig = z.strictObject({
  smtp: z.strictObject({ url: z.url({ protocol: /^smtps?$/ }), from: z.string().min(3).max(200) }).optional(),
  webhooks: z.array(Webhook).default([]),
  /** The Zalo Bot API. Its host has changed before, so it is a setting; the token is part of each address by Zalo's own design. */
  zalo: z
    .strictObject({
      baseUrl: z.url({ protocol: /^https?$/ }).default("https://bot-api.zaloplatforms.com"),
      token: z.string().regex(/^[\w:-]{8,200}$/),
      perMinute: z.int().min(1).max(1_000).default(20),
    })
    .optional(),
  /** An Alertmanager that gets every open problem and its end (API v2). */
  alertmanager: z
    .strictObject({ url: z.url({ protocol: /^https?$/ }), user: z.string().max(100).optional(), password: z.string().max(200).optional() })
    .optional(),
  recipients: z.array(Recipient).default([]),
  /** Whom people are told to call: in mail, on pages and in the self-check of the centres. */
  phones: z.array(PhoneEntry).max(200).default([]),
  lasting: z
    .strictObject({
      /** What answers or does not. */
      reachable: Lasting.prefault({ openMinutes: 15, closeMinutes: 10 }),
      /** What its rule has confirmed over runs and days already. */
      other: Lasting.prefault({ openMinutes: 2, closeMinutes: 10 }),
      /** A silent agent. `openMinutes` of working time; `morningMinutes` where it fell silent outside it: somebody has to switch the PC on. */
      agent: Lasting.extend({ morningMinutes: minutes }).prefault({ openMinutes: 5, closeMinutes: 2, morningMinutes: 30 }),
    })
    .prefault({}),
  /**
   * Who hears next, after so many working minutes without an acknowledgement, by impact. Formalities (impact 3) climb nowhere, and what a rule has
   * confirmed over days (a slow line, a missing PC) climbs as impact 2 at the soonest: nobody puts it right within an hour.
   */
  escalation: z
    .array(z.strictObject({ impact: z.int().min(1).max(3), afterMinutes: z.number().min(1).max(100_000), to: z.enum(owners) }))
    .max(20)
    .default([
      { impact: 1, afterMinutes: 30, to: "province-it" },
      { impact: 1, afterMinutes: 120, to: "dost" },
      { impact: 2, afterMinutes: 480, to: "province-it" },
      { impact: 2, afterMinutes: 1_440, to: "dost" },
    ]),
  /** The local time of the digests on working days; the first of a week is the weekly one. */
  digestAt: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/)
    .default("07:00"),
});
export type NotifyConfig = z.infer<typeof NotifyConfig>;

/**
 * `dropped`, `centre_closed`, `point_gone`, `unwatched`: ended without being met, because the policy no longer demands it, because there is no such centre or
 * reception point any more, or because nothing is left at its reception point by which it could be judged.
 */
export const messageKinds = [
  "opened",
  "recovered",
  "dropped",
  "centre_closed",
  "point_gone",
  "unwatched",
  "flapping",
  "escalated",
  "storm",
  "storm_over",
  "storm_dropped",
  "storm_centre_closed",
  "morning",
  "weekly",
  "capped",
  "test",
] as const;

/** How a message tells that a problem has ended. */
export const endKinds = ["recovered", "dropped", "centre_closed", "point_gone", "unwatched"] as const satisfies readonly (typeof messageKinds)[number][];

export function isEndKind(kind: string): kind is (typeof endKinds)[number] {
  return (endKinds as readonly string[]).includes(kind);
}

/** Messages that tell many problems as one: no reader's limit counts them. */
export const manyAtOnce = [
  "storm",
  "storm_over",
  "storm_dropped",
  "storm_centre_closed",
  "morning",
  "weekly",
] as const satisfies readonly (typeof messageKinds)[number][];

export const itemKinds = [
  "new",
  "ended",
  "dropped",
  "centre_closed",
  "point_gone",
  "unwatched",
  "flapping",
  "standing",
  "muted",
  "waiver_ends",
  "attestation_ends",
  "unheard",
  "opened",
  "recovered",
  "escalated",
] as const;

/** Most providers that a storm's letter names. */
export const PROVIDERS_MAX = 5;

/** Most lines of a digest. */
export const MESSAGE_ITEMS_MAX = 60;

/** One line of a digest. */
export const MessageItem = z.strictObject({
  kind: z.enum(itemKinds),
  incident: z.number().optional(),
  centre: z.string().optional(),
  centreName: z.string().optional(),
  requirement: z.string(),
  title: Words.optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  /** Days that are left, of what expires; how many of one kind where they are counted, not listed. */
  count: z.int().optional(),
});
export type MessageItem = z.infer<typeof MessageItem>;

/** What a message says, before it is put into words. Third parties get code, rule, number and link of it, never a name or a device's text. */
export const Message = z.strictObject({
  kind: z.enum(messageKinds),
  incident: z.number().optional(),
  /** What belongs together for a reader: one problem, one storm. */
  thread: z.string().optional(),
  centre: z.string().optional(),
  centreName: z.string().optional(),
  requirement: z.string().optional(),
  /** The sentence of the finding, Vietnamese and English; for mail alone. */
  why: Words.optional(),
  title: Words.optional(),
  /** What citizens notice of it. */
  effect: Words.optional(),
  advice: Words.optional(),
  owner: z.string().optional(),
  /** The owner's telephone number; for mail alone. */
  phone: PhoneNumber.optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  /** Who provides the lines of a storm's centres, most centres first, where the lines may be at fault; for mail alone. */
  providers: z
    .array(z.strictObject({ isp: z.string(), centres: z.int() }))
    .max(PROVIDERS_MAX)
    .optional(),
  /** The line of the one centre that a problem is at, where the line may be at fault; for mail alone. */
  line: z.strictObject({ isp: z.string().optional(), contractNumber: z.string().optional() }).optional(),
  /** The area in which a storm lies, when it is one alone. */
  area: z.string().optional(),
  /** What a silence that has ended most probably was, and at how many centres of a storm. */
  cause: z.strictObject({ code: z.string(), centres: z.int().optional() }).optional(),
  /** How many centres a storm has, how many lines a digest. */
  count: z.int().optional(),
  items: z.array(MessageItem).max(MESSAGE_ITEMS_MAX).optional(),
  /** How many more lines there were than a digest holds. */
  more: z.int().optional(),
  /** Deliveries that were given up since the last digest; for those who run the collector. */
  dead: z.int().optional(),
  link: z.string(),
});
export type Message = z.infer<typeof Message>;
