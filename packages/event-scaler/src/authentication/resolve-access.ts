import {
  type AuthenticationRef,
  ClusterTriggerAuthentication,
  type Kind,
  type KubernetesObject,
  specProblem,
  TriggerAuthentication,
  type TriggerAuthenticationSpec,
} from "@bellows/api";
import type { Client, Clock, Logger } from "@bellows/kube";
import type { PodIdentity } from "@bellows/triggers";
import { type Http, httpClient } from "../http-client.ts";
import type { ResolveAccess, TriggerAccess } from "../scaling.ts";
import { readAuthenticationFile } from "./authentication-file.ts";
import { openSecretsManager } from "./aws-sdk.ts";
import { type OpenSecretsManager, readAwsSecretManager } from "./aws-secret-manager.ts";
import { containerEnvironment } from "./container-environment.ts";
import { readVault } from "./hashicorp-vault.ts";
import { type References, readReferences } from "./references.ts";
import { boundToken, roleOfServiceAccount } from "./service-account.ts";
import { readTargetPod, type TargetPod } from "./target-pod.ts";

export interface AccessOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where ClusterTriggerAuthentications have their Secrets (KEDA_CLUSTER_OBJECT_NAMESPACE); default `keda`. */
  readonly clusterObjectNamespace?: string;
  /** Secrets are read from the cluster object namespace only (KEDA_RESTRICT_SECRET_ACCESS); default false. */
  readonly restrictSecretAccess?: boolean;
  /** The folder that `filePath` is below (--filepath-auth-root-path); without it `filePath` is refused. */
  readonly filePathAuthRootPath?: string;
  /** How long a bound service account token is valid (KEDA_BOUND_SERVICE_ACCOUNT_TOKEN_EXPIRY); default an hour. */
  readonly boundServiceAccountTokenExpiryMs?: number;
  /** Reads a file of this machine whole. Without it, sources in files are refused. */
  readonly readFile?: (path: string) => Promise<string>;
  /** How Vault is reached; default: by HTTP. */
  readonly http?: Http;
  /** A token for Vault that goes before that of the objects (VAULT_TOKEN). */
  readonly vaultToken?: string;
  /** The namespace of Vault where an object names none (VAULT_NAMESPACE). */
  readonly vaultNamespace?: string;
  /** How AWS Secrets Manager is reached; default: the AWS SDK, loaded on first use. */
  readonly openSecretsManager?: OpenSecretsManager;
}

/** As the client of Vault itself. */
const vaultTimeoutMs = 60_000;
const minTokenExpiryMs = 3_600_000;
const maxTokenExpiryMs = 6 * 3_600_000;

/**
 * What triggers of this process find their credentials and environment by. Sources are read in KEDA's order, and a later
 * one wins: environment, file (then nothing else), ConfigMaps, Secrets, Vault, AWS Secrets Manager, bound tokens, OAuth2.
 * A value that isn't there is an empty text and is logged, as upstream: the trigger says whether it needs it.
 * @throws RangeError  for a token expiry that isn't between one and six hours
 */
export function createResolveAccess(options: AccessOptions): ResolveAccess {
  const {
    client,
    clusterObjectNamespace = "keda",
    boundServiceAccountTokenExpiryMs: expiry = minTokenExpiryMs,
  } = options;
  if (!(expiry >= minTokenExpiryMs && expiry <= maxTokenExpiryMs)) {
    throw new RangeError(`bound service account token expiry: ${expiry} ms, must be between 1h and 6h`);
  }
  const references = readReferences(client, options.restrictSecretAccess ? clusterObjectNamespace : undefined);
  const http = options.http ?? httpClient("Vault", options.clock, vaultTimeoutMs);
  return async (object, trigger) => {
    const namespace = object.metadata.namespace as string;
    const target = await readTargetPod(object, client);
    const resolvedEnv = target ? await targetEnvironment(target, namespace, references) : {};
    const ref = trigger.authenticationRef;
    const resolution = new Resolution({
      ...options,
      http,
      expiry,
      clusterObjectNamespace,
      references,
      namespace,
      target,
    });
    const access = ref?.name ? await resolution.of(ref) : noAccess;
    const { missing } = resolution;
    return { ...access, resolvedEnv, ...(missing.length > 0 && { missing }) };
  };
}

type Access = Omit<TriggerAccess, "resolvedEnv">;

const noAccess: Access = { authParams: {}, podIdentity: { provider: "none" } };

async function targetEnvironment({ podSpec, containerName }: TargetPod, namespace: string, references: References) {
  try {
    return await containerEnvironment(podSpec, containerName, namespace, references);
  } catch (error) {
    throw new Error(`error resolving secrets for ScaleTarget: ${(error as Error).message}`, { cause: error });
  }
}

interface ResolutionOptions extends AccessOptions {
  readonly http: Http;
  readonly expiry: number;
  readonly clusterObjectNamespace: string;
  readonly references: References;
  /** Of the scaled object. */
  readonly namespace: string;
  readonly target: TargetPod | undefined;
}

