import { z } from "zod";
import { cleanText } from "#schemas/clean-text.ts";
import { type Evidence, FailureReason, type Outcome, SkipReason } from "#schemas/observation.ts";
import { reasonPhrase } from "./reason-phrase.ts";
import { type CheckLine, listed, NAME_MAX, type Phrase, phrase } from "./result.ts";

type Unanswered = Exclude<Outcome, { kind: "measured" }>;
type Reason = FailureReason | SkipReason;

/** A device that is asked, and the name under which this PC keeps its password, if it keeps one. */
export type AskedDevice = { readonly id: string; readonly credential?: string | undefined };

/** Why one device could not be asked. `said` is for whoever mends it: the program's own words, with what the device answered. */
type Trouble = { readonly reason: Reason; readonly said?: string | undefined };

/** Longest text behind a line. */
const TECHNICAL_MAX = 300;

/** A line for a question that could not be asked, with whom to blame for it. Where this PC's clock may be the reason, that is what is said and what to mend. */
export function unasked(outcome: Unanswered, blame: Pick<CheckLine, "hint" | "owner"> = blameless(outcome)): CheckLine {
  const clock = outcome.evidence?.pcClock;
  if (clock === "wrong" || clock === "unproven") {
    const hint = phrase(`agent.dates.hint.${clock === "wrong" ? "clock" : "either"}`);
    return { state: "unknown", detail: phrase(`selfcheck.detail.pc_clock.${clock}`), hint, owner: phrase("owner.commune") };
  }
  const detail = phrase(`selfcheck.detail.${outcome.kind}`, { reason: reasonPhrase(outcome.reason) });
  return { state: "unknown", detail, ...blame, ...technical([outcome.detail]) };
}

/** What was left out on purpose is made up for by the agent itself. */
function blameless({ kind }: Unanswered): Pick<CheckLine, "hint" | "owner"> {
  return kind === "skipped" ? { hint: phrase("selfcheck.hint.unasked.goes_on") } : again;
}

const again = { hint: phrase("selfcheck.hint.unasked.again"), owner: phrase("owner.province-it") };

/** The line of a run that could ask none of the devices: which, why, and who mends it. */
export function unaskedLine(devices: readonly AskedDevice[], outcome: Unanswered): CheckLine {
  const told = troublesOf(outcome.evidence);
  // A run that ended before its devices tells one reason for all of them.
  const own: Trouble = { reason: outcome.reason, said: outcome.detail };
  const troubles = new Map(devices.map(({ id }): [string, Trouble] => [id, { ...own, ...told.get(id) }]));
  return devices.length === 0 ? unasked(outcome) : { state: "unknown", ...openDevices(devices, troubles) };
}

type Open = Pick<CheckLine, "hint" | "owner" | "technical"> & { readonly detail: Phrase };

/** What is said of devices that a run left open, who mends it, and the technical words behind it. */
export function openDevices(devices: readonly AskedDevice[], troubles: ReadonlyMap<string, Trouble>): Open {
  const names = devices.map(({ id }): Phrase => {
    const name = cleanText(id, NAME_MAX);
    const reason = troubles.get(id)?.reason;
    return reason === undefined ? { vi: name, en: name } : phrase("selfcheck.detail.channel", { name, why: reasonPhrase(reason) });
  });
  const first = devices.find(({ id }) => troubles.has(id));
  return {
    detail: phrase("selfcheck.detail.unasked", { names: listed(names) }),
    ...remedy(first && troubles.get(first.id)?.reason, first?.credential),
    ...technical(devices.map(({ id }) => troubles.get(id)?.said)),
  };
}

const Told = z.looseObject({
  camera: z.string().optional(),
  device: z.string().optional(),
  target: z.string().optional(),
  trouble: z.string().optional(),
  reason: z.string().optional(),
  said: z.string().optional(),
  message: z.string().optional(),
});
const KnownReason = z.union([FailureReason, SkipReason]);

/** The devices that a run could not ask, by the name by which its readings call them, as each probe tells them in its evidence. */
export function troublesOf(evidence: Evidence | undefined): ReadonlyMap<string, Trouble> {
  const rows = Object.values(evidence ?? {}).flatMap((value) => (Array.isArray(value) ? value : []));
  return new Map(
    rows.flatMap((row): [string, Trouble][] => {
      const { camera, device, target, trouble, reason, said, message } = Told.safeParse(row).data ?? {};
      const name = camera ?? device ?? target;
      const known = KnownReason.safeParse(trouble ?? reason).data;
      return name === undefined || known === undefined ? [] : [[name, { reason: known, ...((said ?? message) !== undefined && { said: said ?? message }) }]];
    }),
  );
}

/** What to do and who does it, by why a device could not be asked. */
export function remedy(reason: Reason | undefined, credential: string | undefined): Pick<CheckLine, "hint" | "owner"> {
  const [dost, commune] = [phrase("owner.dost"), phrase("owner.commune")];
  switch (reason) {
    case "auth_failed":
      return {
        hint: credential === undefined ? phrase("selfcheck.hint.unasked.no_login") : phrase("selfcheck.hint.unasked.login", { credential }),
        owner: dost,
      };
    case "bad_options":
      return {
        hint: credential === undefined ? phrase("selfcheck.hint.unasked.misset") : phrase("selfcheck.hint.unasked.settings", { credential }),
        owner: dost,
      };
    case "no_permission":
      return { hint: phrase("selfcheck.hint.unasked.rights"), owner: dost };
    case "dns":
    case "no_route":
      return { hint: phrase("selfcheck.hint.unasked.way"), owner: commune };
    case "refused":
    case "server_lost":
    case "timeout":
    case "unreachable":
      return { hint: phrase("selfcheck.hint.unasked.silent"), owner: commune };
    case "device_busy":
      return { hint: phrase("selfcheck.hint.device_busy"), owner: commune };
    case "internal":
      return again;
    default:
      return { hint: phrase("selfcheck.hint.unasked.unread"), owner: dost };
  }
}

/** Words that are not the catalogue's, for the technician alone: once each, bounded. */
export function technical(words: readonly (string | undefined)[]): Pick<CheckLine, "technical"> {
  const said = [...new Set(words.filter((word) => word !== undefined && word !== ""))].join("; ");
  return said === "" ? {} : { technical: cleanText(said, TECHNICAL_MAX) };
}
