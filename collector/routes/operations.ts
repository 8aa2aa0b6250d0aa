import type { z } from "zod";
import { AgentConfig } from "#schemas/agent-config.ts";
import { ColumnBatch } from "#schemas/batch-columns.ts";
import { Batch, EnrolReply, EnrolRequest, IngestReply, KeyRequest } from "#schemas/exchange.ts";
import { Finding, Tally, Transition } from "#schemas/finding.ts";
import { LeaseReply, LeaseRequest, LeaseReturn } from "#schemas/measure.ts";
import { Observation } from "#schemas/observation.ts";
import { Problem } from "#schemas/problem.ts";
import {
  AuditQuery,
  AuditReply,
  CentreReply,
  CentreStatus,
  CentresReply,
  FindingsQuery,
  FindingsReply,
  HealthReply,
  PublicFinding,
} from "#schemas/read-api.ts";

/** Schemas that the document names; everything else is written out where it stands. */
export const namedSchemas = {
  AgentConfig,
  AuditReply,
  Batch,
  CentreReply,
  CentreStatus,
  CentresReply,
  ColumnBatch,
  EnrolReply,
  EnrolRequest,
  Finding,
  FindingsReply,
  HealthReply,
  IngestReply,
  KeyRequest,
  LeaseReply,
  LeaseRequest,
  LeaseReturn,
  Observation,
  Problem,
  PublicFinding,
  Tally,
  Transition,
} as const;
export type SchemaName = keyof typeof namedSchemas;

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
  /** `none`: 204 without a body. */
  readonly reply: SchemaName | "text" | "file" | "none";
  /** A status beside 200 that carries the reply, too. */
  readonly replyAlsoAt?: number;
  /** What it refuses itself; `problemsOf` has all. */
  readonly problems: readonly number[];
};

/** Refused before an operation is reached: by the guard, the limits of bodies, a database that is away. */
const commonProblems = { reading: [401, 403, 429, 503], agent: [503], health: [] } as const;
const signedProblems = [401, 403, 413];

/** All statuses with which an operation answers a Problem, in order. */
export function problemsOf({ tag, signed, problems }: Operation): number[] {
  return [...new Set([...commonProblems[tag], ...(signed ? signedProblems : []), ...problems])].sort((a, b) => a - b);
}

/** The HTTP API, operation by operation: the document and the page for readers are both made from this list. */
export const operations: readonly Operation[] = [
  {
    method: "get",
    path: "/v1/centres",
    tag: "reading",
    summary: "All centres, worst first, with the worst state and the counts of their requirements",
    reply: "CentresReply",
    problems: [],
  },
  {
    method: "get",
    path: "/v1/centres/{code}",
    tag: "reading",
    summary: "One centre with its findings, its asset ledger and the changes of 30 days",
    pathParameters: ["code"],
    reply: "CentreReply",
    problems: [404],
  },
  {
    method: "get",
    path: "/v1/findings",
    tag: "reading",
    summary: "Present findings, or those known at `asOf`, filtered, in order of centre and requirement",
    query: FindingsQuery,
    reply: "FindingsReply",
    problems: [404, 422],
  },
  {
    method: "get",
    path: "/v1/reports/{month}/province.{format}",
    tag: "reading",
    summary: "The province's report of a month as html, pdf, xlsx, csv or json",
    pathParameters: ["month", "format"],
    reply: "file",
    problems: [404, 422],
  },
  {
    method: "get",
    path: "/v1/reports/{month}/centres/{code}.{format}",
    tag: "reading",
    summary: "The dossier of a centre and month as html, pdf, xlsx, csv or json",
    pathParameters: ["month", "code", "format"],
    reply: "file",
    problems: [404, 422],
  },
  {
    method: "get",
    path: "/v1/comparisons/{before}/{after}.{format}",
    tag: "reading",
    summary: "The province in two months side by side as pdf, xlsx or csv",
    pathParameters: ["before", "after", "format"],
    reply: "file",
    problems: [404, 422],
  },
  {
    method: "get",
    path: "/v1/evidence/{code}.link.{format}",
    tag: "reading",
    summary: "The tests of a centre's line of 30 days, for its provider, as html, pdf, csv or json",
    pathParameters: ["code", "format"],
    reply: "file",
    problems: [404, 422],
  },
  {
    method: "get",
    path: "/v1/audit",
    tag: "reading",
    summary: "The audit log, oldest first, after a place; for auditors",
    query: AuditQuery,
    reply: "AuditReply",
    problems: [422],
  },
  {
    method: "post",
    path: "/v1/enrol",
    tag: "agent",
    summary: "An agent's one-time code and the key that it made itself",
    body: "EnrolRequest",
    reply: "EnrolReply",
    problems: [400, 403, 413, 422, 429],
  },
  {
    method: "post",
    path: "/v1/key",
    tag: "agent",
    summary: "A new key of an agent, signed for with the present one and proven by itself",
    signed: true,
    body: "KeyRequest",
    reply: "none",
    problems: [400, 422],
  },
  {
    method: "post",
    path: "/v1/batches",
    tag: "agent",
    signed: true,
    summary: "A contiguous range of an agent's observations, plain (Batch) or in columns (ColumnBatch); answered after commit",
    body: "Batch",
    reply: "IngestReply",
    problems: [400, 409, 415, 422, 429],
  },
  { method: "get", path: "/v1/config", tag: "agent", signed: true, summary: "What the agent shall measure", reply: "AgentConfig", problems: [404] },
  {
    method: "post",
    path: "/v1/leases",
    tag: "agent",
    signed: true,
    summary: "The right to one speed test, now, or when to ask again",
    body: "LeaseRequest",
    reply: "LeaseReply",
    problems: [422],
  },
  {
    method: "post",
    path: "/v1/leases/{id}/return",
    tag: "agent",
    signed: true,
    summary: "A test that has ended gives its turn back",
    pathParameters: ["id"],
    body: "LeaseReturn",
    reply: "none",
    problems: [404, 422],
  },
  { method: "get", path: "/health/live", tag: "health", summary: "The process answers", reply: "HealthReply", problems: [] },
  {
    method: "get",
    path: "/health/ready",
    tag: "health",
    summary: "Whether the collector does its work, and what it does not",
    reply: "HealthReply",
    replyAlsoAt: 503,
    problems: [],
  },
  {
    method: "get",
    path: "/metrics",
    tag: "health",
    summary: "Counters and gauges for Prometheus; from another machine for a token of an operator or administrator",
    reply: "text",
    problems: [401, 403, 503],
  },
];
