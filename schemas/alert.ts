import { z } from "zod";
import { owners } from "./policy.ts";

/** Where messages go: `to` is a mail address for `smtp`, the name of a webhook for `webhook`, a chat id for `zalo`. */
export const Recipient = z.strictObject({
  /** Whose requirements it hears of; `*` hears of all. */
  owner: z.enum([...owners, "*"]),
  channel: z.enum(["smtp", "webhook", "zalo"]),
  to: z.string().min(1).max(200),
});
export type Recipient = z.infer<typeof Recipient>;

/** The file that `HCC_NOTIFY` names. */
export const NotifyConfig = z.strictObject({
  smtp: z.strictObject({ url: z.url({ protocol: /^smtps?$/ }), from: z.string().min(3).max(200) }).optional(),
  /** A receiver of JSON; the body is signed with HMAC-SHA256 over `<timestamp>.<body>`. */
  webhooks: z.array(z.strictObject({ name: z.string().min(1).max(64), url: z.url({ protocol: /^https?$/ }), secret: z.string().min(16) })).default([]),
  /** The Zalo Bot API. Its host has changed before, so it is a setting; the token is part of each address by Zalo's own design. */
  zalo: z
    .strictObject({ baseUrl: z.url({ protocol: /^https?$/ }).default("https://bot-api.zaloplatforms.com"), token: z.string().regex(/^[\w:-]{8,200}$/) })
    .optional(),
  recipients: z.array(Recipient).default([]),
});
export type NotifyConfig = z.infer<typeof NotifyConfig>;

export const messageKinds = ["opened", "recovered", "flapping", "digest", "digest_over", "test"] as const;

/** What a message says, before it is put into words: third parties get nothing but this, without names of devices. */
export const Message = z.strictObject({
  kind: z.enum(messageKinds),
  incident: z.number().optional(),
  centre: z.string().optional(),
  centreName: z.string().optional(),
  requirement: z.string().optional(),
  /** The sentence of the finding, Vietnamese and English; for mail alone. */
  why: z.strictObject({ vi: z.string(), en: z.string() }).optional(),
  title: z.strictObject({ vi: z.string(), en: z.string() }).optional(),
  advice: z.strictObject({ vi: z.string(), en: z.string() }).optional(),
  owner: z.string().optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  /** How many centres a digest speaks of. */
  count: z.int().optional(),
  link: z.string(),
});
export type Message = z.infer<typeof Message>;
