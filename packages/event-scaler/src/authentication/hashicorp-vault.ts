import type { TriggerAuthenticationSpec } from "@bellows/api";
import type { Logger } from "@bellows/kube";
import type { Http } from "../http-client.ts";

type HashiCorpVault = NonNullable<TriggerAuthenticationSpec["hashiCorpVault"]>;
type VaultSecret = HashiCorpVault["secrets"][number];

export interface VaultSeams {
  readonly http: Http;
  readonly log: Logger;
  /** Goes before the token of the object (VAULT_TOKEN). */
  readonly vaultToken?: string | undefined;
  /** Where the object names none (VAULT_NAMESPACE). */
  readonly vaultNamespace?: string | undefined;
  readonly readFile?: ((path: string) => Promise<string>) | undefined;
  /** A token of a service account in the namespace of the scaled object. */
  readonly boundToken: (serviceAccountName: string) => Promise<string>;
}

const ownTokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";
const maxTokenFileBytes = 1 << 20;

/**
 * The parameters that a Vault server holds. Each path is read once, also where several keys of it are asked for. What
 * can't be read is an empty text and is logged.
 * @throws where the login fails
 */
export async function readVault(vault: HashiCorpVault, seams: VaultSeams): Promise<Record<string, string>> {
  const namespace = vault.namespace || seams.vaultNamespace;
  const anonymous = new VaultServer({ ...vault, ...(namespace && { namespace }) }, seams.http);
  const token = await login(vault, anonymous, seams);
  const server = anonymous.with(token);
  const self = (await server.call("GET", "auth/token/lookup-self")).data;
  // A token that is renewed lives on for the next time. Where it can't be, this time it is good still.
  if (self?.["renewable"] === true) await server.call("PUT", "auth/token/renew-self", {}).catch(() => undefined);

  const answers = new Map<string, Promise<VaultData | undefined>>();
  const parameters: Record<string, string> = {};
  for (const secret of vault.secrets) {
    const group = JSON.stringify([secret.type ?? "", secret.path, secret.pkiData ?? {}]);
    const answer = answers.get(group) ?? readSecret(server, secret);
    answers.set(group, answer);
    try {
      const data = await answer;
      parameters[secret.parameter] = data ? valueIn(data, secret) : "";
      if (!data) throw new Error("no such secret");
    } catch (error) {
      parameters[secret.parameter] ??= "";
      const { parameter, path } = secret;
      seams.log.warn("secret of vault not read", { parameter, path, error: (error as Error).message });
    }
  }
  return parameters;
}

type VaultData = Readonly<Record<string, unknown>>;

interface VaultAnswer {
  readonly data?: VaultData;
  readonly auth?: { readonly client_token?: string };
}

class VaultServer {
  readonly #vault: HashiCorpVault;
  readonly #http: Http;
  readonly #token: string;

  constructor(vault: HashiCorpVault, http: Http, token = "") {
    this.#vault = vault;
    this.#http = http;
    this.#token = token;
  }

