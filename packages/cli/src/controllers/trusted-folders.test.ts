import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { issueCa, issueServing, silentLogger, systemClock } from "@bellows/kube";
import { fakeHttpServer, open, soon } from "@bellows/triggers/test-servers/trigger";
import { afterEach, beforeEach, expect, test } from "vitest";
import { trustCertificatesIn } from "./trusted-folders.ts";

const nameOf = (certificate: string) => new X509Certificate(certificate).fingerprint256;
/** The environment may name some twice, and wrap their lines otherwise. */
const trusted = () => new Set(getCACertificates("default").map(nameOf));
const certificates = getCACertificates("default");
const before = trusted();
const now = systemClock.now();
let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bellows-ca-"));
});
afterEach(async () => {
  setDefaultCACertificates(certificates);
  await rm(folder, { recursive: true });
});

function logged() {
  const warnings: string[] = [];
  const warn = (message: string, fields: object = {}) => void warnings.push(`${message} ${JSON.stringify(fields)}`);
  return { warnings, log: { ...silentLogger, warn } };
}

test("servers whose certificate an authority of the folders has signed are believed by triggers, with and without a CA of their own", async () => {
  const [authority, another] = [await issueCa(now, {}), await issueCa(now, {})];
  const { certificate: cert, key } = await issueServing(authority, now, { names: ["127.0.0.1"] });
  const server = await fakeHttpServer((_, response) => response.end('{"count":3}'), { cert, key });
  const read = async (more: object = {}, authParams: Record<string, string> = {}) => {
    const metadata = { url: server.url, valueLocation: "count", targetValue: "1", ...more };
    const trigger = await open("metrics-api", { metadata, authParams }, { clock: systemClock });
    try {
      return (await trigger.read("m", soon())).values[0]?.value;
    } finally {
      await trigger.close();
    }
  };
  try {
    await expect(read()).rejects.toThrow("certificate");
    await writeFile(join(folder, "two.pem"), `# ours\n${another.certificate}\n${authority.certificate}\n`);
    await trustCertificatesIn([join(folder, "none"), folder], silentLogger);
    expect(await read()).toBe(3);
    const own = { ca: another.certificate, username: "u", password: "p" };
    expect(await read({ authMode: "basic" }, own)).toBe(3);
  } finally {
    await server.close();
  }
});

test("what holds no certificate is told and passed over, folders and what Kubernetes keeps are not looked into", async () => {
  const { certificate } = await issueCa(now, {});
  await writeFile(join(folder, "ca.crt"), certificate);
  await writeFile(join(folder, "key"), "hush");
  await writeFile(join(folder, "broken.crt"), certificate.replace(/\n.{20}/, "\n"));
  await mkdir(join(folder, "more"));
  await mkdir(join(folder, "..data"));
  const { warnings, log } = logged();
  await trustCertificatesIn([folder, join(folder, "none"), join(folder, "key")], log);
  expect(trusted()).toEqual(new Set([...before, nameOf(certificate)]));
  expect(warnings).toHaveLength(3);
  expect(warnings).toEqual(
    expect.arrayContaining([
      expect.stringContaining(join(folder, "broken.crt")),
      `certificates not read ${JSON.stringify({ path: join(folder, "key"), error: "no certificate, expected PEM" })}`,
      expect.stringMatching(/^folder of certificates not read .*ENOTDIR/),
    ]),
  );
  expect(warnings.join()).not.toContain("hush");
});

test("nothing changes where nothing is found", async () => {
  await trustCertificatesIn([folder], silentLogger);
  expect(trusted()).toEqual(before);
});
