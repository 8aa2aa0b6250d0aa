import { DeviceError } from "../io/device-error.ts";
import type { DeviceSession } from "../io/device-session.ts";
import { LAN_LIST_CAP } from "../io/lan-http.ts";
import { parseXml, type XmlNode } from "../io/xml.ts";

/** One question to ISAPI; the root element of the answer. @throws DeviceError */
export async function isapiGet(session: DeviceSession, path: string): Promise<XmlNode> {
  return readAnswer(await session.send({ method: "GET", path }), `${session.access.address}:${session.access.port}`);
}

/** A question with a body to ISAPI; the root element of the answer, which may be a long list. @throws DeviceError */
export async function isapiPost(session: DeviceSession, path: string, body: string): Promise<XmlNode> {
  const reply = await session.send({ method: "POST", path, contentType: "application/xml", body, capBytes: LAN_LIST_CAP });
  return readAnswer(reply, `${session.access.address}:${session.access.port}`);
}

function readAnswer(reply: { status: number; body: string }, device: string): XmlNode {
  const { status, body } = reply;
  if (status === 401) throw new DeviceError("auth_failed", `${device} asks for a login that it was not given`);
  if (status === 503) throw new DeviceError("device_busy", `${device} says that it is busy (503)`);
  if (status === 403) {
    const missing = /notSupport|methodNotAllowed|invalidOperation/i.test(body.slice(0, 4096));
    throw new DeviceError(missing ? "unsupported" : "no_permission", `${device} forbids this ISAPI call; give the account the right to play back`);
  }
  if (status !== 200) throw new DeviceError("unsupported", `${device} answered ${status} to an ISAPI call`);
  return parseXml(body, device);
}
