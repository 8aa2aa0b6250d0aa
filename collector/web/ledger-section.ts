import { html } from "hono/html";
import type { KnownDevice, LedgerRow, LedgerState } from "#schemas/asset-ledger.ts";
import { type Device, MAIN_POINT, pointOf } from "#schemas/inventory.ts";
import { day } from "#schemas/text/moment-word.ts";
import { pointWord } from "#schemas/text/point-word.ts";
import { type TextKey, text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import { type Html, icon } from "./markup.ts";

/** How a row is drawn; the word beside the picture says the rest. */
const iconOf: Readonly<Record<LedgerState, Parameters<typeof icon>[0]>> = {
  matched: "pass",
  missing: "fail",
  replaced: "error",
  duplicate: "error",
  extra: "unknown",
  declared_only: "unknown",
};

/**
 * The asset ledger of a centre: declared, found, answered last. Pages need no login, so addresses and serial numbers are not on them:
 * `collector inventory list` has these.
 */
export function ledgerSection(lang: Lang, rows: readonly LedgerRow[]): Html {
  if (rows.length === 0) return html`<p class="note">${text(lang, "ledger.none")}</p>`;
  const cell = (key: TextKey, content: Html | string) => html`<td role="cell" data-label="${text(lang, key)}">${content}</td>`;
  const heads = ["ledger.column.device", "ledger.column.state", "ledger.column.declared", "ledger.column.found", "ledger.column.last"] as const;
  return html`<table class="ledger stack" role="table"><caption class="quiet">${text(lang, "ledger.title")}</caption>
<thead role="rowgroup"><tr role="row">${heads.map((key) => html`<th scope="col" role="columnheader">${text(lang, key)}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(
    ({
      state,
      role,
      device,
      found,
      lastDay,
      sameAs,
    }) => html`<tr role="row"><th scope="row" role="rowheader">${text(lang, `device.role.${role}`)}${device ? html`<span class="sub">${device.id}</span>` : ""}${placeWord(lang, device ?? found)}</th>
<td role="cell">${icon(iconOf[state])} ${text(lang, `ledger.state.${state}`)}${sameAs === undefined ? "" : html`<span class="sub">${text(lang, "ledger.sameAs", { device: sameAs })}</span>`}</td>
${cell("ledger.column.declared", wordsOf(device))}${cell("ledger.column.found", wordsOf(found))}${cell("ledger.column.last", lastDay === undefined ? text(lang, "ledger.never") : day(lang, lastDay))}</tr>`,
  )}</tbody></table>
<p class="note">${text(lang, "ledger.note")}</p>`;
}

/** The reception point, where it is not the main office. */
function placeWord(lang: Lang, of: Device | KnownDevice | undefined): Html | "" {
  return of === undefined || pointOf(of) === MAIN_POINT ? "" : html`<span class="sub">${pointWord(lang, pointOf(of))}</span>`;
}

function wordsOf(device: Device | KnownDevice | undefined): string {
  if (device === undefined) return "–";
  const name = "name" in device ? device.name : undefined;
  return [name, device.vendor, device.model].filter((words) => words !== undefined && words !== "").join(", ") || "✓";
}
