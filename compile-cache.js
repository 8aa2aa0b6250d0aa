/**
 * Loaded by `node --import` before a program itself: what Node.js has stripped of types and compiled is kept for the next start.
 * Plain JavaScript, as a TypeScript file would load the stripper that this avoids. A folder that cannot be written costs nothing but the gain.
 */
import { enableCompileCache } from "node:module";
import { join } from "node:path";

enableCompileCache(join(import.meta.dirname, "node_modules/.cache/hcc-watch"));
