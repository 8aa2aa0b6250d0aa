import { z } from "zod";
import { DeviceError } from "../../io/device-error.ts";
import { type ApiSession, rows, shaped } from "./api-session.ts";
import { countSeats, type Seat, type WifiApi } from "./wifi-api.ts";

const PAGE = 1_000;
const PAGES_MAX = 5;
const SITES_MAX = 20;

const answerOf = <Shape>(result: z.ZodType<Shape>) => z.object({ errorCode: z.number(), msg: z.string().optional(), result: result.optional() });
const About = z.object({ omadacId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });
const Token = z.object({ accessToken: z.string().min(1) });
const Sites = z.object({ data: rows(z.object({ siteId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/), name: z.string().optional() })) });
const Client = z.object({ wireless: z.boolean().optional(), ssid: z.string().optional(), apName: z.string().optional(), radioId: z.number().optional() });
const Clients = z.object({ totalRows: z.number().optional(), data: rows(Client) });
const radioNames: Readonly<Record<number, string>> = { 0: "2.4", 1: "5", 2: "5", 3: "6" };

/** Omada controllers from 5.9: Open API in client mode; `user` is the client id, `password` its secret. */
export const omadaApi: WifiApi = {
  id: "omada",
  vendor: "TP-Link Omada",
  scope: "controller",
  async fits(session) {
    const { status, json } = await session.get("/api/info");
    return status === 200 && answerOf(About).safeParse(json).data?.result !== undefined;
  },
  async read(session, target) {
    const { omadacId } = told(session, await session.get("/api/info"), About, "its identity");
    const { user, password } = session.access;
    const body = { omadacId, client_id: user ?? "", client_secret: password ?? "" };
    const { accessToken } = told(session, await session.post("/openapi/authorize/token?grant_type=client_credentials", { body }), Token, "a token");
    const headers = { authorization: `AccessToken=${accessToken}` };
    const base = `/openapi/v1/${omadacId}/sites`;
    const sites = told(session, await session.get(`${base}?page=1&pageSize=100`, headers), Sites, "its sites");
    const seats: Seat[] = [];
    for (const { siteId } of sites.data.slice(0, SITES_MAX)) seats.push(...(await seatsOf(session, `${base}/${siteId}/clients`, headers)));
    return { totals: new Map([["wifi_clients", seats.length] as const]), details: countSeats(seats, target) };
  },
};

async function seatsOf(session: ApiSession, path: string, headers: Record<string, string>): Promise<Seat[]> {
  const seats: Seat[] = [];
  for (let page = 1; page <= PAGES_MAX; page++) {
    const { data } = told(session, await session.get(`${path}?page=${page}&pageSize=${PAGE}`, headers), Clients, "its clients");
    for (const { wireless, ssid, apName, radioId } of data)
      if (wireless !== false) seats.push({ ssid, ap: apName, radio: radioId === undefined ? undefined : radioNames[radioId] });
    if (data.length < PAGE) return seats;
  }
  throw new DeviceError("malformed", `${session.device} has more than ${PAGE * PAGES_MAX} clients at one site`);
}

/** The `result` of an answer. Omada says 200 to everything and puts the fault into `errorCode`; -44106 and -44112 are about the account. */
function told<Shape>(session: ApiSession, reply: Parameters<typeof shaped>[1], result: z.ZodType<Shape>, what: string): Shape {
  const answer = shaped(session, reply, answerOf(result), what);
  if (answer.errorCode === -44106 || answer.errorCode === -44112 || answer.errorCode === -44113)
    throw new DeviceError("auth_failed", `${session.device} refused client id or secret (code ${answer.errorCode})`);
  if (answer.errorCode !== 0 || answer.result === undefined)
    throw new DeviceError("bad_reply", `${session.device} answered code ${answer.errorCode} for ${what}`);
  return answer.result;
}
