import { X509Certificate } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Logger } from "@bellows/kube";

/**
 * Trusts the certificates in the files of some folders, in this process and for as long as it runs, beside those that are
 * trusted anyway. A folder that is not there is passed over; what can't be read is logged.
 */
export async function trustCertificatesIn(folders: readonly string[], log: Logger): Promise<void> {
  const found = (await Promise.all(folders.map((folder) => certificatesIn(folder, log)))).flat();
  if (found.length > 0) setDefaultCACertificates([...getCACertificates("default"), ...found]);
}

async function certificatesIn(folder: string, log: Logger): Promise<readonly string[]> {
  let entries: readonly { readonly name: string; isDirectory(): boolean }[];
  try {
    entries = await readdir(folder, { withFileTypes: true });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") log.warn("folder of certificates not read", { folder, error: message });
    return [];
  }
  // What a mounted ConfigMap keeps for itself begins with two dots.
  const names = entries.filter((entry) => !entry.isDirectory() && !entry.name.startsWith("..")).map(({ name }) => name);
  return (await Promise.all(names.sort().map((name) => certificatesOf(join(folder, name), log)))).flat();
}

async function certificatesOf(path: string, log: Logger): Promise<readonly string[]> {
  try {
    const text = await readFile(path, "utf8");
    const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
    if (certificates.length === 0) throw new Error("no certificate, expected PEM");
    for (const certificate of certificates) new X509Certificate(certificate);
    return certificates;
  } catch (error) {
    log.warn("certificates not read", { path, error: (error as Error).message });
    return [];
  }
}
