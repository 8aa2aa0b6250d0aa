import { type Context, Hono } from "hono";
import { z } from "zod";
import { vietnamDay } from "#schemas/calendar.ts";
import { cleanText } from "#schemas/clean-text.ts";
import { TypedDay } from "#schemas/ids.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { FieldError } from "../attest/field-errors.ts";
import { carried, uncarried } from "../inventory/carried-file.ts";
import type { DeclaredFor } from "../inventory/centre-changes.ts";
import { digestOf, type List, type ListFile, type ListKind, listKinds } from "../inventory/read-list.ts";
import { refusalLines, TableRefused } from "../inventory/table-refused.ts";
import type { Deeds } from "../people/deeds.ts";
import { XLSX_TYPE } from "../report/xlsx.ts";
import { QueueFull } from "../thread-queue.ts";
import type { FormToken } from "../web/form-token.ts";
import { listChangesPage, listsPage } from "../web/lists-page.ts";
import { messagePage } from "../web/message-page.ts";
import { type FormDeps, formValues } from "./form-deps.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

export type ListsDeps = Omit<PageDeps, "store"> & {
  readonly lists: {
    /** What is declared now, as a file that is called so. */
    present(kind: ListKind, file: string, lang: Lang): Promise<Buffer>;
    declaredFor(day: string): Promise<DeclaredFor>;
    read(given: ListFile, declared: DeclaredFor): Promise<List>;
  };
  readonly token: FormToken;
  readonly deeds: Pick<Deeds, "takeList">;
  readonly doer: FormDeps["doer"];
};

const RETRY_S = 60;
/** Most characters of a file's name in sentences. */
const NAME_MAX = 100;
const types: ReadonlyMap<string, string> = new Map([
  ["xlsx", XLSX_TYPE],
  ["csv", "text/csv; charset=utf-8"],
]);

/**
 * The page of the lists of centres and devices. A file that is sent is read and its changes are shown; the form under them carries the file, and is taken
 * where the file still changes what was shown.
 */
export function listsRoutes(deps: ListsDeps): Hono {
  const { lists, token, now, deeds, doer } = deps;
  const app = new Hono();

  app.get("/lists", pageHeaders, (c) => {
    const done = listKinds.find((kind) => kind === c.req.query("done"));
    const form = { values: { kind: "centres", from: vietnamDay(now()) }, errors: [] };
    return c.html(listsPage(pageFrame(c, deps), form, token.issue(c), { done }));
  });

  app.get("/lists/:file", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const [, name, ending = ""] = /^([a-z]+)\.([a-z]+)$/.exec(c.req.param("file")) ?? [];
    const kind = listKinds.find((one) => one === name);
    const type = types.get(ending);
    if (kind === undefined || type === undefined) return c.html(messagePage(frame, text(frame.lang, "web.notFound")), 404);
    const body = await lists.present(kind, c.req.param("file"), frame.lang);
    c.header("content-disposition", `attachment; filename="${kind}-${vietnamDay(frame.nowMs)}.${ending}"`);
    return c.body(new Uint8Array(body), 200, { "content-type": type });
  });

  app.post("/lists", pageHeaders, async (c) => {
    const frame = pageFrame(c, deps);
    const values = await formValues(c);
    const again = (errors: readonly FieldError[], refusal: readonly string[], status: 422 | 503) =>
      c.html(listsPage(frame, { values, errors }, token.issue(c), { refusal }), status);
    const asked = Asked.safeParse(values);
    const sent = await sentFile(c, values);
    const errors = [...(asked.success ? [] : faultsOf(asked.error)), ...(sent ? [] : [{ field: "file", key: "lists.file.missing" } as const])];
    if (!asked.success || !sent) return again(errors, [], 422);

    const { kind, from: day, clear } = asked.data;
    const read = async () => {
      const declared = await lists.declaredFor(day);
      const list = await lists.read({ kind, ...sent, lang: frame.lang, clear: clear === "yes" }, declared);
      return { ...list, kind, day, declared };
    };
    try {
      let list = await read();
      const isTaking = values.shown !== undefined;
      if (isTaking && values.shown === digestOf(list, kind, day)) {
        if (await deeds.takeList(doer(c), list)) return c.redirect(`/lists?done=${kind}`, 303);
        list = await read();
      }
      const form = { kind, from: day, clear: clear ?? "", name: sent.file, carried: await carried(sent.bytes), shown: digestOf(list, kind, day) };
      return c.html(listChangesPage(frame, list, form, token.issue(c), isTaking), isTaking ? 409 : 200);
    } catch (error) {
      if (error instanceof TableRefused)
        return again([], [...refusalLines(frame.lang, sent.file, error.faults), text(frame.lang, "lists.refused.advice")], 422);
      if (!(error instanceof QueueFull)) throw error;
      c.header("retry-after", String(RETRY_S));
      return again([], [text(frame.lang, "lists.busy")], 503);
    }
  });

  return app;
}

const Asked = z.object({ kind: z.enum(listKinds), from: TypedDay, clear: z.string().optional() });

function faultsOf(error: z.ZodError): readonly FieldError[] {
  return error.issues.map(({ path: [field] }) => ({ field: String(field), key: field === "kind" ? "lists.kind.missing" : "form.error.date" }));
}

/** The file of a sent form: chosen by the person, or carried from the form before. Undefined where there is none. */
async function sentFile(c: Context, values: Readonly<Record<string, string>>): Promise<Pick<ListFile, "bytes" | "file"> | undefined> {
  const { file } = await c.req.parseBody();
  const named = (name: string) => cleanText(name, NAME_MAX) || "–";
  if (values.carried !== undefined) {
    const bytes = await uncarried(values.carried);
    return bytes && { bytes, file: named(values.name ?? "") };
  }
  if (!(file instanceof File) || file.size === 0) return undefined;
  return { bytes: new Uint8Array(await file.arrayBuffer()), file: named(file.name) };
}
