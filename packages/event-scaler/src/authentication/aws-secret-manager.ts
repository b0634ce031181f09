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
