import { cleanText } from "#schemas/clean-text.ts";
import { DeviceError } from "../io/device-error.ts";
import type { XmlNode } from "../io/xml.ts";
import type { RecorderChannel } from "./recorder.ts";
import { sourceAddress } from "./source-address.ts";

/**
 * What a recorder tells of what hangs on it, by the number of the channel: networked cameras that were added, with their addresses, sockets for analogue
 * ones, and the names that stand on its screen.
 */
export type Inputs = {
  readonly networked: ReadonlyMap<string, string | undefined>;
  readonly analogue: ReadonlyMap<string, RecorderChannel["vacancy"]>;
  readonly names: ReadonlyMap<string, string>;
};

const INPUTS_MAX = 256;

/**
 * Asks for both lists. A recorder that has only one kind of input does not know the other list; undefined when one was not told for another reason.
 * @param get one question to ISAPI; the root element of the answer
 */
export async function readInputs(get: (path: string) => Promise<XmlNode>): Promise<Inputs | undefined> {
  const networked = await listOf(get, "/ISAPI/ContentMgmt/InputProxy/channels", "InputProxyChannel");
  const analogue = await listOf(get, "/ISAPI/System/Video/inputs/channels", "VideoInputChannel");
  if (networked === undefined || analogue === undefined) return undefined;
  return {
    networked: new Map(networked.map((input) => [input.value("id") ?? "", sourceAddress(input.value("sourceInputPortDescriptor", "ipAddress"))])),
    analogue: new Map(analogue.map((input) => [input.value("id") ?? "", signalOf(input)])),
    names: namesOf([...analogue, ...networked]),
  };
}

function namesOf(inputs: readonly XmlNode[]): ReadonlyMap<string, string> {
  return new Map(
    inputs.flatMap((input): [string, string][] => {
      const name = cleanText(input.value("name") ?? "", 64);
      return name === "" ? [] : [[input.value("id") ?? "", name]];
    }),
  );
}

async function listOf(get: (path: string) => Promise<XmlNode>, path: string, entry: string): Promise<readonly XmlNode[] | undefined> {
  try {
    const list = await get(path);
    return list.name === `${entry}List` ? list.children(entry).slice(0, INPUTS_MAX) : undefined;
  } catch (error) {
    return error instanceof DeviceError && error.trouble === "unsupported" ? [] : undefined;
  }
}

function signalOf(input: XmlNode): RecorderChannel["vacancy"] {
  if (input.value("videoInputEnabled") === "false") return "unset";
  return /^no video/i.test(input.value("resDesc") ?? "") ? "no_signal" : undefined;
}

/** Where the picture of the channel of this number comes from, as `RecorderChannel` has it. Pure. */
export function sourceOf(channel: string, inputs: Inputs | undefined): string | undefined {
  return inputs?.networked.has(channel) ? inputs.networked.get(channel) : inputs?.analogue.has(channel) ? "analogue" : undefined;
}

/** Why the channel of this number may hold no camera; undefined where it has one, or where the inputs were not told. Pure. */
export function vacancyOf(channel: string, inputs: Inputs | undefined): RecorderChannel["vacancy"] {
  if (inputs === undefined || inputs.networked.has(channel)) return undefined;
  if (inputs.analogue.has(channel)) return inputs.analogue.get(channel);
  // A recorder that tells of no input at all has said nothing of this one.
  return inputs.networked.size + inputs.analogue.size > 0 ? "unset" : undefined;
}
