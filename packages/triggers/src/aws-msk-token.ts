import { type Clock, timestamp } from "@bellows/kube";
import { awsClientOptions } from "./aws-client.ts";
import type { AwsLogin } from "./aws-login.ts";

const lifeSeconds = 900;

/**
 * A token for SASL/OAUTHBEARER that brokers of Amazon MSK accept where they authenticate by IAM: a signed request that
 * they send to AWS for us.
 */
export async function mskToken(login: AwsLogin, clock: Clock, timeoutMs: number): Promise<string> {
  const { STSClient } = await import("@aws-sdk/client-sts");
  const { SignatureV4 } = await import("@smithy/signature-v4");
  // Only for its credentials and its hash: nothing is sent.
  const sts = new STSClient(awsClientOptions(login, clock, { endpoint: undefined, timeoutMs }));
  const { credentials, sha256 } = sts.config;
  const hostname = `kafka.${login.region}.amazonaws.com`;
  try {
    const signer = new SignatureV4({ service: "kafka-cluster", region: login.region, credentials, sha256 });
    const request = {
      protocol: "https:",
      hostname,
      method: "GET",
      path: "/",
      query: { Action: "kafka-cluster:Connect" },
      headers: { host: hostname },
    };
    const signed = await signer.presign(request, { expiresIn: lifeSeconds, signingDate: timestamp(clock.now()) });
    const query = new URLSearchParams(signed.query as Record<string, string>);
    query.set("User-Agent", "bellows");
    return Buffer.from(`https://${hostname}/?${query}`).toString("base64url");
  } finally {
    sts.destroy();
  }
}
