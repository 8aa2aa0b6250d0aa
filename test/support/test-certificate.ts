import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type TestCertificate = { readonly certFile: string; readonly keyFile: string; readonly ca: string };

/** A certificate for `localhost` that signs itself, in a folder of the test's own. Needs the peer "openssl". */
export function testCertificate(folder: string): TestCertificate {
  const [certFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  const words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
  execFileSync("openssl", [...words, "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", keyFile, "-out", certFile], { stdio: "ignore" });
  return { certFile, keyFile, ca: readFileSync(certFile, "utf8") };
}

/** The same, valid only from one day to another (`YYYY-MM-DD`). */
export function datedCertificate(folder: string, fromDay: string, toDay: string): TestCertificate {
  const { certFile, keyFile } = testCertificate(folder);
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const [database, serial] = [file("index", ""), file("serial", "01\n")];
  const config = file(
    "ca.cnf",
    `[ca]\ndefault_ca=own\n[own]\ndatabase=${database}\nserial=${serial}\nnew_certs_dir=${folder}\ndefault_md=sha256\npolicy=any\nx509_extensions=names\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:TRUE\n`,
  );
  const request = join(folder, "tls.csr");
  execFileSync("openssl", ["req", "-new", "-key", keyFile, "-subj", "/CN=localhost", "-out", request], { stdio: "ignore" });
  const dates = ["-startdate", asn1Time(fromDay), "-enddate", asn1Time(toDay)];
  execFileSync("openssl", ["ca", "-batch", "-config", config, "-selfsign", "-keyfile", keyFile, "-in", request, "-out", certFile, "-notext", ...dates], {
    stdio: "ignore",
  });
  return { certFile, keyFile, ca: readFileSync(certFile, "utf8") };
}

function asn1Time(day: string): string {
  return `${day.replaceAll("-", "")}000000Z`;
}
