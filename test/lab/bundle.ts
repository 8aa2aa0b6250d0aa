import { join } from "node:path";
import { build } from "esbuild";

/**
 * Bundles a child of the lab into one JavaScript file under `folder`, as an agent is shipped: the loader that strips types at run time takes 40 MB
 * of memory of its own, which would be measured as the probe's. Gives the file's path.
 */
export async function bundleChild(source: string, folder: string): Promise<string> {
  const outfile = join(folder, "child.mjs");
  const banner = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';
  await build({ entryPoints: [source], outfile, bundle: true, platform: "node", format: "esm", banner: { js: banner }, logLevel: "error" });
  return outfile;
}
