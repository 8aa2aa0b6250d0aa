import { Hono } from "hono";
import { z } from "zod";
import { AgentConfig } from "#schemas/agent-config.ts";
import { Batch, EnrolReply, EnrolRequest, IngestReply, signatureHeaders } from "#schemas/exchange.ts";
import { Finding, Tally, Transition } from "#schemas/finding.ts";
import { Lease, LeaseRequest } from "#schemas/measure.ts";
import { Observation } from "#schemas/observation.ts";
import { Problem } from "#schemas/problem.ts";
import { CentreReply, CentreStatus, CentresReply, FindingsQuery, FindingsReply, PublicFinding } from "#schemas/read-api.ts";

/** Schemas that the document names; everything else is written out where it stands. */
const named = {
  AgentConfig,
  Batch,
  CentreReply,
  CentreStatus,
  CentresReply,
  EnrolReply,
  EnrolRequest,
  Finding,
  FindingsReply,
  IngestReply,
  Lease,
  LeaseRequest,
  Observation,
  Problem,
  PublicFinding,
  Tally,
  Transition,
} as const;
type SchemaName = keyof typeof named;

/** What goes over the wire is what the schemas take in. The bounds of safe integers say nothing to a reader. */
const toSchema: Parameters<typeof z.toJSONSchema>[1] & object = {
  io: "input",
  unrepresentable: "any",
  override: ({ jsonSchema }) => {
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  },
};

/** One operation of the HTTP API. `signed` ones carry an agent's signature. */
export type Operation = {
  readonly method: "get" | "post";
  readonly path: string;
  readonly summary: string;
  readonly tag: "reading" | "agent" | "health";
  readonly signed?: boolean;
  readonly query?: z.ZodObject;
  readonly pathParameters?: readonly string[];
  readonly body?: SchemaName;
  readonly reply: SchemaName | "text";
  readonly problems: readonly number[];
};

/** The HTTP API, operation by operation: the document and the page for readers are both made from this list. */
export const operations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/centres",
    tag: "reading",
    summary: "All centres, worst first, with the worst state and the counts of their requirements",
    reply: "CentresReply",
    problems: [503],
  },
  {
    method: "get",
    path: "/v1/centres/{code}",
    tag: "reading",
    summary: "One centre with its findings and the changes of 30 days",
    pathParameters: ["code"],
    reply: "CentreReply",
    problems: [404, 503],
  },
  {
    method: "get",
    path: "/v1/findings",
    tag: "reading",
    summary: "Present findings, filtered, in order of centre and requirement",
    query: FindingsQuery,
    reply: "FindingsReply",
    problems: [422, 503],
  },
  {
    method: "post",
    path: "/v1/enrol",
    tag: "agent",
    summary: "An agent's one-time code and the key that it made itself",
    body: "EnrolRequest",
    reply: "EnrolReply",
    problems: [403, 409, 422, 429, 503],
  },
  {
    method: "post",
    path: "/v1/batches",
    tag: "agent",
    signed: true,
    summary: "A contiguous range of an agent's observations; answered after commit",
    body: "Batch",
    reply: "IngestReply",
    problems: [401, 403, 409, 413, 422, 429, 503],
  },
  { method: "get", path: "/v1/config", tag: "agent", signed: true, summary: "What the agent shall measure", reply: "AgentConfig", problems: [401, 403, 503] },
  {
    method: "post",
    path: "/v1/leases",
    tag: "agent",
    signed: true,
    summary: "The right to one speed test, now",
    body: "LeaseRequest",
    reply: "Lease",
    problems: [401, 403, 409, 422, 429, 503],
  },
  { method: "get", path: "/health/live", tag: "health", summary: "The process answers", reply: "text", problems: [] },
  { method: "get", path: "/health/ready", tag: "health", summary: "The database answers too", reply: "text", problems: [503] },
];

/** The OpenAPI 3.1 document, made from the same zod schemas that the routes parse with. */
export function openApiDocument() {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema as z.ZodType, { id });
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
      },
    },
  };
}

function operationObject({ summary, tag, query, pathParameters = [], body, reply, problems, signed }: Operation) {
  const ref = (name: SchemaName) => ({ "application/json": { schema: { $ref: `#/components/schemas/${name}` } } });
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
    ...(body && { requestBody: { required: true, content: ref(body) } }),
    ...(signed && { security: [{ agentSignature: [] }] }),
    responses: {
      200: { description: "OK", content: reply === "text" ? { "text/plain": { schema: { type: "string" } } } : ref(reply) },
      ...Object.fromEntries(problems.map((status) => [status, { description: "Problem", content: ref("Problem") }])),
    },
  };
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

/** `GET /openapi.json`. The document does not change while the process runs. */
export function openApiRoutes(): Hono {
  const document = JSON.stringify(openApiDocument());
  return new Hono().get("/openapi.json", (c) => c.body(document, 200, { "content-type": "application/json" }));
}
