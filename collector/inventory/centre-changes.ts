import { isDeepStrictEqual } from "node:util";
import type { Centre, DeclaredCentre, Device } from "#schemas/inventory.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type CentreColumn, centreCell, centreForm } from "./centre-form.ts";
import { type DeviceColumn, deviceCell, deviceForm, roleWord } from "./device-form.ts";
import { columnsOf, headOf } from "./table-form.ts";

/** What a list changes at a device: one that was not declared, one that is declared otherwise, one that is declared no more. */
export type DeviceNews =
  | { readonly kind: "new"; readonly after: Device }
  | { readonly kind: "changed"; readonly before: Device; readonly after: Device }
  | { readonly kind: "removed"; readonly before: Device };

/** What a list changes at one of the centres that it names. */
export type CentreNews = {
  readonly code: string;
  readonly kind: "new" | "changed" | "unchanged";
  /** What is declared otherwise, and what was. */
  readonly columns: readonly CentreColumn[];
  /** Whether its devices are declared otherwise, be it in their order alone. */
  readonly devices: boolean;
  readonly deviceNews: readonly DeviceNews[];
  /** With the list it counts from an earlier day than before. */
  readonly isEarlier: boolean;
  readonly before?: Centre;
  readonly after: DeclaredCentre;
};

/** What is declared for a day, and the centres of which nothing counts on it yet. */
export type DeclaredFor = { readonly centres: ReadonlyMap<string, Centre>; readonly notBegun: ReadonlySet<string> };

/** What centres declare against what they declared. Pure. */
export function centreNews({ centres, notBegun }: DeclaredFor, declared: readonly DeclaredCentre[]): readonly CentreNews[] {
  return declared.map((after): CentreNews => {
    const { code } = after;
    const before = centres.get(code);
    if (before === undefined) return { code, kind: "new", columns: [], devices: false, deviceNews: [], isEarlier: false, after };
    const columns = columnsOf(centreForm).filter((column) => before[column] !== after[column]);
    const devices = after.devices !== undefined && !isDeepStrictEqual(before.devices, after.devices);
    const isEarlier = notBegun.has(code);
    const kind = columns.length > 0 || devices || isEarlier ? "changed" : "unchanged";
    return { code, kind, columns, devices, deviceNews: devices ? devicesNews(before.devices, after.devices ?? []) : [], isEarlier, before, after };
  });
}

function devicesNews(before: readonly Device[], after: readonly Device[]): readonly DeviceNews[] {
  const was = new Map(before.map((device) => [device.id, device]));
  const is = new Set(after.map(({ id }) => id));
  const here = after.flatMap((device): DeviceNews[] => {
    const old = was.get(device.id);
    if (old === undefined) return [{ kind: "new", after: device }];
    return isDeepStrictEqual(old, device) ? [] : [{ kind: "changed", before: old, after: device }];
  });
  return [...here, ...before.filter(({ id }) => !is.has(id)).map((device): DeviceNews => ({ kind: "removed", before: device }))];
}

/** How many devices of a centre are new with a list, how many change, and how many are taken off. */
export function deviceCounts({ deviceNews }: Pick<CentreNews, "deviceNews">): Readonly<Record<"added" | "changed" | "removed", number>> {
  const count = (kind: DeviceNews["kind"]) => deviceNews.filter((one) => one.kind === kind).length;
  return { added: count("new"), changed: count("changed"), removed: count("removed") };
}

/** What a list changes at a device as a sentence: all that a new one declares, what another one declares otherwise and what it declared. */
export function deviceNewsWords(news: DeviceNews, lang: Lang): string {
  if (news.kind === "removed") return text(lang, "inventory.news.removed", { device: news.before.id, role: roleWord(lang, news.before.role) });
  const cell = (device: Device, column: DeviceColumn) => deviceCell({ centre: "", device }, column, lang);
  const columns = columnsOf(deviceForm).filter((column) => column !== "centre" && column !== "id");
  if (news.kind === "new") {
    const what = columns.flatMap((column) => cell(news.after, column) ?? []).join(", ");
    return text(lang, "inventory.news.new", { device: news.after.id, what });
  }
  const { before, after } = news;
  const cells = columns.flatMap((column) => {
    const [was, is] = [cell(before, column), cell(after, column)];
    if (was === is) return [];
    return [text(lang, is === undefined ? "centres.taken" : "centres.other", { column: headOf(deviceForm, column, lang), was: said(was), is: said(is) })];
  });
  return text(lang, "centres.changed", { code: after.id, what: cells.join("; ") || text(lang, "inventory.news.serviced") });
}

/** What a list changes at a centre as a sentence. */
export function newsWords({ code, kind, columns, devices, before, after }: CentreNews, lang: Lang): string {
  if (kind === "new") return text(lang, "centres.new", { code, name: after.name });
  const cells = columns.map((column) => {
    const [was, is] = [before, after].map((centre) => centre && centreCell(centre, column, lang));
    return text(lang, is === undefined ? "centres.taken" : "centres.other", { column: headOf(centreForm, column, lang), was: said(was), is: said(is) });
  });
  return text(lang, "centres.changed", {
    code,
    what: [...cells, ...(devices ? [text(lang, "inventory.sheet")] : [])].join("; ") || text(lang, "centres.earlier"),
  });
}

/** A value as people look for it in the file: a number with its own point, and nothing as such. */
function said(value: string | number | undefined): string {
  return value === undefined ? "–" : String(value);
}
