import type { Clock, Instant } from "@bellows/kube";
import type { AwsKeys, AwsRole } from "./aws-login.ts";

/** Keys of AWS that end. */
export interface AwsCredentials extends AwsKeys {
  readonly expiration?: Date;
}

export type AwsCredentialsProvider = () => Promise<AwsCredentials>;

/** Credentials of roles that are still good, by role and region: thousands of triggers may have one role. */
const assumed = new Map<string, Promise<AwsCredentials>>();

/** Credentials that end so soon are not handed out: the SDK renews at the same distance. */
const renewBeforeMs = 300_000;

/** Assumes a role when first asked, and again before its credentials end; once for all who have the same role. */
export function credentialsOfRole(role: AwsRole, region: string, clock: Clock): AwsCredentialsProvider {
  const key = JSON.stringify([role.arn, role.externalId ?? "", role.byWebIdentity, region]);
  return async () => {
    const known = assumed.get(key);
    if (known && isGood(await known, clock.now())) return known;
    // Another may have asked while this one waited.
    const current = assumed.get(key);
    if (current && current !== known) return current;
    const asked = assumeRole(role, region);
    assumed.set(key, asked);
    asked.catch(() => {
      if (assumed.get(key) === asked) assumed.delete(key);
    });
    return asked;
  };
}

const isGood = ({ expiration }: AwsCredentials, now: Instant): boolean =>
  expiration === undefined || expiration.getTime() - now > renewBeforeMs;

const sessionName = "KEDA";

/**
 * Credentials of a role, by STS.
 * @param region  undefined: as the SDK finds it
 */
export async function assumeRole(role: AwsRole, region: string | undefined): Promise<AwsCredentials> {
  if (role.byWebIdentity) {
    const byToken = await assumeByToken(role, region);
    if (byToken) return byToken;
  }
  const { STSClient, AssumeRoleCommand } = await import("@aws-sdk/client-sts");
  const sts = new STSClient({ ...(region && { region }) });
  try {
    const answer = await sts.send(
      new AssumeRoleCommand({
        RoleArn: role.arn,
        RoleSessionName: sessionName,
        ...(role.externalId && { ExternalId: role.externalId }),
      }),
    );
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = answer.Credentials ?? {};
    if (!AccessKeyId || !SecretAccessKey) throw new Error(`assuming ${role.arn} gave no credentials`);
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken && { sessionToken: SessionToken }),
      ...(Expiration && { expiration: Expiration }),
    };
  } finally {
    sts.destroy();
  }
}

/** By the token that the platform gives the service account of this process; undefined where that does not do. */
async function assumeByToken({ arn }: AwsRole, region: string | undefined): Promise<AwsCredentials | undefined> {
  const { fromTokenFile } = await import("@aws-sdk/credential-provider-web-identity");
  try {
    return await fromTokenFile({
      roleArn: arn,
      roleSessionName: sessionName,
      ...(region && { clientConfig: { region } }),
    })();
  } catch {
    // No token, or the role does not trust it; as this process it may.
    return undefined;
  }
}
