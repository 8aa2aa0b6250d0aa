import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/** Root of the project. */
export const projectRoot = join(dirname(fileURLToPath(import.meta.url)), "../..");

export type SourceFile = { readonly path: string; readonly text: string; readonly lines: number };

/** All files that git knows or would take, as posix paths from the root. */
export function projectFiles(): string[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], { cwd: projectRoot, encoding: "utf8", maxBuffer: 64e6 });
  return listed.split("\0").filter((path) => path !== "");
}

/** The project's TypeScript files with their text. A file that vanishes while it is listed is left out. */
export function sourceFiles(): SourceFile[] {
  return projectFiles()
    .filter((path) => path.endsWith(".ts"))
    .flatMap((path) => {
      try {
        const text = readFileSync(join(projectRoot, path), "utf8");
        return [{ path, text, lines: text.split("\n").length }];
      } catch {
        return [];
      }
    });
}

/** What a file imports: packages by name, own files as paths from the root (`schemas/ids.ts`). */
export function importsOf(file: SourceFile): string[] {
  const specifiers = [...withoutComments(file.text).matchAll(/(?:^|[\s;])(?:import|export)\s(?:[^"';]*?\sfrom\s)?"([^"]+)"|import\(\s*"([^"]+)"\s*\)/g)].map(
    (match) => match[1] ?? match[2] ?? "",
  );
  return specifiers.map((specifier) => {
    if (specifier.startsWith("#schemas/")) return specifier.slice(1);
    if (specifier.startsWith(".")) return posix.normalize(posix.join(posix.dirname(file.path), specifier));
    return specifier;
  });
}

/** The text without comments, so that words in them do not count as code. Strings that hold `//` survive when they follow a colon. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`\\])\/\/.*$/gm, "$1");
}
