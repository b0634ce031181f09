import { issueCa, issueServing, systemClock } from "@bellows/kube";

/** What both triggers of Kafka put before a problem with their parameters, the second time wrapped as upstream does. */
export const prefix = "error parsing kafka metadata: ";
export const parsing = prefix + prefix;

export const group = { bootstrapServers: "foobar:9092", consumerGroup: "my-group" };
export const admin = { username: "admin", password: "admin" };

/** Certificates of a client, PEM. */
export async function clientCertificates() {
  const now = systemClock.now();
  const ca = await issueCa(now, {});
  const { certificate, key } = await issueServing(ca, now, { names: ["client"], usage: "client" });
  return { ca: ca.certificate, cert: certificate, key };
}
