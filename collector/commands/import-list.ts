import { vietnamDay } from "#schemas/calendar.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { DeclaredFor } from "../inventory/centre-changes.ts";
import type { List, ListKind } from "../inventory/read-list.ts";
import { refusalLines, TableRefused } from "../inventory/table-refused.ts";
import { declaredFor } from "../inventory/take-list.ts";
import type { Db } from "../store/db.ts";
import { commandLine, deedsOn } from "./command-line.ts";
import { UsageError } from "./terminal.ts";

type Import = { readonly kind: ListKind; readonly file: string; readonly lang: Lang; readonly from: string | undefined; readonly dryRun: boolean };

/** Reads a list against what is declared for its day, today when none is given, and takes it where it is no dry run. @throws UsageError with all that is wrong */
export async function importList(db: Db, { kind, file, lang, from, dryRun }: Import, read: (declared: DeclaredFor) => Promise<List>): Promise<List> {
  const nowMs = Date.now();
  const day = from ?? vietnamDay(nowMs);
  const declared = await declaredFor(db, day, nowMs);
  const list = await read(declared).catch((error: unknown) => {
    throw error instanceof TableRefused ? new UsageError(refusalLines(lang, file, error.faults).join("\n")) : error;
  });
  if (!dryRun && !(await deedsOn(db).takeList(commandLine(), { ...list, kind, day, declared }))) throw new UsageError(text(lang, "lists.moved"));
  return list;
}
