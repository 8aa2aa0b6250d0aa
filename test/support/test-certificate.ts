import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type TestCertificate = { readonly certFile: string; readonly keyFile: string; readonly ca: string };

/** A certificate for `localhost` that signs itself, in a folder of the test's own. Needs the peer "openssl". */
export function testCertificate(folder: string): TestCertificate {
  const [certFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  execFileSync("openssl", [...words, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
  return { certFile, keyFile, ca: readFileSync(certFile, "utf8") };
}
