import type { webcrypto } from "node:crypto";
import type { X509Certificate } from "@peculiar/x509";
import type { Instant } from "./clock.ts";

/** PEM texts. */
export interface CertificateAndKey {
  readonly certificate: string;
  readonly key: string;
}

/** A CA of our own and what it has signed: all that a server needs, and all that its callers must trust. */
export interface CertificateBundle extends CertificateAndKey {
  readonly ca: CertificateAndKey;
  /** The CA's certificate, and while a former one may still be in use, that too: the `caBundle` of callers. */
  readonly caBundle: string;
}

export interface CertificateRequest {
  /** DNS names and IP addresses; the first name is the subject too. */
  readonly names: readonly string[];
  /** What the certificate is shown for; default to be a server. */
  readonly usage?: "server" | "client";
  /** Default 90 days. */
  readonly validMs?: number;
  /** Default 10 years. */
  readonly caValidMs?: number;
}

const day = 86_400_000;
/** id-kp-serverAuth and id-kp-clientAuth (RFC 5280, 4.2.1.12). */
const extendedKeyUsage = { server: "1.3.6.1.5.5.7.3.1", client: "1.3.6.1.5.5.7.3.2" };
/** Machines' clocks differ: a certificate is valid from somewhat before it was made. */
const backdatedMs = 5 * 60_000;
/** A certificate is exchanged when less than this share of its life is left. */
const renewShare = 1 / 3;

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** x509 needs the metadata polyfill to be there before it; both are loaded with the first certificate. */
async function x509() {
  await import("reflect-metadata");
  return import("@peculiar/x509");
}

/** When a certificate should be exchanged. */
export async function renewAt(pem: string): Promise<Instant> {
  const { X509Certificate } = await x509();
  const { notBefore, notAfter } = new X509Certificate(pem);
  return notAfter.getTime() - (notAfter.getTime() - notBefore.getTime()) * renewShare;
}

/** A new self-signed CA (ECDSA P-256). */
export async function issueCa(
  now: Instant,
  { caValidMs = 3650 * day }: Pick<CertificateRequest, "caValidMs">,
): Promise<CertificateAndKey> {
  const {
    BasicConstraintsExtension,
    KeyUsageFlags,
    KeyUsagesExtension,
    SubjectKeyIdentifierExtension,
    X509CertificateGenerator,
  } = await x509();
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: "CN=bellows-ca",
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(now + caValidMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: text(certificate), key: await keyPem(keys.privateKey) };
}

/** A new serving certificate, signed by a CA that {@link issueCa} made. */
export async function issueServing(
  ca: CertificateAndKey,
  now: Instant,
  { names, validMs = 90 * day, usage = "server" }: CertificateRequest,
): Promise<CertificateAndKey> {
  const first = names[0];
  if (!first) throw new RangeError("names: none, expected at least one DNS name or IP address");
  const x = await x509();
  const issuer = new x.X509Certificate(ca.certificate);
  const keys = await newKeys();
  const certificate = await x.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    // A common name has at most 64 characters; the alternative names are what counts.
    subject: [{ CN: [first.slice(0, 64)] }],
    issuer: issuer.subject,
    notBefore: new Date(now - backdatedMs),
    notAfter: new Date(Math.min(now + validMs, issuer.notAfter.getTime())),
    publicKey: keys.publicKey,
    signingKey: await importedKey(ca.key),
    signingAlgorithm: algorithm,
    extensions: [
      new x.BasicConstraintsExtension(false, undefined, true),
      new x.KeyUsagesExtension(x.KeyUsageFlags.digitalSignature, true),
      new x.ExtendedKeyUsageExtension([extendedKeyUsage[usage]]),
      new x.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIp(value) ? ("ip" as const) : ("dns" as const), value })),
      ),
      await x.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return { certificate: text(certificate), key: await keyPem(keys.privateKey) };
}

/**
 * The bundle to use at `now`: `current` itself while it is good, otherwise with what must be new: the serving
 * certificate where it nears its end, or its names differ; both where the CA nears its end.
 */
export async function renewed(
  current: CertificateBundle | undefined,
  now: Instant,
  request: CertificateRequest,
): Promise<CertificateBundle> {
  const readable = current && (await isReadable(current)) ? current : undefined;
  if (!readable || (await renewAt(readable.ca.certificate)) <= now) {
    const ca = await issueCa(now, request);
    const former = readable && !(await isOver(readable.ca.certificate, now)) ? readable.ca.certificate : "";
    return { ...(await issueServing(ca, now, request)), ca, caBundle: ca.certificate + former };
  }
  const due = (await renewAt(readable.certificate)) <= now || !(await namesEqual(readable.certificate, request.names));
  return due ? { ...readable, ...(await issueServing(readable.ca, now, request)) } : readable;
}

async function isReadable({ certificate, ca }: CertificateBundle): Promise<boolean> {
  const { X509Certificate } = await x509();
  try {
    const issuer = new X509Certificate(ca.certificate);
    return await new X509Certificate(certificate).verify({ publicKey: issuer, signatureOnly: true });
  } catch {
    return false;
  }
}

async function isOver(pem: string, now: Instant): Promise<boolean> {
  const { X509Certificate } = await x509();
  return new X509Certificate(pem).notAfter.getTime() <= now;
}

async function namesEqual(pem: string, names: readonly string[]): Promise<boolean> {
  const { SubjectAlternativeNameExtension, X509Certificate } = await x509();
  const extension = new X509Certificate(pem).getExtension(SubjectAlternativeNameExtension);
  const has = (extension?.names.items ?? []).map(({ value }) => value).sort();
  return JSON.stringify(has) === JSON.stringify([...names].sort());
}

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

/** 16 random bytes, positive (RFC 5280 asks for at most 20 octets). */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString("hex");
}

async function keyPem(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey("pkcs8", key)).toString("base64");
  return `-----BEGIN PRIVATE KEY-----\n${base64.match(/.{1,64}/g)?.join("\n")}\n-----END PRIVATE KEY-----\n`;
}

function importedKey(pem: string): Promise<webcrypto.CryptoKey> {
  const bytes = Buffer.from(pem.replace(/-----[A-Z ]+-----/g, ""), "base64");
  return crypto.subtle.importKey("pkcs8", bytes, algorithm, false, ["sign"]);
}

const text = (certificate: X509Certificate): string => `${certificate.toString("pem")}\n`;

const isIp = (name: string): boolean => /^[\d.]+$/.test(name) || name.includes(":");
