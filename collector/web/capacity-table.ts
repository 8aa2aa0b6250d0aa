import { html } from "hono/html";
import type { Finding } from "#schemas/finding.ts";
import { numberWord } from "#schemas/text/number-word.ts";
import { text } from "#schemas/text/text.ts";
import type { Lang } from "#schemas/words.ts";
import type { SheetRow } from "./centre-view.ts";
import { type Html, stackHead } from "./markup.ts";

/** What the people on the Wi-Fi share: the line's measured speed, and the requirement under which it stands. */
export type LineFact = { readonly mbps: number; readonly requirement: string };

/** Numbers of the evidence, in the order of fields/devices.md A.4; `hosts` only where nobody counts stations. */
const rows = ["peak", "limit", "radios", "pool", "free", "leaseHours", "utilisation", "uplink", "points"] as const;

/** The line's speed as the sheet has it; undefined while nobody measures it. */
export function lineOf(sheet: readonly SheetRow[]): LineFact | undefined {
  const row = sheet.find(({ requirement: { rule } }) => rule.kind === "floor" && rule.metrics.every((metric) => metric === "download_mbps"));
  const mbps = row?.finding?.evidenceClass === "measured" ? row.finding.observed : undefined;
  return row && mbps !== undefined ? { mbps, requirement: row.requirement.id } : undefined;
}

/** What speaks for and against the capacity of a Wi-Fi: each with its number and source, and with "not known" where nobody tells. */
export function capacityTable(lang: Lang, { detail = {}, required, observed }: Finding, line: LineFact | undefined): Html {
  const uplink = line && required ? { value: Math.round((line.mbps / required) * 10) / 10, source: line.requirement } : undefined;
  const rowOf = (name: (typeof rows)[number] | "hosts") => {
    if (name === "uplink") return uplink;
    // A peak of nothing that was ever counted is no peak.
    if (name === "peak") return observed === undefined ? undefined : { value: observed, source: detail.method };
    return { value: detail[name], source: name === "points" ? undefined : detail[`${name}From`] };
  };
  const names = detail.hosts === undefined ? rows : ([...rows, "hosts"] as const);
  return html`${stackHead(lang, "capacity.caption", ["capacity.what", "capacity.value", "capacity.from"], "readings")}
<tbody role="rowgroup">${names.map((name) => {
    const { value, source } = rowOf(name) ?? {};
    const words = value === undefined ? text(lang, "capacity.unknown") : typeof value === "number" ? numberWord(lang, value) : String(value);
    return html`<tr role="row"><th scope="row" role="rowheader">${headed(text(lang, `capacity.${name}`))}</th><td role="cell" class="num">${words}${name === "utilisation" && value !== undefined ? " %" : ""}</td><td role="cell">${source ?? "–"}</td></tr>`;
  })}</tbody></table>`;
}

/** Some of these names stand within sentences, too. */
function headed(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
