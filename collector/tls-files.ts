import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { text } from "#schemas/text/text.ts";
import { ConfigError } from "./config.ts";

/** A file and the setting that names it. */
type Named = { readonly setting: string; readonly file: string };
/** A certificate, with those of its authorities behind it, and its private key, as PEM. */
export type TlsPair = { readonly cert: string; readonly key: string };

/** Reads a certificate and its key, and makes sure that TLS can be spoken with them. @throws ConfigError that names the setting and the file at fault */
export async function readTlsFiles(cert: Named, key: Named): Promise<TlsPair> {
  const pair = { cert: await read(cert), key: await read(key) };
  const [certificate, privateKey] = [certificateOf(cert, pair.cert), keyOf(key, pair.key)];
  if (!certificate.checkPrivateKey(privateKey)) throw new ConfigError((lang) => text(lang, "setting.tls.no_pair", { ...key, certificate: cert.file }));
  try {
    createSecureContext(pair);
    return pair;
  } catch (error) {
    const params = { settings: `${cert.setting}, ${key.setting}`, error: codeOf(error) };
    throw new ConfigError((lang) => text(lang, "setting.tls.refused", params), { cause: error });
  }
}

function read({ setting, file }: Named): Promise<string> {
  return readFile(file, "utf8").catch((error: unknown) => {
    throw new ConfigError((lang) => text(lang, "setting.file.unread", { setting, file, error: codeOf(error) }));
  });
}

function certificateOf(named: Named, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new ConfigError((lang) => text(lang, "setting.tls.no_certificate", named), { cause: error });
  }
}

function keyOf(named: Named, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    // What the engine says of a missing passphrase differs with the kind of the key; the PEM itself says that it is locked.
    const key = /ENCRYPTED/.test(pem) ? "setting.tls.locked_key" : "setting.tls.no_key";
    throw new ConfigError((lang) => text(lang, key, named), { cause: error });
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
