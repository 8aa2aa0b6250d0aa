import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { groupsOf } from "../groups-of.ts";
import type { Dossier } from "./dossier.ts";

/** The seals of two dossiers side by side. */
export type Seals = Readonly<Record<"before" | "after", string>>;

/** Centres that are written in one go: between two groups the collector does what waits. */
const GROUP = 50;

/** The dossier as the one text that its hash is taken of: the same in each format and language. */
export async function dossierText(dossier: Dossier): Promise<string> {
  const pieces: string[] = [];
  for await (const piece of piecesInTurns(dossier)) pieces.push(piece);
  return pieces.join("");
}

/** The text as bytes, in pieces, with its SHA-256 as `sealOf` gives it. */
export async function sealedPieces(dossier: Dossier): Promise<{ readonly seal: string; readonly pieces: readonly Buffer[] }> {
  const hash = createHash("sha256");
  const pieces: Buffer[] = [];
  for await (const words of piecesInTurns(dossier)) {
    const piece = Buffer.from(words);
    hash.update(piece);
    pieces.push(piece);
  }
  return { seal: hash.digest("hex"), pieces };
}

/** SHA-256 of the dossier's text, lower-case hex: stands at the foot of each format. */
export async function sealOf(dossier: Dossier): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of piecesInTurns(dossier)) hash.update(piece);
  return hash.digest("hex");
}

/** SHA-256 of a text, lower-case hex. */
export function sealOfText(words: string): string {
  return createHash("sha256").update(words).digest("hex");
}

async function* piecesInTurns(dossier: Dossier): AsyncGenerator<string> {
  for (const piece of jsonPieces(dossier)) {
    yield piece;
    await turn();
  }
}

/** What JSON.stringify writes of a dossier, in pieces: tens of megabytes of a large province. */
function* jsonPieces(dossier: Dossier): Generator<string> {
  let before = "{";
  for (const [key, value] of Object.entries(dossier)) {
    if (value === undefined) continue;
    const name = `${before}${JSON.stringify(key)}:`;
    before = ",";
    if (!Array.isArray(value) || value.length === 0) yield name + JSON.stringify(value);
    else {
      let open = `${name}[`;
      for (const group of groupsOf(value, GROUP)) {
        yield open + JSON.stringify(group).slice(1, -1);
        open = ",";
      }
      yield "]";
    }
  }
  yield "}";
}
