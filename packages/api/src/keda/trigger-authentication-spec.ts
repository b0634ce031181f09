import { z } from "zod";

const parameter = z.string().describe("The setting of the trigger that gets the value.");

const PodIdentity = z.object({
  provider: z
    .enum(["azure-workload", "gcp", "aws", "aws-eks", "none"])
    .describe("Whose identity of pods is used instead of a secret."),
  identityId: z.string().optional().describe("Azure: id of the identity; the operator's own when left out."),
  identityTenantId: z.string().optional().describe("Azure: tenant of the identity; needs identityId."),
  identityAuthorityHost: z.string().optional().describe("Azure: host that gives tokens; needs identityTenantId."),
  roleArn: z.string().optional().describe("AWS: role to assume; not together with identityOwner."),
  externalID: z.string().optional().describe("AWS: external id that is sent when the role is assumed."),
  identityOwner: z
    .enum(["keda", "workload"])
    .optional()
    .describe("AWS: whose role is used, the operator's or that of the scaled workload."),
});

function valueFromSecret(description: string) {
  return z
    .object({
      valueFrom: z
        .object({
          secretKeyRef: z
            .object({
              name: z.string().describe("Name of the Secret."),
              key: z.string().describe("Key in the Secret."),
            })
            .describe("A key of a Secret."),
        })
        .describe("Where the value is."),
    })
    .describe(description);
}

function keyOf(what: string) {
  return z.object({
    parameter,
    name: z.string().describe(`Name of the ${what}.`),
    key: z.string().describe(`Key in the ${what}.`),
  });
}

const Environment = z.object({
  parameter,
  name: z.string().describe("Name of the environment variable of the workload."),
  containerName: z.string().optional().describe("The container that has the variable; the default one when left out."),
});

const VaultSecret = z.object({
  parameter,
  path: z.string().describe("Path of the secret in Vault."),
  key: z.string().describe("Key in the secret."),
  type: z.enum(["", "secretV2", "secret", "pki"]).optional().describe("Engine of the secret; found out when left out."),
  pkiData: z
    .object({
      commonName: z.string().optional().describe("Common name of the certificate."),
      altNames: z.string().optional().describe("Further names, separated by commas."),
      ipSans: z.string().optional().describe("Addresses, separated by commas."),
      uriSans: z.string().optional().describe("URIs, separated by commas."),
      otherSans: z.string().optional().describe("Other names, separated by commas."),
      ttl: z.string().optional().describe("For how long the certificate is asked for."),
      format: z.string().optional().describe("Format of the certificate."),
    })
    .optional()
    .describe("What certificate to ask for, with type pki."),
});

const HashiCorpVault = z.object({
  address: z.string().describe("URL of the Vault server."),
  authentication: z.enum(["token", "kubernetes"]).describe("How to log in."),
  namespace: z.string().optional().describe("Namespace in Vault."),
  role: z.string().optional().describe("Role to log in as, with kubernetes."),
  mount: z.string().optional().describe("Where the method is mounted, with kubernetes."),
  credential: z
    .object({
      token: z.string().optional().describe("The token, with token."),
      serviceAccount: z.string().optional().describe("Path of a service account's token file, with kubernetes."),
      serviceAccountName: z.string().optional().describe("Service account to get a token of, with kubernetes."),
    })
    .optional()
    .describe("What to log in with."),
  secrets: z.array(VaultSecret).min(1).describe("The values to read."),
});

const AzureKeyVault = z.object({
  vaultUri: z.string().describe("URI of the vault."),
  podIdentity: PodIdentity.optional().describe("The identity to read with."),
  credentials: z
    .object({
      clientId: z.string().describe("Id of the application."),
      tenantId: z.string().describe("Id of the tenant."),
      clientSecret: valueFromSecret("The application's secret."),
    })
    .optional()
    .describe("The application to read as."),
  cloud: z
    .object({
      type: z.string().describe("Name of the Azure cloud, or Private."),
      keyVaultResourceURL: z.string().optional().describe("Resource of the vaults of a private cloud."),
      activeDirectoryEndpoint: z.string().optional().describe("Where a private cloud gives tokens."),
    })
    .optional()
    .describe("The cloud that the vault is in; the public one when left out."),
  secrets: z
    .array(
      z.object({
        parameter,
        name: z.string().describe("Name of the secret."),
        version: z.string().optional().describe("Version of the secret; the newest when left out."),
      }),
    )
    .min(1)
    .describe("The values to read."),
});

