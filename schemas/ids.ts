import { z } from "zod";

/** How a code is written. */
export const codePattern = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Code of a centre, a site or a device: short ASCII, safe in URLs, SQL variables and file names. */
export const Code = z.string().regex(codePattern, "use lower-case letters, digits and '-'");
export type Code = z.infer<typeof Code>;

/** Identity of an agent, drawn by the collector at enrolment. */
export const AgentId = z.string().regex(/^agt-[a-z0-9]{16}$/);
export type AgentId = z.infer<typeof AgentId>;

/** Identity of one life of a spool file: a new spool is a new stream, so sequence numbers never collide. */
export const StreamId = z.string().regex(/^[a-f0-9]{16}$/);
export type StreamId = z.infer<typeof StreamId>;

/** Place of an observation in its stream, from 1 upwards without holes. */
export const Seq = z.int().min(1);
export type Seq = z.infer<typeof Seq>;

/** Number of a requirement of the plan, as in requirements.md. */
export const RequirementId = z.string().regex(/^R\d{2}$/);
export type RequirementId = z.infer<typeof RequirementId>;

/** An instant on the wire: RFC 3339 in UTC with milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 });
export type Instant = z.infer<typeof Instant>;

/** A Vietnam day as people type it. In a year before 2000 or after 2099 it is a slip: a list from the year 0026 would count below all that was ever declared. */
export const TypedDay = z.iso.date().refine((day) => day >= "2000-01-01" && day <= "2099-12-31");
