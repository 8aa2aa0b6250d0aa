import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { projectRoot } from "./source-files.ts";

/** Flags of Node.js under which a child process of a test runs our TypeScript, from any folder, as the scripts of package.json do. */
export const nodeFlags = ["--import", pathToFileURL(join(projectRoot, "compile-cache.js")).href];
