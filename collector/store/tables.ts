import type { SQL } from "drizzle-orm";
import type { Attestation, Waiver } from "#schemas/attestation.ts";
import type { Calendar } from "#schemas/calendar.ts";
import type { KeptDuty } from "#schemas/duty.ts";
import { MAIN_POINT } from "#schemas/inventory.ts";
import type { MaintenanceWindow } from "#schemas/maintenance.ts";
import type { Role, TokenRole } from "#schemas/person.ts";
import type { PolicyProfile } from "#schemas/policy.ts";
import { bigint, boolean, customType, doublePrecision, index, integer, pgTable, primaryKey, sql, text } from "./drizzle.ts";
import { jsonText } from "./json-text.ts";

// The tables of configuration and people, as migrations/ makes them; a test compares both. Samples and evidence have none: they are written as blocks.

/** A value as jsonb, null included: drizzle makes an SQL NULL of a bare null. */
export function asJsonb(value: unknown): SQL {
  return sql`(${jsonText(value)}::text)::jsonb`;
}

/** drizzle's own jsonb parses texts a second time: the text "12" would come back as a number. */
const jsonb = customType<{ data: unknown; driverData: unknown }>({ dataType: () => "jsonb", toDriver: asJsonb, fromDriver: (value) => value });

/** An instant as ms since the epoch. */
const instant = customType<{ data: number; driverData: Date }>({
  dataType: () => "timestamp with time zone",
  toDriver: (ms) => sql`to_timestamp(${ms}::float8 / 1000)`,
  fromDriver: (date) => date.getTime(),
});

/** A day as YYYY-MM-DD. Both drivers give the midnight of UTC. */
const day = customType<{ data: string; driverData: Date }>({
  dataType: () => "date",
  toDriver: (text) => sql`(${text}::text)::date`,
  fromDriver: (date) => date.toISOString().slice(0, 10),
});

/** Values that this database keeps for all collectors on it. */
export const settings = pgTable("setting", { key: text("key").primaryKey(), value: jsonb("value").notNull() });

