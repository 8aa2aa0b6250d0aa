import { Hono } from "hono";
import { z } from "zod";
import { signatureHeaders } from "#schemas/exchange.ts";
import { docsPage } from "../web/docs-page.ts";
import { namedSchemas, type Operation, operations, problemsOf } from "./operations.ts";
import { type PageDeps, pageFrame, pageHeaders } from "./page.ts";

/** What goes over the wire is what the schemas take in. The bounds of safe integers say nothing to a reader. */
const toSchema: Parameters<typeof z.toJSONSchema>[1] & object = {
  io: "input",
  unrepresentable: "any",
  override: ({ jsonSchema }) => {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
};

/** The OpenAPI 3.1 document, made from the same zod schemas that the routes parse with. */
export function openApiDocument() {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(namedSchemas)) registry.add(schema as z.ZodType, { id });
  const { schemas } = z.toJSONSchema(registry, { ...toSchema, uri: (id) => `#/components/schemas/${id}` });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of operations) paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) };
  return {
    openapi: "3.1.0",
    info: { title: "hcc-watch collector", version: "1", license: { name: "Apache-2.0", identifier: "Apache-2.0" } },
    servers: [{ url: "/" }],
    tags: [{ name: "reading" }, { name: "agent" }, { name: "health" }],
    paths,
    components: {
      schemas: flatten(schemas),
      securitySchemes: {
        agentSignature: { type: "apiKey", in: "header", name: signatureHeaders.signature, description: "Ed25519 signature; docs/protocol.md says of what" },
        apiToken: { type: "http", scheme: "bearer", description: "A token for programs (docs/operations.md): reads, over https alone, 120 requests a minute" },
        session: { type: "apiKey", in: "cookie", name: "__Host-hcc-session", description: "A person who has signed in" },
      },
    },
  };
}

function operationObject(operation: Operation) {
  const { summary, tag, query, pathParameters = [], body, signed } = operation;
  const parameters = [
    ...pathParameters.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) => ({
      name,
      in: "query",
      required: false,
      schema: withoutIds(z.toJSONSchema(schema as z.ZodType, toSchema)),
    })),
  ];
  return {
    summary,
    tags: [tag],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: content(body) } }),
    ...(signed && { security: [{ agentSignature: [] }] }),
    ...(tag === "reading" && { security: [{ apiToken: [] }, { session: [] }] }),
    responses: responsesOf(operation),
  };
}

function responsesOf(operation: Operation): Record<number, object> {
  const { reply, replyAlsoAt } = operation;
  const problems = problemsOf(operation).map((status) => [status, { description: "Problem", content: content("Problem") }]);
  if (reply === "none") return { 204: { description: "Taken" }, ...Object.fromEntries(problems) };
  const good = { description: "OK", content: content(reply) };
  return { 200: good, ...(replyAlsoAt !== undefined && { [replyAlsoAt]: { ...good, description: "Not ready" } }), ...Object.fromEntries(problems) };
}

function content(reply: Exclude<Operation["reply"], "none">) {
  if (reply === "text") return { "text/plain": { schema: { type: "string" } } };
  if (reply === "file") return { "*/*": { schema: { type: "string", format: "binary" } } };
  return { "application/json": { schema: { $ref: `#/components/schemas/${reply}` } } };
}

/** Schemas stand under their names here, so the `$id` and `$schema` that zod writes would name places that do not exist. */
function withoutIds(schema: object): object {
  const { $schema: _, $id: __, ...rest } = schema as Record<string, unknown>;
  return rest;
}

/** zod keeps what several schemas share under `__shared`; here each of those gets a name of its own. */
function flatten(schemas: Record<string, object>): Record<string, object> {
  const { __shared, ...rest } = schemas as Record<string, { $defs?: Record<string, object> }>;
  const shared = Object.entries(__shared?.$defs ?? {}).map(([id, schema]) => [`Shared-${id}`, schema]);
  const all = Object.fromEntries([...Object.entries(rest), ...shared].map(([id, schema]) => [id, withoutIds(schema as object)]));
  return JSON.parse(JSON.stringify(all).replaceAll("#/components/schemas/__shared#/$defs/", "#/components/schemas/Shared-"));
}

/** `GET /openapi.json` and the page that shows it to people. The document does not change while the process runs. */
export function openApiRoutes(deps: Omit<PageDeps, "store">): Hono {
  const document = openApiDocument();
  const body = JSON.stringify(document);
  return new Hono()
    .get("/openapi.json", (c) => c.body(body, 200, { "content-type": "application/json" }))
    .get("/docs/api", pageHeaders, (c) => c.html(docsPage(pageFrame(c, deps), operations, document.components.schemas)));
}
