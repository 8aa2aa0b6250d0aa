import { html } from "hono/html";
import type { Html } from "./markup.ts";

type Cell = Html | string;
/** `head` names the row; a cell that is empty is left out on a phone. */
export type BlockRow = { readonly head: Cell; readonly cells: readonly Cell[] };

/**
 * A table of some columns: on a phone each row is a block, its cells under each other with the heads of their columns. The roles stand in attributes,
 * since a browser forgets that blocks were a table.
 */
export function blockTable(caption: string, heads: readonly string[], rows: readonly BlockRow[]): Html {
  return html`<table class="stack list" role="table"><caption class="quiet">${caption}</caption>
<thead role="rowgroup"><tr role="row">${heads.map((head) => html`<th scope="col" role="columnheader">${head}</th>`)}</tr></thead>
<tbody role="rowgroup">${rows.map(
    ({ head, cells }) =>
      html`<tr role="row"><th scope="row" role="rowheader">${head}</th>${cells.map((cell, at) => (cell === "" ? html`<td role="cell"></td>` : html`<td role="cell" data-label="${heads[at + 1] ?? ""}">${cell}</td>`))}</tr>`,
  )}</tbody></table>`;
}
