import { z } from "zod";
import { DeviceError } from "../../io/device-error.ts";
import type { LanHttp } from "../../io/lan-http.ts";

/** How a vendor's HTTP API is reached and who we are there. */
export type ApiAccess = {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly apiKey?: string | undefined;
};

export type ApiReply = { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly json: unknown };
type ApiCall = { readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown };

/** One visit to one API. Secrets go into headers and bodies, never into paths. */
export type ApiSession = {
  readonly access: ApiAccess;
  readonly device: string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<ApiReply>;
  post(path: string, call: ApiCall): Promise<ApiReply>;
};

/** Opens a visit. `json` is undefined where the body is none. @throws DeviceError for faults of the connection */
export function openApiSession(lanHttp: LanHttp, access: ApiAccess, signal: AbortSignal): ApiSession {
  const { address, port, tls } = access;
  const exchange = async (method: "GET" | "POST", path: string, { headers = {}, body }: ApiCall): Promise<ApiReply> => {
    const content = body === undefined ? {} : { "content-type": "application/json" };
    const reply = await lanHttp({
      ...{ address, port, tls, method, path, signal },
      headers: { accept: "application/json", ...content, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: reply.status, headers: reply.headers, json: parsed(reply.body) };
  };
  return {
    access,
    device: `${address}:${port}`,
    get: (path, headers = {}) => exchange("GET", path, { headers }),
    post: (path, call) => exchange("POST", path, call),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The reply's body in the shape that is needed. @throws DeviceError auth_failed, no_permission, no_such_object, bad_reply or malformed */
export function shaped<Shape>(session: ApiSession, reply: ApiReply, shape: z.ZodType<Shape>, what: string): Shape {
  const { device } = session;
  if (reply.status === 401) throw new DeviceError("auth_failed", `${device} refused user, password or key for ${what}`);
  if (reply.status === 403) throw new DeviceError("no_permission", `${device} does not let this account read ${what}`);
  if (reply.status === 404) throw new DeviceError("no_such_object", `${device} has no ${what}`);
  if (reply.status !== 200) throw new DeviceError("bad_reply", `${device} answered HTTP ${reply.status} for ${what}`);
  const value = shape.safeParse(reply.json);
  if (!value.success) {
    const [issue] = value.error.issues;
    throw new DeviceError("malformed", `${device} sent ${what} in another shape than expected (${issue?.path.join(".") || "whole"})`);
  }
  return value.data;
}

/** Most rows that one list of an API may hold. */
export const API_ROWS_MAX = 5_000;

/** A list of an API, capped. */
export function rows<Row>(row: z.ZodType<Row>) {
  return z.array(row).max(API_ROWS_MAX);
}
