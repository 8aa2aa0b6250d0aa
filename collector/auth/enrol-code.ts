import { createHash, randomBytes } from "node:crypto";

/** Crockford's alphabet: no I, L, O, U, so that a code can be read aloud and typed. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** How long a code may be used, ms. */
export const CODE_MS = 72 * 3_600_000;
const BITS = 160;
const LETTERS = BITS / 5;
const GROUP = 4;

/** A new code: 160 random bits and a check letter, in groups of four. */
export function newEnrolCode(): string {
  const letters = [...randomBytes(LETTERS)].map((byte) => ALPHABET[byte % 32]).join("");
  return grouped(letters + checkLetter(letters));
}

/** What is kept of a code. Case, spaces, hyphens (also those that a word processor makes of them) and look-alike letters do not matter. Undefined when the check letter is wrong: a typing error. */
export function hashOfCode(code: string): string | undefined {
  const letters = code
    .toUpperCase()
    .replace(/[\s\p{Pd}]/gu, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  const body = letters.slice(0, -1);
  if (body.length !== LETTERS || [...letters].some((letter) => !ALPHABET.includes(letter)) || letters.at(-1) !== checkLetter(body)) return undefined;
  return createHash("sha256").update(body).digest("hex");
}

/** Luhn's sum over 32 letters: any one wrong letter shows, and so do two neighbours that changed places, except the first and last of the alphabet. */
function checkLetter(letters: string): string {
  const sum = [...letters].reverse().reduce((total, letter, place) => {
    const weighted = ALPHABET.indexOf(letter) * (place % 2 === 0 ? 2 : 1);
    return total + Math.floor(weighted / 32) + (weighted % 32);
  }, 0);
  return ALPHABET[(32 - (sum % 32)) % 32] ?? "0";
}

function grouped(letters: string): string {
  return (letters.match(new RegExp(`.{1,${GROUP}}`, "g")) ?? []).join("-");
}
