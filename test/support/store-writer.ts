import { openStore } from "../../collector/store/open.ts";

/** A program that commits numbers to the embedded server in the folder of its first argument, and says each after its commit, until it is killed. */
const [, , folder = ""] = process.argv;
const { db } = await openStore({ databaseUrl: undefined, dataDir: folder });
await db.script("CREATE TABLE written (n int)");
for (let n = 1; ; n++) {
  await db.query("INSERT INTO written VALUES ($1)", [n]);
  process.stdout.write(`${n}\n`);
}