/** Where the definition is another one, or was when the object was stored, anything may be there. */
function checkForm<T extends KubernetesObject & { readonly spec?: unknown }>(kind: Kind<T>, object: T): void {
  const malformed = specProblem(kind, object);
  if (malformed !== undefined) throw new Error(`${kind.kind} ${JSON.stringify(object.metadata.name)}: ${malformed}`);
}

/** Follows one authenticationRef. */
class Resolution {
  readonly #options: ResolutionOptions;
  /** What isn't there, for the owner of the trigger. */
  readonly missing: string[] = [];

  constructor(options: ResolutionOptions) {
    this.#options = options;
  }

  async of(ref: AuthenticationRef): Promise<Access> {
    const found = await this.#find(ref);
    if (!found) {
      const { kind = "TriggerAuthentication", name } = ref;
      const { namespace, log } = this.#options;
      log.warn("authentication of a trigger not found", { kind, name, "referring-namespace": namespace });
      this.missing.push(`${kind} ${JSON.stringify(name)} not found`);
      return noAccess;
    }
    const podIdentity: PodIdentity = found.spec.podIdentity ?? { provider: "none" };
    const authParams = await this.#parameters(found.spec, ref, found.namespace);
    return { authParams: { ...authParams, ...(await this.#roleOf(podIdentity)) }, podIdentity };
  }

  /** The spec, and the namespace that its references are in. */
  async #find(ref: AuthenticationRef): Promise<{ spec: TriggerAuthenticationSpec; namespace: string } | undefined> {
    const { client, namespace, clusterObjectNamespace } = this.#options;
    const { kind = "TriggerAuthentication", name } = ref;
    if (kind === "ClusterTriggerAuthentication") {
      const found = await client.find(ClusterTriggerAuthentication, { name });
      if (found) checkForm(ClusterTriggerAuthentication, found);
      return found && { spec: found.spec, namespace: clusterObjectNamespace };
    }
    if (kind !== "TriggerAuthentication") throw new Error(`unknown trigger auth kind ${String(kind)}`);
    const found = await client.find(TriggerAuthentication, { namespace, name });
    if (found) checkForm(TriggerAuthentication, found);
    return found && { spec: found.spec, namespace };
  }

  async #parameters(spec: TriggerAuthenticationSpec, ref: AuthenticationRef, namespace: string) {
    const parameters: Record<string, string> = await this.#fromEnvironment(spec);
    if (spec.filePath) {
      if (ref.kind !== "ClusterTriggerAuthentication") {
        throw new Error(`filePath is only supported for ClusterTriggerAuthentication, got kind: ${ref.kind ?? ""}`);
      }
      const { filePathAuthRootPath, readFile } = this.#options;
      return readAuthenticationFile(spec.filePath, filePathAuthRootPath, readFile);
    }
    for (const { parameter, name, key } of spec.configMapTargetRef ?? []) {
      parameters[parameter] = await this.#valueOf(parameter, "ConfigMap", namespace, name, key);
    }
    for (const { parameter, name, key } of spec.secretTargetRef ?? []) {
      parameters[parameter] = await this.#valueOf(parameter, "Secret", namespace, name, key);
    }
    if (spec.hashiCorpVault?.secrets.length) Object.assign(parameters, await this.#fromVault(spec.hashiCorpVault));
    this.#refuseOtherClouds(spec);
    if (spec.awsSecretManager?.secrets.length) {
      Object.assign(parameters, await this.#fromAws(spec.awsSecretManager, ref, namespace));
    }
    for (const { parameter, serviceAccountName } of spec.boundServiceAccountToken ?? []) {
      parameters[parameter] = await this.#boundToken(namespace, serviceAccountName);
    }
    if (spec.oauth2) Object.assign(parameters, await this.#oauth2(spec.oauth2, namespace));
    return parameters;
  }

  /** A container without the variable, or that can't be read, gives an empty text. */
  async #fromEnvironment({ env = [] }: TriggerAuthenticationSpec): Promise<Record<string, string>> {
    const { target, namespace, references, log } = this.#options;
    const parameters: Record<string, string> = {};
    for (const { parameter, name, containerName } of env) {
      try {
        const values = target && (await containerEnvironment(target.podSpec, containerName, namespace, references));
        parameters[parameter] = values?.[name] ?? "";
        if (target && values?.[name] === undefined) {
          this.missing.push(`parameter ${parameter}: no variable ${JSON.stringify(name)} in the container`);
        }
      } catch (error) {
        parameters[parameter] = "";
        log.warn("environment of a trigger not read", { parameter, name, error: (error as Error).message });
        this.missing.push(`parameter ${parameter}: ${(error as Error).message}`);
      }
    }
    return parameters;
  }

  async #valueOf(
    parameter: string,
    kind: "ConfigMap" | "Secret",
    namespace: string,
    name: string,
    key: string,
  ): Promise<string> {
    const { references, log } = this.#options;
    const isSecret = kind === "Secret";
    const from = isSecret ? references.secretNamespace(namespace) : namespace;
    try {
      const values = await (isSecret ? references.secret(namespace, name) : references.configMap(namespace, name));
      const value = values?.[key];
      if (value !== undefined) return value;
      const found = values ? "no such key" : "no such object";
      log.warn("parameter of a trigger not found", { kind, namespace: from, name, key, found });
      const where = values
        ? `no key ${JSON.stringify(key)} in ${kind} ${JSON.stringify(name)}`
        : `no ${kind} ${JSON.stringify(name)}`;
      this.missing.push(`parameter ${parameter}: ${where} of namespace ${from}`);
    } catch (error) {
      log.warn("parameter of a trigger not read", {
        kind,
        namespace: from,
        name,
        key,
        error: (error as Error).message,
      });
      this.missing.push(`parameter ${parameter}: ${(error as Error).message}`);
    }
    return "";
  }

  #fromVault(vault: NonNullable<TriggerAuthenticationSpec["hashiCorpVault"]>): Promise<Record<string, string>> {
    const { http, log, vaultToken, vaultNamespace, readFile, client, namespace, expiry } = this.#options;
    return readVault(vault, {
      http,
      log,
      vaultToken,
      vaultNamespace,
      readFile,
      boundToken: (serviceAccountName) => boundToken(client, namespace, serviceAccountName, expiry),
    });
  }

  #refuseOtherClouds({ azureKeyVault, gcpSecretManager }: TriggerAuthenticationSpec): void {
    const other = azureKeyVault?.secrets.length
      ? "azureKeyVault"
      : gcpSecretManager?.secrets.length && "gcpSecretManager";
    if (other)
      throw new Error(`spec.${other}: not supported, expected hashiCorpVault, awsSecretManager or secretTargetRef`);
  }

