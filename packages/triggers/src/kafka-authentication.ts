import type { Clock } from "@bellows/kube";
import type { SASLOptions } from "@platformatic/kafka";
import type { AwsLogin } from "./aws-login.ts";
import { mskToken } from "./aws-msk-token.ts";
import type { HttpClient } from "./http-client.ts";
import { clientCredentialsTokens } from "./oauth-client-credentials.ts";

/** How a token for SASL/OAUTHBEARER is had from an authorization server. */
export interface KafkaOAuth {
  readonly username: string;
  readonly password: string;
  readonly oauthTokenEndpointUri: string;
  readonly scopes: readonly string[];
  readonly extensions: Readonly<Record<string, string>>;
}

const mechanisms = {
  plaintext: "PLAIN",
  scram_sha256: "SCRAM-SHA-256",
  scram_sha512: "SCRAM-SHA-512",
} as const;

/** Authentication by name and password. */
export const passwordSasl = (
  sasl: keyof typeof mechanisms,
  username: string | undefined,
  password: string | undefined,
): SASLOptions => ({ mechanism: mechanisms[sasl], username: username ?? "", password: password ?? "" });

/** Authentication by a token, which is asked for when brokers want one and kept until it ends. */
export function oauthSasl(given: KafkaOAuth, http: HttpClient, clock: Clock, signal: AbortSignal): SASLOptions {
  const tokens = clientCredentialsTokens(http, clock, {
    tokenUrl: given.oauthTokenEndpointUri,
    clientId: given.username,
    clientSecret: given.password,
    scopes: given.scopes,
    parameters: {},
  });
  return {
    mechanism: "OAUTHBEARER",
    token: () => tokens.token(signal),
    oauthBearerExtensions: { ...given.extensions },
  };
}

/** Authentication by IAM of AWS. */
export const mskSasl = (login: AwsLogin, clock: Clock, timeoutMs: number): SASLOptions => ({
  mechanism: "OAUTHBEARER",
  token: () => mskToken(login, clock, timeoutMs),
});
