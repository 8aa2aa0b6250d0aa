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
  const loaded = policyVersions(id).find(({ policy }) => policy.effectiveFrom <= vietnamDay(nowMs));
  if (loaded) return loaded;
  const files = read("policies", PolicyProfile)
    .filter(({ value }) => value.id === id)
    .map(({ file }) => file);
  throw new ConfigError(
    `HCC_POLICY: no version of the policy "${id}" is in force on ${vietnamDay(nowMs)}; schemas/policies has: ${files.join(", ") || "none of that id"}`,
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
      if (!calendar) throw new ConfigError(`${file}: calendar: there is no calendar "${policy.calendar}" in schemas/calendars`);
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
      if (!parsed.success) throw new ConfigError(`${file}: ${z.prettifyError(parsed.error)}`);
      return { file, value: parsed.data };
    });
}