  with(token: string): VaultServer {
    return new VaultServer(this.#vault, this.#http, token);
  }

  /** An answer that says "not found" is an empty one. The messages hold what Vault says, and nothing that was sent. */
  async call(method: "GET" | "PUT", path: string, body?: object): Promise<VaultAnswer> {
    const { address, namespace } = this.#vault;
    const url = `${address.replace(/\/+$/, "")}/v1/${path.replace(/^\/+/, "")}`;
    const { status, body: text } = await this.#http({
      method,
      url,
      headers: {
        accept: "application/json",
        "x-vault-request": "true",
        ...(this.#token && { "x-vault-token": this.#token }),
        ...(namespace && { "x-vault-namespace": namespace }),
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = parsed(text);
    if (status === 404) return {};
    if (status < 200 || status > 299) {
      const { errors } = answer as { errors?: unknown };
      const said = Array.isArray(errors) ? errors.join("; ") : "";
      throw new Error(`Vault: ${method} ${url} answered ${status}${said && `: ${said}`}`);
    }
    return answer as VaultAnswer;
  }
}

function parsed(text: string): object {
  try {
    return (JSON.parse(text || "{}") as object | null) ?? {};
  } catch {
    return {};
  }
}

async function login(vault: HashiCorpVault, server: VaultServer, seams: VaultSeams): Promise<string> {
  switch (vault.authentication) {
    case "token": {
      const token = seams.vaultToken || vault.credential?.token;
      if (!token) throw new Error("could not get Vault token: spec.hashiCorpVault.credential.token is empty");
      return token;
    }
    case "kubernetes": {
      if (!vault.mount) throw new Error("auth mount not in config: spec.hashiCorpVault.mount is empty");
      if (!vault.role) throw new Error("k8s role not in config: spec.hashiCorpVault.role is empty");
      const jwt = await serviceAccountToken(vault.credential, seams);
      const answer = await server.call("PUT", `auth/${vault.mount}/login`, { jwt, role: vault.role });
      const token = answer.auth?.client_token;
      if (!token) throw new Error(`Vault: auth/${vault.mount}/login gave no token`);
      return token;
    }
    default:
      throw new Error(
        `vault auth method ${String(vault.authentication)} is not supported, expected token or kubernetes`,
      );
  }
}

async function serviceAccountToken(credential: HashiCorpVault["credential"], seams: VaultSeams): Promise<string> {
  const { serviceAccount, serviceAccountName } = credential ?? { serviceAccount: ownTokenFile };
  if (serviceAccountName) return seams.boundToken(serviceAccountName);
  if (!serviceAccount) throw new Error("k8s SA file not in config or serviceAccountName not supplied");
  if (!seams.readFile) throw new Error(`service account token file ${serviceAccount}: files are not set up`);
  const token = await seams.readFile(serviceAccount);
  if (token.length > maxTokenFileBytes) {
    throw new Error(`service account token file ${serviceAccount} exceeds maximum size of ${maxTokenFileBytes} bytes`);
  }
  checkServiceAccountToken(token);
  return token;
}

/** So that no other file of this machine is sent to whoever has the address. */
function checkServiceAccountToken(token: string): void {
  const claims = token.trim().split(".");
  let subject: unknown;
  try {
    if (claims.length !== 3) throw new Error();
    subject = (JSON.parse(Buffer.from(claims[1] as string, "base64url").toString("utf8")) as { sub?: unknown }).sub;
  } catch {
    throw new Error("error validating token: the file holds no JSON web token");
  }
  if (typeof subject !== "string" || !subject.startsWith("system:serviceaccount:")) {
    throw new Error("error validating token: subject isn't a service account");
  }
}

async function readSecret(
  server: VaultServer,
  { type = "", path, pkiData }: VaultSecret,
): Promise<VaultData | undefined> {
  switch (type) {
    case "pki":
      return (await server.call("PUT", path, pkiRequest(pkiData ?? {}))).data;
    case "":
    case "secret":
    case "secretV2":
      return (await server.call("GET", path)).data;
    default:
      throw new Error(`unsupported vault secret type ${String(type)}, expected secret, secretV2 or pki`);
  }
}

function pkiRequest(data: NonNullable<VaultSecret["pkiData"]>): Record<string, string> {
  const fields = {
    common_name: data.commonName,
    alt_names: data.altNames,
    ip_sans: data.ipSans,
    uri_sans: data.uriSans,
    other_sans: data.otherSans,
    ttl: data.ttl,
    format: data.format,
  };
  return Object.fromEntries(Object.entries(fields).filter((entry): entry is [string, string] => Boolean(entry[1])));
}

/** Version 2 of the key/value engine wraps the values in a further `data`. */
function valueIn(data: VaultData, { type = "", key }: VaultSecret): string {
  const isV2 = type === "secretV2" || (type === "" && "data" in data);
  const values = isV2 ? data["data"] : data;
  if (typeof values !== "object" || values === null) return "";
  const value = (values as VaultData)[key];
  if (value === undefined) throw new Error(`key '${key}' not found`);
  if (type === "pki" && key === "ca_chain") {
    if (!Array.isArray(value)) throw new Error(`key '${key}' is no list`);
    return value.join("\n");
  }
  if (typeof value !== "string") throw new Error(`key '${key}' is ${typeof value}, expected a text`);
  return value;
}
