import { DeviceError } from "../io/device-error.ts";
import { type DeviceAccess, type DeviceSession, loginMissing } from "../io/device-session.ts";
import { LAN_LIST_CAP, LAN_SEARCH_MS, type LanReply, redirected } from "../io/lan-http.ts";
import { parseXml, type XmlNode } from "../io/xml.ts";

/** One question to ISAPI; the root element of the answer. @throws DeviceError */
export async function isapiGet(session: DeviceSession, path: string): Promise<XmlNode> {
  return readAnswer(await session.send({ method: "GET", path }), session.access);
}

/** A question with a body to ISAPI; the root element of the answer, which may be a long list. @throws DeviceError */
export async function isapiPost(session: DeviceSession, path: string, body: string): Promise<XmlNode> {
  const reply = await session.send({ method: "POST", path, contentType: "application/xml", body, capBytes: LAN_LIST_CAP, deadlineMs: LAN_SEARCH_MS });
  return readAnswer(reply, session.access);
}

function readAnswer(reply: LanReply, access: DeviceAccess): XmlNode {
  const { status, body } = reply;
  const device = `${access.address}:${access.port}`;
  if (status === 401) throw loginMissing(reply, access);
  if (status === 503) throw new DeviceError("device_busy", `${device} says that it is busy (503)`);
  if (status === 403) {
    const missing = /notSupport|methodNotAllowed|invalidOperation/i.test(body.slice(0, 4096));
    throw new DeviceError(missing ? "unsupported" : "no_permission", `${device} forbids this ISAPI call; give the account the right to play back`);
  }
  if (status >= 300 && status < 400) throw redirected(reply, device);
  if (status !== 200) throw new DeviceError("unsupported", `${device} answered ${status} to an ISAPI call`);
  return parseXml(body, device);
}

/**
 * An answer with another root than the one asked for tells nothing, though its status is 200: a login page of a session that ended, or the
 * vendor's own ResponseStatus. @throws DeviceError device_busy, bad_reply
 */
export function refuseOther(answer: XmlNode, root: string, { access: { address, port } }: DeviceSession): void {
  if (answer.name.toLowerCase() === root.toLowerCase()) return;
  // 2 is "Device Busy" in the vendor's list of status codes.
  if (answer.value("statusCode") === "2") throw new DeviceError("device_busy", `${address}:${port} says that it is busy`);
  throw new DeviceError("bad_reply", `${address}:${port} answered with <${answer.name.slice(0, 32)}> where <${root}> was asked for`);
}
