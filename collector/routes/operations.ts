import type { z } from "zod";
import { AgentConfig } from "#schemas/agent-config.ts";
import { ColumnBatch } from "#schemas/batch-columns.ts";
import { Batch, EnrolReply, EnrolRequest, IngestReply, KeyRequest } from "#schemas/exchange.ts";
import { Finding, Tally, Transition } from "#schemas/finding.ts";
import { Lease, LeaseRequest } from "#schemas/measure.ts";
import { Observation } from "#schemas/observation.ts";
import { Problem } from "#schemas/problem.ts";
import { AuditQuery, AuditReply, CentreReply, CentreStatus, CentresReply, FindingsQuery, FindingsReply, PublicFinding } from "#schemas/read-api.ts";

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
  IngestReply,
  KeyRequest,
  Lease,
  LeaseRequest,
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
  readonly reply: SchemaName | "text" | "file";
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
    summary: "One centre with its findings, its asset ledger and the changes of 30 days",
    pathParameters: ["code"],
    reply: "CentreReply",
    problems: [404, 503],
  },
  {
    method: "get",
    path: "/v1/findings",
    tag: "reading",
    summary: "Present findings, or those known at `asOf`, filtered, in order of centre and requirement",
    query: FindingsQuery,
    reply: "FindingsReply",
    problems: [422, 503],
  },
  {
    method: "get",
    path: "/v1/reports/{month}/province.{format}",
    tag: "reading",
    summary: "The province's report of a month as html, pdf, xlsx, csv or json",
    pathParameters: ["month", "format"],
    reply: "file",
    problems: [404, 422, 503],
  },
  {
    method: "get",
    path: "/v1/reports/{month}/centres/{code}.{format}",
    tag: "reading",
    summary: "The dossier of a centre and month as html, pdf, xlsx, csv or json",
    pathParameters: ["month", "code", "format"],
    reply: "file",
    problems: [404, 422, 503],
  },
  {
    method: "get",
    path: "/v1/audit",
    tag: "reading",
    summary: "The audit log, oldest first, after a place; for auditors",
    query: AuditQuery,
    reply: "AuditReply",
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
    path: "/v1/key",
    tag: "agent",
    summary: "A new key of an agent, signed for with the present one and proven by itself; 204 when it is taken",
    signed: true,
    body: "KeyRequest",
    reply: "text",
    problems: [401, 403, 422],
  },
  {
    method: "post",
    path: "/v1/batches",
    tag: "agent",
    signed: true,
    summary: "A contiguous range of an agent's observations, plain (Batch) or in columns (ColumnBatch); answered after commit",
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