/** Policies with which this database has judged. */
export const policyVersions = pgTable(
  "policy_version",
  {
    policyId: text("policy_id").notNull(),
    version: integer("version").notNull(),
    effectiveFrom: day("effective_from").notNull(),
    bodySha256: text("body_sha256").notNull(),
    body: jsonb("body").$type<PolicyProfile>().notNull(),
    recordedAt: instant("recorded_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.policyId, table.version] })],
);

/** Calendars as they were known: they are corrected in place. */
export const calendarVersions = pgTable(
  "calendar_version",
  {
    calendarId: text("calendar_id").notNull(),
    bodySha256: text("body_sha256").notNull(),
    body: jsonb("body").$type<Calendar>().notNull(),
    recordedAt: instant("recorded_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.calendarId, table.recordedAt] })],
);

/** Centres as they are declared; a centre is one site in this version. */
export const sites = pgTable("site", {
  siteId: integer("site_id").primaryKey().generatedAlwaysAsIdentity(),
  centreCode: text("centre_code").notNull().unique(),
  name: text("name").notNull(),
  district: text("district"),
  latitude: doublePrecision("latitude"),
  longitude: doublePrecision("longitude"),
  officers: integer("officers"),
  keyArea: boolean("key_area").notNull().default(false),
  contractMbps: doublePrecision("contract_mbps"),
  isp: text("isp"),
  devices: jsonb("devices").notNull().default([]),
  version: integer("version").notNull().default(1),
  changedAt: instant("changed_at").notNull(),
  /** First Vietnam day without the centre, and the code of the one that took its work over. */
  closedOn: day("closed_on"),
  closedInto: text("closed_into"),
  contractNumber: text("contract_number"),
});

const siteId = () => integer("site_id").notNull();
/** A reception point of the centre. */
const point = () => text("point").notNull().default(MAIN_POINT);

/** Codes with which a centre's next agent may enrol, by their hash. */
export const enrolCodes = pgTable(
  "enrol_code",
  {
    codeSha256: text("code_sha256").primaryKey(),
    siteId: siteId().references(() => sites.siteId),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    usedAt: instant("used_at"),
    usedBy: text("used_by"),
    point: point(),
  },
  (table) => [index("enrol_code_site").on(table.siteId)],
);

/** Agents that have enrolled. */
export const agents = pgTable(
  "agent",
  {
    siteId: siteId().references(() => sites.siteId),
    agentId: text("agent_id").notNull(),
    publicKey: text("public_key").notNull(),
    state: text("state", { enum: ["active", "revoked", "frozen"] })
      .notNull()
      .default("active"),
    hostName: text("host_name"),
    version: text("version"),
    enrolledAt: instant("enrolled_at").notNull(),
    oldPublicKey: text("old_public_key"),
    oldKeyUntil: instant("old_key_until"),
    stateChangedAt: instant("state_changed_at"),
    stateReason: text("state_reason"),
    point: point(),
  },
  (table) => [primaryKey({ columns: [table.siteId, table.agentId] }), index("agent_by_id").on(table.agentId)],
);

/** When each agent was heard, and how far off its clock was. */
export const contacts = pgTable(
  "contact",
  {
    siteId: siteId(),
    agentId: text("agent_id").notNull(),
    firstAt: instant("first_at").notNull(),
    lastAt: instant("last_at").notNull(),
    clockOffsetMs: doublePrecision("clock_offset_ms"),
  },
  (table) => [primaryKey({ columns: [table.siteId, table.agentId] })],
);

/** Configurations that were signed offline, one per reception point. */
export const configSeals = pgTable(
  "config_seal",
  {
    siteId: siteId().references(() => sites.siteId),
    version: bigint("version", { mode: "number" }).notNull(),
    payload: text("payload").notNull(),
    signature: text("signature").notNull(),
    keptAt: instant("kept_at").notNull(),
    point: point(),
  },
  (table) => [primaryKey({ columns: [table.siteId, table.point] })],
);

/** What people have declared of a requirement. */
export const attestations = pgTable(
  "attestation",
  {
    siteId: siteId(),
    id: text("id").notNull(),
    requirement: text("requirement").notNull(),
    item: text("item"),
    at: instant("at").notNull(),
    body: jsonb("body").$type<Attestation>().notNull(),
    recordedAt: instant("recorded_at").notNull().default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.siteId, table.id] })],
);

/** Exceptions that were granted, with their end. */
export const waivers = pgTable(
  "waiver",
  {
    siteId: siteId(),
    id: text("id").notNull(),
    requirement: text("requirement").notNull(),
    fromDay: day("from_day").notNull(),
    untilDay: day("until_day").notNull(),
    body: jsonb("body").$type<Waiver>().notNull(),
    recordedAt: instant("recorded_at").notNull().default(sql`now()`),
  },
  (table) => [primaryKey({ columns: [table.siteId, table.id] })],
);

/** What clerks have written of the periodic work list. */
export const dutyRecords = pgTable(
  "duty_record",
  {
    siteId: siteId().references(() => sites.siteId),
    id: text("id").notNull(),
    requirement: text("requirement").notNull(),
    duty: text("duty").notNull(),
    turn: day("turn").notNull(),
    at: instant("at").notNull(),
    body: jsonb("body").$type<KeptDuty>().notNull(),
    recordedAt: instant("recorded_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.siteId, table.id] }),
    index("duty_record_at").on(table.siteId, table.at),
    index("duty_record_recorded").on(table.recordedAt),
  ],
);

/** Work that was announced: what it does to messages about problems, and until when. */
export const maintenance = pgTable(
  "maintenance",
  {
    id: text("id").primaryKey(),
    fromDay: day("from_day").notNull(),
    untilDay: day("until_day").notNull(),
    body: jsonb("body").$type<MaintenanceWindow>().notNull(),
    recordedAt: instant("recorded_at").notNull(),
  },
  (table) => [index("maintenance_until").on(table.untilDay)],
);

/** People who may sign in. */
export const persons = pgTable("person", {
  personId: text("person_id").primaryKey(),
  login: text("login").notNull().unique(),
  name: text("name").notNull(),
  roles: jsonb("roles").$type<Role[]>().notNull(),
  centreCode: text("centre_code"),
  password: text("password"),
  subject: text("subject").unique(),
  disabled: boolean("disabled").notNull().default(false),
  endsAt: instant("ends_at"),
  createdAt: instant("created_at").notNull(),
  lastLoginAt: instant("last_login_at"),
  factor: text("factor"),
  factorStep: bigint("factor_step", { mode: "number" }).notNull().default(0),
});

const personId = () =>
  text("person_id")
    .notNull()
    .references(() => persons.personId);

/** One-time links with which people set their password, by their hash. */
export const personLinks = pgTable("person_link", {
  tokenSha256: text("token_sha256").primaryKey(),
  personId: personId(),
  expiresAt: instant("expires_at").notNull(),
});

/** Who is signed in, by the hash of the cookie. */
export const sessions = pgTable("session", {
  tokenSha256: text("token_sha256").primaryKey(),
  personId: personId(),
  createdAt: instant("created_at").notNull(),
  seenAt: instant("seen_at").notNull(),
  address: text("address").notNull().default(""),
  awaits: text("awaits").$type<"code" | "setup">(),
});

/** What people did, row by row in a chain of hashes. */
export const audits = pgTable("audit", {
  place: integer("place").primaryKey(),
  at: instant("at").notNull(),
  who: text("who").notNull(),
  what: text("what").notNull(),
  about: text("about").notNull(),
  address: text("address").notNull(),
  sha256: text("sha256").notNull(),
});

/** Tokens with which programs read the API, by their hash. */
export const apiTokens = pgTable("api_token", {
  tokenId: text("token_id").primaryKey(),
  tokenSha256: text("token_sha256").notNull().unique(),
  name: text("name").notNull(),
  role: text("role").$type<TokenRole>().notNull(),
  createdBy: text("created_by").notNull(),
  createdAt: instant("created_at").notNull(),
  expiresAt: instant("expires_at").notNull(),
  revokedAt: instant("revoked_at"),
  lastUsedAt: instant("last_used_at"),
});
