import { readFileSync } from "node:fs";
import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const flags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const axeSource = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

export type TestBrowser = AsyncDisposable & {
  /** A page in a context of its own, and what the page complained of: console errors, exceptions, requests to other hosts. */
  open(url: string, options?: BrowserContextOptions): Promise<{ page: Page; complaints: string[] }>;
};

/**
 * Starts a headless Chromium; each page has a profile of its own in memory (one cache folder for all of them would let the second page wait for ever). The shell without the browser's own windows shows pages by
 * the same engine, and opens each in a quarter of the processor time.
 */
export async function testBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium-headless-shell", args: flags });
  return {
    async open(url, options = {}) {
      const context: BrowserContext = await browser.newContext(options);
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => message.type() === "error" && complaints.push(`console: ${message.text()}`));
      page.on("pageerror", (error) => complaints.push(`exception: ${error.message}`));
      page.on("request", (request) => new URL(request.url()).host !== new URL(url).host && complaints.push(`request: ${request.url()}`));
      await page.goto(url, { waitUntil: "load" });
      return { page, complaints };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
    },
  };
}

/** Rules of axe-core whose answer hangs on the scheme and the width that a page is shown in. */
export const looksRules = ["color-contrast", "target-size", "scrollable-region-focusable", "meta-viewport"];

/** Violations of axe-core's rules, of all or of those that are named, on the page as it stands, one line each. */
export async function axeViolations(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Evaluated by the debugger, so that the page's own policy stays in force.
  await page.evaluate(axeSource);
  const violations = await page.evaluate<{ id: string; nodes: { html: string }[] }[]>(
    `axe.run(${JSON.stringify({ resultTypes: ["violations"], ...(rules && { runOnly: rules }) })}).then((result) => result.violations)`,
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
}
