/** Names under which a machine asks for itself, as URLs and settings write them. Another name that leads here (DNS rebinding) is not one of them. */
const ownNames: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]", "::1"]);

/** Whether a host, as a URL or a setting writes it, leads every machine to itself. */
export function isOwnName(hostname: string): boolean {
  return ownNames.has(hostname);
}
