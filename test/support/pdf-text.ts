import { spawnSync } from "node:child_process";

/** What a reader of a PDF reads, in one line: by poppler's pdftotext, which no code of ours has a hand in. */
export function pdfText(pdf: Buffer): string {
  return pdfPages(pdf).join(" ");
}

/** The same of each of its pages. */
export function pdfPages(pdf: Buffer): string[] {
  const { status, stdout, stderr } = spawnSync("pdftotext", ["-enc", "UTF-8", "-", "-"], { input: pdf, maxBuffer: 64 * 1024 * 1024 });
  if (status !== 0) throw new Error(`pdftotext: ${stderr}`);
  const pages = stdout.toString("utf8").replaceAll("\u200b", "").split("\f");
  return pages.slice(0, -1).map((page) => page.replace(/\s+/g, " "));
}
