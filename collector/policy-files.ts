import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { Calendar, vietnamDay } from "#schemas/calendar.ts";
import { PolicyProfile } from "#schemas/policy.ts";
import { fieldFaults } from "#schemas/text/field-faults.ts";
import { day as dayWord } from "#schemas/text/moment-word.ts";
import { text } from "#schemas/text/text.ts";
import { ConfigError } from "./config.ts";

const folder = join(import.meta.dirname, "..", "schemas");

export type LoadedPolicy = { readonly policy: PolicyProfile; readonly calendar: Calendar; readonly sha256: string };

/**
 * The version of a policy that is in force at `nowMs`, with its calendar, from the data files.
 * @throws ConfigError that names the file and the field at fault.
 */
export function loadPolicy(id: string, nowMs: number): LoadedPolicy {
  const loaded = policyVersions(id).find(({ policy }) => policy.effectiveFrom <= vietnamDay(nowMs));
  if (loaded) return loaded;
  const known = read("policies", PolicyProfile);
  const files = known.filter(({ value }) => value.id === id).map(({ file }) => file);
  throw new ConfigError((lang) =>
    files.length === 0
      ? text(lang, "setting.policy.none", { policy: id, known: [...new Set(known.map(({ value }) => value.id))].join(", ") })
      : text(lang, "setting.policy.to_come", { policy: id, day: dayWord(lang, vietnamDay(nowMs)), files: files.join(", ") }),
  );
}

/** All versions of a policy that the data files hold, each with its calendar, the newest version at the top. */
export function policyVersions(id: string): LoadedPolicy[] {
  const calendars = read("calendars", Calendar);
  const versions = read("policies", PolicyProfile).filter(({ value }) => value.id === id);
  return versions
    .sort((a, b) => b.value.version - a.value.version)
    .map(({ file, value: policy }) => {
      const calendar = calendars.find(({ value }) => value.id === policy.calendar)?.value;
      if (!calendar) throw new ConfigError((lang) => text(lang, "setting.policy.no_calendar", { file, calendar: policy.calendar }));
      return { policy, calendar, sha256: sha256Of(policy) };
    });
}

/** What a policy or calendar hashes to. */
export function sha256Of(value: PolicyProfile | Calendar): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function read<T>(room: string, shape: z.ZodType<T>): { file: string; value: T }[] {
  return readdirSync(join(folder, room))
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const file = `schemas/${room}/${name}`;
      const parsed = shape.safeParse(JSON.parse(readFileSync(join(folder, room, name), "utf8")));
      if (!parsed.success) throw new ConfigError((lang) => fieldFaults(lang, parsed.error, file));
      return { file, value: parsed.data };
    });
}
