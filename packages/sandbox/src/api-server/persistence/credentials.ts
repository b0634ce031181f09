import { generateKeyPairSync, randomBytes } from "node:crypto";
import { type CertificateBundle, type Clock, type Logger, renewed } from "@bellows/kube";
import type { Directory } from "../../files.ts";
import { frontProxyName } from "../front-proxy.ts";
import { credentialsFile } from "./saved-state.ts";

/** What clients of a sandbox hold or trust: with the same ones a kubeconfig stays good over a restart. */
export interface Credentials {
  readonly tls: CertificateBundle;
  /** The bearer token of the kubeconfig's user. */
  readonly token: string;
  /** PEM; signs tokens of service accounts. */
  readonly serviceAccountKey: string;
  /** What the API server shows to aggregated ones. */
  readonly frontProxy: CertificateBundle;
}

const frontProxyRequest = { names: [frontProxyName], usage: "client" } as const;

/** New ones, gone with the process. `clock` is the machine's: clients compare certificates with their own time. */
export async function newCredentials(clock: Clock, names: readonly string[]): Promise<Credentials> {
  return {
    tls: await renewed(undefined, clock.now(), { names }),
    token: randomBytes(32).toString("base64url"),
    serviceAccountKey: newServiceAccountKey(),
    frontProxy: await renewed(undefined, clock.now(), frontProxyRequest),
  };
}

/**
 * Those of the directory; made where there are none, renewed where the certificate nears its end or has other names.
 * @param clock the machine's
 * @param names DNS names and addresses that the API server is reached by
 */
export async function keptCredentials(
  directory: Directory,
  { clock, names, log }: { readonly clock: Clock; readonly names: readonly string[]; readonly log: Logger },
): Promise<Credentials> {
  const bytes = await directory.read(credentialsFile);
  const kept = bytes && credentialsOf(bytes.toString());
  if (bytes && !kept) {
    const aside = `${credentialsFile}.damaged`;
    await directory.rename(credentialsFile, aside);
    log.error("credentials cannot be read", {
      file: `${directory.path}/${credentialsFile}`,
      consequence: `new ones are made, so kubeconfigs from before are refused; the file is kept as ${aside}`,
    });
  }
  if (!kept) {
    const made = await newCredentials(clock, names);
    await write(directory, made);
    return made;
  }
  const tls = await renewed(kept.tls, clock.now(), { names });
  const frontProxy = await renewed(kept.frontProxy, clock.now(), frontProxyRequest);
  if (tls === kept.tls && frontProxy === kept.frontProxy) return { ...kept, frontProxy };
  const current = { ...kept, tls, frontProxy };
  await write(directory, current);
  return current;
}

const write = (directory: Directory, credentials: Credentials): Promise<void> =>
  directory.replace(credentialsFile, [`${JSON.stringify(credentials, undefined, 2)}\n`]);

const newServiceAccountKey = (): string =>
  generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  }).privateKey;

/** Directories of older versions have no certificate for aggregated API servers. */
type KeptCredentials = Omit<Credentials, "frontProxy"> & Partial<Pick<Credentials, "frontProxy">>;

function credentialsOf(text: string): KeptCredentials | undefined {
  try {
    const { tls, token, serviceAccountKey, frontProxy } = JSON.parse(text) as KeptCredentials;
    const texts = [tls.certificate, tls.key, tls.caBundle, tls.ca.certificate, tls.ca.key, token, serviceAccountKey];
    if (!texts.every((one) => typeof one === "string" && one !== "")) return undefined;
    return { tls, token, serviceAccountKey, ...(frontProxy?.ca && { frontProxy }) };
  } catch {
    return undefined;
  }
}
