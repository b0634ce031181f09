import { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import { Secret } from "@bellows/api";
import { expect, test, vi } from "vitest";
import { currentCertificates, keepCertificates, secretStore } from "./certificates.ts";
import { systemClock } from "./clock.ts";
import { silentLogger } from "./logging.ts";
import { createClient } from "./rest-client.ts";
import { serve } from "./serving.ts";
import { FakeApiServer } from "./testing/fake-api-server.ts";
import { type CertificateBundle, renewed } from "./tls-certificates.ts";
import { VirtualClock } from "./virtual-clock.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const days = (count: number) => count * 86_400_000;
const names = ["bellows.kube-system.svc", "localhost", "127.0.0.1"];

test("a new bundle is a P-256 certificate for the names, signed by its own CA", async () => {
  const bundle = await renewed(undefined, now, { names });
  const certificate = new X509Certificate(bundle.certificate);
  const ca = new X509Certificate(bundle.ca.certificate);
  expect(certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate.checkIssued(ca)).toBe(true);
  expect(ca.ca).toBe(true);
  expect(certificate.subjectAltName).toBe("DNS:bellows.kube-system.svc, DNS:localhost, IP Address:127.0.0.1");
  expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: "prime256v1" });
  expect(Date.parse(certificate.validTo)).toBe(now + days(90));
});

test.each([
  { name: "is kept while it is good", afterDays: 59, sameServing: true, sameCa: true },
  { name: "is exchanged in the last third of its life", afterDays: 61, sameServing: false, sameCa: true },
  { name: "is exchanged when it is over", afterDays: 1000, sameServing: false, sameCa: true },
  { name: "goes with its CA", afterDays: 2500, sameServing: false, sameCa: false },
])("a serving certificate $name", async ({ afterDays, sameServing, sameCa }) => {
  const first = await renewed(undefined, now, { names });
  const then = await renewed(first, now + days(afterDays), { names });
  expect(then.certificate === first.certificate).toBe(sameServing);
  expect(then.ca.certificate === first.ca.certificate).toBe(sameCa);
  // Whoever trusted the former CA goes on being trusted.
  expect(then.caBundle).toContain(first.ca.certificate);
  expect(new X509Certificate(then.certificate).verify(new X509Certificate(then.ca.certificate).publicKey)).toBe(true);
});

test.each([
  { name: "other names", change: (bundle: CertificateBundle) => bundle, names: ["other"] },
  { name: "an unreadable certificate", change: (b: CertificateBundle) => ({ ...b, certificate: "junk" }), names },
  {
    name: "a CA that did not sign it",
    change: (b: CertificateBundle) => ({ ...b, ca: { ...b.ca, certificate: "junk" } }),
    names,
  },
])("$name: a new one is issued", async ({ change, names: wanted }) => {
  const first = change(await renewed(undefined, now, { names }));
  const then = await renewed(first, now, { names: wanted });
  expect(new X509Certificate(then.certificate).subjectAltName).toContain(wanted[0]);
});

test("replicas that start at once agree on one bundle", async () => {
  const client = createClient(new FakeApiServer());
  const replica = () =>
    currentCertificates({
      store: secretStore(client, { namespace: "kube-system", name: "bellows-tls" }),
      clock: new VirtualClock(now),
      log: silentLogger,
      names,
    });
  const bundles = await Promise.all([replica(), replica(), replica()]);
  expect(new Set(bundles.map(({ certificate }) => certificate)).size).toBe(1);
  const stored = (await client.list(Secret)).items[0];
  expect(stored?.type).toBe("kubernetes.io/tls");
  expect(Object.keys(stored?.data ?? {}).sort()).toEqual(["ca.crt", "ca.key", "tls.crt", "tls.key"]);
});

test("a bundle is renewed while the process runs, and whoever uses it is told", async () => {
  const clock = new VirtualClock(now);
  const store = secretStore(createClient(new FakeApiServer()), { namespace: "kube-system", name: "bellows-tls" });
  const stopping = new AbortController();
  const changes: CertificateBundle[] = [];
  const changed = (bundle: CertificateBundle) => void changes.push(bundle);
  const options = { store, clock, log: silentLogger, names, changed, checkMs: days(61) };
  const first = await keepCertificates(options, stopping.signal);
  await clock.run(days(61));
  await vi.waitFor(() => expect(changes).toHaveLength(1));
  expect(changes[0]?.certificate).not.toBe(first.certificate);
  expect(changes[0]).toEqual(await store.load());
  stopping.abort();
});

test("a server changes to a new certificate without losing a caller", async () => {
  const first = await renewed(undefined, systemClock.now(), { names });
  const serving = await serve({ log: silentLogger, port: 0, tls: first });
  const seen = () =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(
        { host: "127.0.0.1", port: serving.port, ca: first.caBundle, servername: "localhost" },
        () => {
          resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? "");
          socket.destroy();
        },
      );
      socket.on("error", reject);
    });
  expect(await seen()).toBe(new X509Certificate(first.certificate).fingerprint256);
  const next = await renewed(first, systemClock.now(), { names: [...names, "more"] });
  serving.use(next);
  expect(await seen()).toBe(new X509Certificate(next.certificate).fingerprint256);
  await serving.close();
});
