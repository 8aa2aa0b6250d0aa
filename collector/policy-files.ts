import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Calendar, vietnamDay } from "#schemas/calendar.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { ConfigError } from "./config.ts";

const folder = join(import.meta.dirname, "..", "schemas");

export type LoadedPolicy = { readonly policy: PolicyProfile; readonly calendar: Calendar; readonly sha256: string };

/**
 * The version of a policy that is in force at `nowMs`, with its calendar, from the data files.
 * @throws ConfigError that names the file and the field at fault.
 */
export function loadPolicy(id: string, nowMs: number): LoadedPolicy {
  const loaded = policyInForce(id, nowMs);
  if (loaded) return loaded;
  const files = read("policies", PolicyProfile)
    .filter(({ value }) => value.id === id)
    .map(({ file }) => file);
  throw new ConfigError(
    `HCC_POLICY: no version of the policy "${id}" is in force on ${vietnamDay(nowMs)}; schemas/policies has: ${files.join(", ") || "none of that id"}`,
  );
}

/** The version of a policy that is or was in force at an instant, with its calendar; undefined when there was none. */
export function policyInForce(id: string, atMs: number): LoadedPolicy | undefined {
  const day = vietnamDay(atMs);
  const versions = read("policies", PolicyProfile).filter(({ value }) => value.id === id && value.effectiveFrom <= day);
  const inForce = versions.sort((a, b) => b.value.version - a.value.version)[0];
  if (!inForce) return undefined;
  const calendar = read("calendars", Calendar).find(({ value }) => value.id === inForce.value.calendar);
  if (!calendar) throw new ConfigError(`${inForce.file}: calendar: there is no calendar "${inForce.value.calendar}" in schemas/calendars`);
  return { policy: inForce.value, calendar: calendar.value, sha256: createHash("sha256").update(JSON.stringify(inForce.value)).digest("hex") };
}

function read<T>(room: string, shape: z.ZodType<T>): { file: string; value: T }[] {
  return readdirSync(join(folder, room))
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const file = `schemas/${room}/${name}`;
      const parsed = shape.safeParse(JSON.parse(readFileSync(join(folder, room, name), "utf8")));
      if (!parsed.success) throw new ConfigError(`${file}: ${z.prettifyError(parsed.error)}`);
      return { file, value: parsed.data };
    });
}