const GcpSecretManager = z.object({
  podIdentity: PodIdentity.optional().describe("The identity to read with."),
  credentials: z
    .object({ clientSecret: valueFromSecret("The service account's key.") })
    .optional()
    .describe("The service account to read as."),
  secrets: z
    .array(
      z.object({
        parameter,
        id: z.string().describe("Id of the secret."),
        version: z.string().optional().describe("Version of the secret; the newest when left out."),
      }),
    )
    .min(1)
    .describe("The values to read."),
});

const AwsSecretManager = z.object({
  podIdentity: PodIdentity.optional().describe("The identity to read with."),
  credentials: z
    .object({
      accessKey: valueFromSecret("Id of the access key."),
      accessSecretKey: valueFromSecret("The access key's secret."),
      accessToken: valueFromSecret("Token of a session.").optional(),
    })
    .optional()
    .describe("The access key to read with."),
  region: z.string().optional().describe("Region of the secrets."),
  secrets: z
    .array(
      z.object({
        parameter,
        name: z.string().describe("Name of the secret."),
        secretKey: z.string().optional().describe("Key in a secret that is a JSON object."),
        versionId: z.string().optional().describe("Id of the version."),
        versionStage: z.string().optional().describe("Stage of the version; AWSCURRENT when left out."),
      }),
    )
    .min(1)
    .describe("The values to read."),
});

const OAuth2 = z.object({
  type: z.enum(["clientCredentials"]).default("clientCredentials").describe("The flow."),
  clientId: z.string().describe("Id of the client."),
  clientSecret: valueFromSecret("The client's secret.").optional(),
  tokenUrl: z.string().describe("Where tokens are given."),
  scopes: z.array(z.string()).optional().describe("Scopes to ask for."),
  tokenUrlParams: z.record(z.string(), z.string()).optional().describe("Further parameters of the request."),
});

/** Shared by TriggerAuthentication and ClusterTriggerAuthentication. */
export const TriggerAuthenticationSpec = z
  .object({
    podIdentity: PodIdentity.optional().describe("An identity that the platform gives to pods."),
    secretTargetRef: z.array(keyOf("Secret")).optional().describe("Values from Secrets."),
    configMapTargetRef: z.array(keyOf("ConfigMap")).optional().describe("Values from ConfigMaps."),
    env: z.array(Environment).optional().describe("Values from the environment of the scaled workload."),
    filePath: z
      .string()
      .optional()
      .describe("A file of the operator that holds all values as a JSON object of strings."),
    hashiCorpVault: HashiCorpVault.optional().describe("Values from HashiCorp Vault."),
    azureKeyVault: AzureKeyVault.optional().describe("Values from Azure Key Vault."),
    gcpSecretManager: GcpSecretManager.optional().describe("Values from Google Cloud's Secret Manager."),
    awsSecretManager: AwsSecretManager.optional().describe("Values from AWS Secrets Manager."),
    boundServiceAccountToken: z
      .array(z.object({ parameter, serviceAccountName: z.string().describe("Name of the service account.") }))
      .optional()
      .describe("Short-lived tokens of service accounts."),
    oauth2: OAuth2.optional().describe("A token that an OAuth2 server gives."),
  })
  .describe("Where the values come from.");
export type TriggerAuthenticationSpec = z.infer<typeof TriggerAuthenticationSpec>;

export const TriggerAuthenticationStatus = z
  .object({
    scaledobjects: z.string().optional().describe("Names of the ScaledObjects that refer to it, separated by commas."),
    scaledjobs: z.string().optional().describe("Names of the ScaledJobs that refer to it, separated by commas."),
  })
  .describe("Who uses it.");
