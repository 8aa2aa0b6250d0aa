import type { ReadStream, WriteStream } from "node:tty";

const INPUT_CHARS_MAX = 64 * 1024;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const erasers = ["\u0008", "\u007f"];

/** All of standard input when it is a file or a pipe; on a terminal one line, typed without echo. Ctrl-C gives an empty text. */
export async function readSecret(stdin: ReadStream, stderr: WriteStream, prompt: string): Promise<string> {
  stdin.setEncoding("utf8");
  if (!stdin.isTTY) return readAll(stdin);
  stderr.write(prompt);
  stdin.setRawMode(true);
  try {
    return await readLine(stdin);
  } finally {
    stdin.setRawMode(false);
    stderr.write("\n");
  }
}

/** One key on a terminal: "y" or "c" (có) is yes, everything else is no. */
export async function confirm(stdin: ReadStream, stderr: WriteStream, question: string): Promise<boolean> {
  stdin.setEncoding("utf8");
  stderr.write(question);
  stdin.setRawMode(true);
  try {
    for await (const chunk of stdin) return /^[yc]/i.test(String(chunk));
    return false;
  } finally {
    stdin.setRawMode(false);
    stderr.write("\n");
  }
}

async function readAll(stdin: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const chunk of stdin) {
    all += chunk;
    if (all.length > INPUT_CHARS_MAX) break;
  }
  return all.slice(0, INPUT_CHARS_MAX);
}

async function readLine(stdin: AsyncIterable<string>): Promise<string> {
  const line: string[] = [];
  for await (const chunk of stdin) {
    for (const sign of chunk) {
      if (sign === CTRL_C) return "";
      if (sign === "\r" || sign === "\n" || sign === CTRL_D) return line.join("");
      if (erasers.includes(sign)) line.pop();
      else if (line.length < INPUT_CHARS_MAX) line.push(sign);
    }
  }
  return line.join("");
}
