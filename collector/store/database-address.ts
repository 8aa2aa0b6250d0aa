/** What a DATABASE_URL names, as PostgreSQL's own programs read it. Empty is what nobody said. */
export type DatabaseAddress = {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly sslmode: string;
  /** PEM file of the certificate authority, or `system`. */
  readonly sslrootcert: string;
  /** All other words of the query: settings for the server. */
  readonly settings: Readonly<Record<string, string>>;
};

/** Reads a URL, those of a Unix socket too: `postgres:///hcc?host=/var/run/postgresql`, `postgres://%2Fvar%2Frun%2Fpostgresql/hcc`. @throws TypeError when it is none */
export function addressOf(url: string): DatabaseAddress {
  const { protocol, hostname, port, username, password, pathname, searchParams } = new URL(url);
  // The driver takes any and would look for its host.
  if (protocol !== "postgres:" && protocol !== "postgresql:") throw Object.assign(new TypeError("not a postgres URL"), { code: "ERR_INVALID_URL" });
  const { host, port: givenPort, user, password: givenPassword, dbname, sslmode = "", sslrootcert = "", ...settings } = Object.fromEntries(searchParams);
  return {
    host: host || decodeURIComponent(hostname).replace(/^\[|\]$/g, ""),
    port: givenPort || port,
    user: user || decodeURIComponent(username),
    password: givenPassword || decodeURIComponent(password),
    database: dbname || decodeURIComponent(pathname.slice(1)),
    sslmode,
    sslrootcert,
    settings,
  };
}

/** True for the folder of a Unix socket. */
export function isSocketFolder(host: string): boolean {
  return host.startsWith("/");
}

/** The same URL for another user. */
export function urlForUser(url: string, user: string, password: string): string {
  const changed = new URL(url);
  changed.searchParams.delete("user");
  changed.searchParams.delete("password");
  changed.username = user;
  changed.password = password;
  // A URL without a host takes no user before its path.
  if (changed.username !== user) {
    changed.searchParams.set("user", user);
    changed.searchParams.set("password", password);
  }
  return changed.href;
}

/** The same URL for another database of its server. */
export function urlForDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.searchParams.delete("dbname");
  changed.pathname = `/${database}`;
  return changed.href;
}
