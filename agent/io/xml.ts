import { XMLParser } from "fast-xml-parser";
import { DeviceError } from "./device-error.ts";

/** Deepest nesting and most elements of an answer that are read. */
export const XML_DEPTH_MAX = 64;
export const XML_NODES_MAX = 400_000;

/**
 * One element of a device's answer. Names are without prefix; every value is text as the device wrote it ("001", "5.10");
 * what may occur several times is always a list. Text is hostile until cleaned.
 */
export type XmlNode = {
  readonly name: string;
  /** Own text, trimmed; "" when there is none. */
  readonly text: string;
  attribute(name: string): string | undefined;
  /** Child elements, all or those of one name. */
  children(name?: string): readonly XmlNode[];
  /** The first element down a path of names. */
  find(...path: readonly string[]): XmlNode | undefined;
  /** Text of the first element down a path; undefined when there is no such element. */
  value(...path: readonly string[]): string | undefined;
};

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: XML_DEPTH_MAX,
  jPath: false,
  // Only this makes the parser decode numeric references; entities of a document type cannot occur, see below.
  htmlEntities: true,
});

/**
 * Reads an answer and returns its root element. DOCTYPE and ENTITY are refused before parsing.
 * @param device names the sender in errors
 * @throws DeviceError malformed
 */
export function parseXml(text: string, device: string): XmlNode {
  const refuse = (why: string, cause?: unknown) => new DeviceError("malformed", `${device} sent XML that is refused: ${why}`, { cause });
  if (/^\s*(?:<!DOCTYPE\s+html\b|<html\b)/i.test(text.slice(0, 4096)))
    throw new DeviceError("malformed", `${device} answered with a web page: another kind of device, or another port than the one for this question`);
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) throw refuse("it declares a document type or entities");
  let raw: unknown;
  try {
    raw = parser.parse(text);
  } catch (cause) {
    throw refuse("it is broken or too deep", cause);
  }
  const budget = { nodes: XML_NODES_MAX };
  const roots = Array.isArray(raw) ? raw.flatMap((item) => element(item, budget, 0) ?? []) : [];
  const root = roots[0];
  if (budget.nodes < 0) throw refuse(`it has more than ${XML_NODES_MAX} elements`);
  if (root === undefined) throw refuse("it holds no element");
  return root;
}

/** Turns one item of the parser's ordered list into a node; undefined for text and everything odd. */
function element(item: unknown, budget: { nodes: number }, depth: number): XmlNode | undefined {
  if (item === null || typeof item !== "object" || depth > XML_DEPTH_MAX || --budget.nodes < 0) return undefined;
  const name = Object.keys(item).find((key) => key !== ":@" && key !== "#text");
  if (name === undefined) return undefined;
  const bag = item as Record<string, unknown>;
  const inner = Array.isArray(bag[name]) ? bag[name] : [];
  const own = inner.flatMap((part) => (part !== null && typeof part === "object" && "#text" in part ? [String(part["#text"])] : []));
  const nodes = inner.flatMap((part) => element(part, budget, depth + 1) ?? []);
  return node(name, own.join(""), bag[":@"], nodes);
}

function node(name: string, text: string, attributes: unknown, nodes: readonly XmlNode[]): XmlNode {
  const children = (wanted?: string) => (wanted === undefined ? nodes : nodes.filter((child) => child.name === wanted));
  const find = (...path: readonly string[]): XmlNode | undefined => {
    const [first, ...rest] = path;
    if (first === undefined) return self;
    return nodes.find((child) => child.name === first)?.find(...rest);
  };
  const self: XmlNode = {
    name,
    text,
    attribute: (wanted) => {
      if (attributes === null || typeof attributes !== "object" || !Object.hasOwn(attributes, wanted)) return undefined;
      return String((attributes as Record<string, unknown>)[wanted]);
    },
    children,
    find,
    value: (...path) => find(...path)?.text,
  };
  return self;
}

/** Escapes text for an element or a double-quoted attribute; characters that XML forbids are dropped. */
export function escapeXml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 forbids these in a document
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "").replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
