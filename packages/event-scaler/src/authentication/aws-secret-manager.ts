import type { TriggerAuthenticationSpec } from "@bellows/api";
import type { Logger } from "@bellows/kube";

type AwsSecretManager = NonNullable<TriggerAuthenticationSpec["awsSecretManager"]>;

/** What AWS Secrets Manager is opened with. Without keys: the identity of this process, or of the role. */
export interface SecretsManagerLogin {
  readonly region: string | undefined;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
  readonly sessionToken?: string;
  readonly roleArn?: string;
  readonly externalId?: string;
}

export interface SecretsManager {
  /** The text of a secret. */
  getSecretValue(name: string, versionId: string | undefined, versionStage: string | undefined): Promise<string>;
  close(): void;
}

export type OpenSecretsManager = (login: SecretsManagerLogin) => Promise<SecretsManager>;

export interface AwsSeams {
  readonly open: OpenSecretsManager;
  readonly log: Logger;
  /** A value of a Secret; an empty text where it isn't there. */
  readonly secretValue: (name: string, key: string) => Promise<string>;
  /** The role of the scaled workload's service account. */
  readonly workloadRole: () => Promise<string>;
}

/**
 * The parameters that AWS Secrets Manager holds. What can't be read is left out and logged.
 * @throws where there is nothing to log in with
 */
export async function readAwsSecretManager(
  manager: AwsSecretManager,
  seams: AwsSeams,
): Promise<Record<string, string>> {
  const service = await seams.open(await loginOf(manager, seams));
  const parameters: Record<string, string> = {};
  try {
    for (const { parameter, name, secretKey, versionId, versionStage } of manager.secrets) {
      try {
        const text = await service.getSecretValue(name, versionId || undefined, versionStage || undefined);
        parameters[parameter] = secretKey ? valueIn(text, secretKey) : text;
      } catch (error) {
        const problem = (error as Error).message;
        seams.log.warn("secret of aws secrets manager not read", { parameter, name, versionId, versionStage, problem });
      }
    }
  } finally {
    service.close();
  }
  return parameters;
}

async function loginOf(manager: AwsSecretManager, seams: AwsSeams): Promise<SecretsManagerLogin> {
  const { credentials, podIdentity } = manager;
  const region = manager.region || undefined;
  switch (podIdentity?.provider) {
    case undefined:
    case "none": {
      const [accessKeyId, secretAccessKey, sessionToken] = await Promise.all([
        readValue(credentials?.accessKey, seams),
        readValue(credentials?.accessSecretKey, seams),
        readValue(credentials?.accessToken, seams),
      ]);
      if (!accessKeyId || !secretAccessKey) {
        throw new Error("AccessKeyID and AccessSecretKey are expected when not using a pod identity provider");
      }
      return { region, accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
    }
    case "aws": {
      const workload = podIdentity.identityOwner === "workload";
      const roleArn = workload ? await seams.workloadRole() : podIdentity.roleArn;
      return {
        region,
        ...(roleArn && { roleArn }),
        ...(podIdentity.externalID && { externalId: podIdentity.externalID }),
      };
    }
    default:
      throw new Error(`pod identity provider ${podIdentity?.provider} not supported, expected aws`);
  }
}

type ValueFromSecret = NonNullable<AwsSecretManager["credentials"]>["accessKey"];

async function readValue(from: ValueFromSecret | undefined, seams: AwsSeams): Promise<string> {
  if (!from) return "";
  const { name, key } = from.valueFrom.secretKeyRef;
  return seams.secretValue(name, key);
}

/** The parser's own messages quote the text, which is secret. */
function valueIn(text: string, key: string): string {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error("the secret is no JSON, expected an object because secretKey is set");
  }
  const value = (found as Record<string, unknown> | null)?.[key];
  if (value === undefined) throw new Error(`SecretKey Not Found: ${JSON.stringify(key)}`);
  if (typeof value !== "string") throw new Error(`SecretKey value is not a string: ${JSON.stringify(key)}`);
  return value;
}
