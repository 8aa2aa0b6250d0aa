import crypto, { randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

/** Argon2id as OWASP's cheat sheet on password storage asks for: 19 MiB, two passes, one lane. A stored hash of other figures is renewed at login. */
const FIGURES = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const SALT_BYTES = 16;
const TAG_BYTES = 32;
export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 128;
/** Shortest run of different characters that counts as a password and not as a pattern. */
const DIFFERENT_MIN = 5;

type Figures = { readonly memory: number; readonly passes: number; readonly parallelism: number };

/** Hashes a password into a PHC string. @throws Error where Node is older than 24.7 */
export async function hashPassword(password: string, figures: Figures = FIGURES): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await argon2id(password, salt, figures);
  return `$argon2id$v=19$m=${figures.memory},t=${figures.passes},p=${figures.parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
}

/** Whether a password is the one of a PHC string, and whether that string should be made anew with today's figures. */
export async function checkPassword(password: string, phc: string): Promise<{ fits: boolean; outdated: boolean }> {
  const [, memory, passes, parallelism, salt = "", tag = ""] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(phc) ?? [];
  const figures = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
  if (!figures.memory) return { fits: false, outdated: false };
  const expected = Buffer.from(tag, "base64");
  const given = await argon2id(password, Buffer.from(salt, "base64"), figures);
  const outdated = figures.memory !== FIGURES.memory || figures.passes !== FIGURES.passes || figures.parallelism !== FIGURES.parallelism;
  return { fits: expected.length === given.length && timingSafeEqual(expected, given), outdated };
}

/** Why a password is not taken; undefined when it is. Length counts, not kinds of characters (OWASP ASVS 6.2). */
export function passwordFault(password: string, login: string): "short" | "long" | "guessable" | undefined {
  if (password.length < PASSWORD_LENGTH_MIN) return "short";
  if (password.length > PASSWORD_LENGTH_MAX) return "long";
  const plain = password.toLowerCase();
  if (new Set(plain).size < DIFFERENT_MIN || plain.includes(login.toLowerCase()) || widelyUsed.some((word) => plain.includes(word))) return "guessable";
  return undefined;
}

/** What stands at the top of every list of guesses, and what an attacker of this installation would try first. */
const widelyUsed = [
  "password",
  "matkhau",
  "123456789",
  "987654321",
  "qwertyui",
  "asdfghjk",
  "1q2w3e4r",
  "abc123456",
  "iloveyou",
  "hccwatch",
  "hcc-watch",
  "gialai",
];

async function argon2id(password: string, nonce: Buffer, figures: Figures): Promise<Buffer> {
  // Not imported by its name: an older Node would not even load this file, and everything else works there.
  const { argon2 } = crypto;
  if (typeof argon2 !== "function") throw new Error("accounts need Node 24.7 or newer, which has Argon2; `npm start` and agents work without accounts");
  const tag = await promisify(argon2)("argon2id", { message: Buffer.from(password.normalize("NFC")), nonce, tagLength: TAG_BYTES, ...figures });
  return Buffer.from(tag);
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
