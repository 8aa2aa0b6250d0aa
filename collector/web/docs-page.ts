import { html } from "hono/html";
import { text } from "#schemas/text/text.ts";
import { type Operation, problemsOf } from "../routes/operations.ts";
import { layout, type PageFrame } from "./layout.ts";
import type { Html } from "./markup.ts";

type Schema = {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly properties?: Record<string, Schema>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
  readonly pattern?: string;
};

/** The HTTP API for readers: each operation with its parameters and bodies, from the same document that machines read. */
export function docsPage(frame: PageFrame, operations: readonly Operation[], schemas: Readonly<Record<string, object>>): Html {
  const { lang } = frame;
  const title = text(lang, "web.docs.title");
  return layout(
    frame,
    title,
    html`<section class="card" aria-labelledby="page-title"><h1 id="page-title">${title}</h1><p>${text(lang, "web.docs.intro")} <a href="/openapi.json">/openapi.json</a></p></section>
${operations.map((operation) => operationCard(frame, operation))}
<section class="card" aria-labelledby="schemas-title"><h2 id="schemas-title">${text(lang, "web.docs.schemas")}</h2>${Object.entries(schemas).map(([name, schema]) => schemaBlock(name, schema as Schema))}</section>`,
  );
}

function operationCard({ lang }: PageFrame, operation: Operation): Html {
  const { method, path, summary, query, body, reply, signed } = operation;
  const problems = problemsOf(operation);
  return html`<section class="card"><h2><code>${method.toUpperCase()} ${path}</code></h2><p lang="en">${summary}.</p><dl class="api">
${query ? html`<dt>${text(lang, "web.docs.query")}</dt><dd>${Object.keys(query.shape).map((name) => html`<code>${name}</code> `)}</dd>` : ""}
${signed ? html`<dt>${text(lang, "web.docs.signed")}</dt><dd><code>hcc-agent</code>, <code>hcc-nonce</code>, <code>hcc-signature</code></dd>` : ""}
${body ? html`<dt>${text(lang, "web.docs.body")}</dt><dd><a href="#schema-${body}">${body}</a></dd>` : ""}
<dt>${text(lang, "web.docs.reply")}</dt><dd>${typeof reply === "string" && reply in mediaTypes ? html`<code>${mediaTypes[reply as keyof typeof mediaTypes]}</code>` : html`<a href="#schema-${reply}">${reply}</a>`}</dd>
${problems.length > 0 ? html`<dt>${text(lang, "web.docs.problems")}</dt><dd>${problems.join(", ")} → <a href="#schema-Problem">Problem</a></dd>` : ""}</dl></section>`;
}

const mediaTypes = {
  text: "text/plain",
  file: "text/html, application/pdf, text/csv, application/json, application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  none: "204",
};

function schemaBlock(name: string, schema: Schema): Html {
  const required = new Set(schema.required);
  const properties = Object.entries(schema.properties ?? {});
  return html`<details id="schema-${name}"><summary>${name}</summary><div class="detail">${
    properties.length === 0
      ? html`<p><code>${typeWords(schema)}</code></p>`
      : html`<table><tbody>${properties.map(([property, of]) => html`<tr><th scope="row"><code>${property}${required.has(property) ? "" : "?"}</code></th><td><code>${typeWords(of)}</code></td></tr>`)}</tbody></table>`
  }</div></details>`;
}

/** The type of a schema in a few words; what is nested deeper stands in the document. */
function typeWords(schema: Schema): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (schema.$ref) return schema.$ref.split("/").at(-1) ?? "";
  if (choices) return choices.map(typeWords).join(" | ");
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.items) return `${typeWords(schema.items)}[]`;
  if (schema.properties) return `{ ${Object.keys(schema.properties).join(", ")} }`;
  return schema.type ?? "any";
}
