import { assumeRole } from "@bellows/triggers";
import type { SecretsManager, SecretsManagerLogin } from "./aws-secret-manager.ts";

/** AWS Secrets Manager by the AWS SDK, which is loaded on first use. Roles are assumed by STS. */
export async function openSecretsManager(login: SecretsManagerLogin): Promise<SecretsManager> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import("@aws-sdk/client-secrets-manager");
  const credentials = await credentialsOf(login);
  const client = new SecretsManagerClient({
    ...(login.region && { region: login.region }),
    ...(credentials && { credentials }),
  });
  return {
    async getSecretValue(name, versionId, versionStage) {
      const answer = await client.send(
        new GetSecretValueCommand({
          SecretId: name,
          ...(versionId && { VersionId: versionId }),
          ...(versionStage && { VersionStage: versionStage }),
        }),
      );
      if (answer.SecretString === undefined) throw new Error("the secret is binary, expected a text");
      return answer.SecretString;
    },
    close: () => client.destroy(),
  };
}

/** Undefined: those of this process. */
async function credentialsOf(login: SecretsManagerLogin) {
  const { region, accessKeyId, secretAccessKey, sessionToken, roleArn, externalId } = login;
  if (accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  }
  if (!roleArn) return undefined;
  return assumeRole({ arn: roleArn, byWebIdentity: true, ...(externalId && { externalId }) }, region);
}
