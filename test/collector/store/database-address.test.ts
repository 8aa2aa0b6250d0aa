import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressOf, urlForDatabase, urlForUser } from "../../../collector/store/database-address.ts";
import { databaseFolders } from "../../../collector/store/database-disks.ts";
import { drill } from "../../../collector/store/drill.ts";
import { migrate } from "../../../collector/store/migrate.ts";
import { openStore } from "../../../collector/store/open.ts";
import { startPostgres, type TestPostgres } from "../../support/postgres.ts";
import { requirePeer } from "../../support/require-peer.ts";
import { testCertificate } from "../../support/test-certificate.ts";
import { packageUser } from "../../support/user-identity.ts";

describe("what a DATABASE_URL names", () => {
  it.each([
    ["postgres://hcc:a%40b@db.tinh.vn:5433/hcc", { host: "db.tinh.vn", port: "5433", user: "hcc", password: "a@b", database: "hcc" }],
    ["postgres:///hcc?host=/var/run/postgresql", { host: "/var/run/postgresql", port: "", user: "", database: "hcc" }],
    ["postgres://%2Fvar%2Frun%2Fpostgresql:5433/hcc", { host: "/var/run/postgresql", port: "5433", database: "hcc" }],
    ["postgres:///?host=/run/pg&port=5433&user=hcc&password=x&dbname=hcc", { host: "/run/pg", port: "5433", user: "hcc", password: "x", database: "hcc" }],
    ["postgres://hcc@[::1]/hcc?sslmode=require&search_path=public", { host: "::1", sslmode: "require", settings: { search_path: "public" } }],
  ])("%s", (url, address) => {
    expect(addressOf(url)).toMatchObject(address);
  });

  it.each(["mysql://root:secret-word@db/hcc", "http://localhost:5432/hcc"])("%s is none of PostgreSQL's, and no host is looked for", async (databaseUrl) => {
    const opened = openStore({ databaseUrl, dataDir: "unused" });
    await expect(opened).rejects.toThrow(/^DATABASE_URL is not a URL such as/);
    await expect(opened).rejects.not.toThrow(/secret-word/);
  });

  it.each(["postgres://hcc:old@db/hcc?user=other", "postgres:///hcc?host=/var/run/postgresql"])("another user and another database at %s", (url) => {
    const { host } = addressOf(url);
    expect(addressOf(urlForUser(url, "hcc_api", "a-b_c"))).toMatchObject({ host, user: "hcc_api", password: "a-b_c", database: "hcc" });
    expect(addressOf(urlForDatabase(url, "copy"))).toMatchObject({ host, database: "copy" });
  });
});

describe.skipIf(!requirePeer("postgres") || !requirePeer("openssl"))("a database by its Unix socket and by TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "hcc-address-"));
  const { certFile, keyFile } = testCertificate(folder);
  let server: TestPostgres;
  beforeAll(async () => {
    const { uid, gid } = await packageUser("postgres");
    // The server takes a key that is its own alone.
    const ownKey = join(folder, "own.key");
    copyFileSync(keyFile, ownKey);
    if (uid !== undefined) chownSync(ownKey, uid, gid ?? uid);
    chmodSync(ownKey, 0o600);
    chmodSync(folder, 0o755);
    writeFileSync(join(folder, "hba.conf"), "local all all peer map=us\nhost all all 127.0.0.0/8 trust\n", { mode: 0o644 });
    writeFileSync(join(folder, "ident.conf"), `us ${userInfo().username} hcc\n`, { mode: 0o644 });
    const files = [`hba_file=${folder}/hba.conf`, `ident_file=${folder}/ident.conf`, `ssl_cert_file=${certFile}`, `ssl_key_file=${ownKey}`];
    server = await startPostgres({ settings: [...files, "ssl=on", "listen_addresses=127.0.0.1,127.0.0.2"] });
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const inside = async (databaseUrl: string) => {
    const store = await openStore({ databaseUrl, dataDir: "unused" });
    try {
      const [row] = await store.db.query<{ way: string }>(
        "SELECT current_user || CASE WHEN inet_client_addr() IS NULL THEN ' by socket' WHEN ssl THEN ' by TLS' ELSE ' in the open' END AS way FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
      );
      return row?.way;
    } finally {
      await store.close();
    }
  };
  const bySocket = (user: string) => `postgres:///postgres?host=${server.socketFolder}&port=${server.port}&user=${user}`;

  it("lets in whom the system vouches for, without a password", async () => {
    expect(await inside(bySocket("hcc"))).toBe("hcc by socket");
    expect(await inside(`postgres://hcc@${encodeURIComponent(server.socketFolder)}:${server.port}/postgres`)).toBe("hcc by socket");
  });

  it("says in one sentence what is wrong with a socket or a word of the query", async () => {
    await server.psql("CREATE ROLE stranger LOGIN");
    await expect(inside(bySocket("stranger"))).rejects.toThrow(
      / lets nobody in by DATABASE_URL: Peer authentication failed .* Check its user and pg_hba\.conf\.$/,
    );
    await expect(inside(`postgres:///postgres?host=${folder}`)).rejects.toThrow(`No PostgreSQL answers at ${folder}/.s.PGSQL.5432/postgres.`);
    await expect(inside(`${server.url}?sslmodus=on`)).rejects.toThrow(/ refuses a word after the question mark of DATABASE_URL: .*sslmodus/);
  });

  it("is looked at where it stands, and copied by the drill", async () => {
    const url = bySocket("hcc");
    const store = await openStore({ databaseUrl: url, dataDir: "unused" });
    expect(await databaseFolders(store.db, url)).not.toEqual([]);
    await migrate(store.db, Date.now());
    const result = await drill(store.db, { url, name: "copy", keep: false, nowMs: () => performance.now(), told: () => undefined });
    expect(result).toMatchObject({ different: [], auditIsWhole: true });
    await store.close();
  }, 60_000);

  it("proves itself by a certificate of an authority that the URL names", async () => {
    const by = (host: string, words: string) => inside(`postgres://hcc@${host}:${server.port}/postgres?${words}`);
    expect(await by("127.0.0.1", `sslmode=verify-full&sslrootcert=${certFile}`)).toBe("hcc by TLS");
    expect(await by("localhost", `sslmode=verify-full&sslrootcert=${certFile}`)).toBe("hcc by TLS");
    expect(await by("127.0.0.2", `sslmode=verify-ca&sslrootcert=${certFile}`)).toBe("hcc by TLS");
    await expect(by("127.0.0.2", `sslmode=verify-full&sslrootcert=${certFile}`)).rejects.toThrow("127.0.0.2 is not in the cert's list");
    await expect(by("127.0.0.1", "sslmode=verify-full")).rejects.toThrow("sslrootcert=/path/ca.pem");
    await expect(by("127.0.0.1", `sslmode=verify-full&sslrootcert=${folder}/none.pem`)).rejects.toThrow(`${folder}/none.pem (ENOENT)`);
  });
});