  /** What can't be logged in to gives no values, as upstream. */
  async #fromAws(
    manager: NonNullable<TriggerAuthenticationSpec["awsSecretManager"]>,
    ref: AuthenticationRef,
    namespace: string,
  ): Promise<Record<string, string>> {
    const { references, target, log } = this.#options;
    try {
      return await readAwsSecretManager(manager, {
        open: this.#options.openSecretsManager ?? openSecretsManager,
        log,
        secretValue: (name, key) => this.#valueOf("awsSecretManager", "Secret", namespace, name, key),
        workloadRole: () => roleOfServiceAccount(references, namespace, target?.podSpec.serviceAccountName, true),
      });
    } catch (error) {
      log.warn("aws secrets manager not read", { authentication: ref.name, error: (error as Error).message });
      this.missing.push(`awsSecretManager: ${(error as Error).message}`);
      return {};
    }
  }

  async #boundToken(namespace: string, serviceAccountName: string): Promise<string> {
    const { client, expiry, log } = this.#options;
    try {
      return await boundToken(client, namespace, serviceAccountName, expiry);
    } catch (error) {
      log.warn("token of a service account not created", {
        namespace,
        "service-account": serviceAccountName,
        error: (error as Error).message,
      });
      this.missing.push(`token of ServiceAccount ${JSON.stringify(serviceAccountName)}: ${(error as Error).message}`);
      return "";
    }
  }

  async #oauth2(oauth2: NonNullable<TriggerAuthenticationSpec["oauth2"]>, namespace: string) {
    const { clientId, clientSecret, tokenUrl, scopes, tokenUrlParams } = oauth2;
    const secret = clientSecret?.valueFrom.secretKeyRef;
    const parameters: Record<string, string> = {
      oauthTokenURI: tokenUrl,
      clientID: clientId,
      clientSecret: secret ? await this.#valueOf("clientSecret", "Secret", namespace, secret.name, secret.key) : "",
    };
    if (scopes?.length) parameters["scopes"] = scopes.join(",");
    const extra = Object.entries(tokenUrlParams ?? {}).sort(([left], [right]) => (left < right ? -1 : 1));
    if (extra.length > 0) parameters["endpointParams"] = new URLSearchParams(extra).toString();
    return parameters;
  }

  /** The role of AWS that is to be assumed, for a trigger whose target has pods. */
  async #roleOf(identity: PodIdentity): Promise<Record<string, string>> {
    const { target, references, namespace, log } = this.#options;
    if (!target) return {};
    const account = target.podSpec.serviceAccountName;
    switch (identity.provider) {
      case "aws": {
        const workload = identity.identityOwner === "workload";
        if (identity.roleArn !== undefined && workload) {
          const { identityOwner } = identity;
          throw new Error(`roleArn can't be set if KEDA isn't identity owner, current value: '${identityOwner}'`);
        }
        if (workload) return { awsRoleArn: await roleOfServiceAccount(references, namespace, account, true) };
        return identity.roleArn === undefined ? {} : { awsRoleArn: identity.roleArn };
      }
      case "aws-eks":
        log.warn("pod identity aws-eks is deprecated, use aws", { namespace });
        return { awsRoleArn: await roleOfServiceAccount(references, namespace, account, false) };
      case "azure-workload":
        if (identity.identityId === "") throw new Error("IdentityID of PodIdentity should not be empty");
        return {};
      default:
        return {};
    }
  }
}
