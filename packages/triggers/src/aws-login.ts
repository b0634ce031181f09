import { text } from "./metadata.ts";
import { type TriggerConfig, TriggerError } from "./trigger.ts";

/** Who asks AWS. Without keys and role: this process. */
export interface AwsLogin {
  readonly region: string;
  readonly keys?: AwsKeys;
  readonly role?: AwsRole;
}

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsRole {
  readonly arn: string;
  readonly externalId?: string;
  /** It is tried first whether the token of this process's service account is enough to take the role. */
  readonly byWebIdentity: boolean;
}

const fromAuth = ["authParams"] as const;

/** Who a trigger asks AWS as, without podIdentity. */
export const awsIdentityParameters = {
  identityOwner: text()
    .optional()
    .meta({ description: "Without podIdentity; operator: this process's own identity. Default: keys or awsRoleArn." }),
  awsRoleArn: text().optional().meta({ from: fromAuth, description: "Role to assume, without podIdentity." }),
  awsAccessKeyID: text()
    .optional()
    .meta({
      names: ["awsAccessKeyID", "awsAccessKeyId"],
      from: ["authParams", "triggerMetadata", "resolvedEnv"],
      description: "Access key, without podIdentity.",
    }),
  awsSecretAccessKey: text()
    .optional()
    .meta({ from: ["authParams", "resolvedEnv"], description: "The key's secret." }),
  awsSessionToken: text().optional().meta({ from: fromAuth, description: "The session of a temporary key." }),
};

/** The parameters of every trigger that asks a service of AWS. */
export const awsParameters = {
  awsRegion: text().meta({ from: ["triggerMetadata", "authParams"], description: "Region of AWS." }),
  awsEndpoint: text().optional().meta({ description: "URL of the service, instead of the region's." }),
  ...awsIdentityParameters,
};

/**
 * Who asks AWS for a trigger.
 * @throws TriggerError  where keys are expected and not there
 */
export function awsLogin(region: string, config: TriggerConfig): AwsLogin {
  const { podIdentity, metadata, authParams } = config;
  const { identityOwner = "" } = metadata;
  if (podIdentity.provider === "aws") {
    const { roleArn, externalID } = podIdentity;
    // The other's id goes with the role that it was given for.
    if (roleArn) return { region, role: roleOf(roleArn, true, externalID) };
    return { region, ...(authParams["awsRoleArn"] && { role: roleOf(authParams["awsRoleArn"], true) }) };
  }
  if (identityOwner !== "" && identityOwner !== "pod") return { region };
  if (authParams["awsRoleArn"]) return { region, role: roleOf(authParams["awsRoleArn"], false) };
  return { region, keys: keysOf(config) };
}

const roleOf = (arn: string, byWebIdentity: boolean, externalId?: string): AwsRole => ({
  arn,
  byWebIdentity,
  ...(externalId && { externalId }),
});

function keysOf({ metadata, authParams, resolvedEnv }: TriggerConfig): AwsKeys {
  const fromAuthentication = authParams["awsAccessKeyID"] || authParams["awsAccessKeyId"];
  if (fromAuthentication) {
    const sessionToken = authParams["awsSessionToken"];
    return {
      accessKeyId: fromAuthentication,
      secretAccessKey: secretOf(authParams["awsSecretAccessKey"]),
      ...(sessionToken && { sessionToken }),
    };
  }
  const accessKeyId = metadata["awsAccessKeyID"] || resolvedEnv[metadata["awsAccessKeyIDFromEnv"] ?? ""];
  if (!accessKeyId) throw new TriggerError("awsAccessKeyID not found");
  return { accessKeyId, secretAccessKey: secretOf(resolvedEnv[metadata["awsSecretAccessKeyFromEnv"] ?? ""]) };
}

function secretOf(secret: string | undefined): string {
  if (!secret) throw new TriggerError("awsSecretAccessKey not found");
  return secret;
}
