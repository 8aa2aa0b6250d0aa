import { spawnSync } from "node:child_process";

/** What a reader of a PDF reads, in one line: by poppler's pdftotext, which no code of ours has a hand in. */
export function pdfText(pdf: Buffer): string {
  const { status, stdout, stderr } = spawnSync("pdftotext", ["-enc", "UTF-8", "-", "-"], { input: pdf, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`pdftotext: ${stderr}`);
  return stdout.toString("utf8").replaceAll("\u200b", "").replace(/\s+/g, " ");
}
