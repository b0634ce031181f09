import { existsSync, readFileSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { systemClock } from "./clock.ts";
import { type HttpCredentials, type HttpTransport, httpTransport } from "./http-transport.ts";

export interface KubeconfigOptions {
  /** A kubeconfig file. Default: the files of `KUBECONFIG`, then `~/.kube/config`, then the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** Default: its current context. */
  readonly context?: string | undefined;
}

export interface KubeconfigTransport extends HttpTransport {
  /** The namespace of the context, or `default`. */
  readonly namespace: string;
}

/** How long credentials are used before the kubeconfig's token file or plugin is asked again. */
const credentialsMs = 10_000;

/**
 * The transport that a kubeconfig describes, with all its ways to authenticate: certificates, tokens and token files,
 * exec plugins (`aws eks get-token`), OIDC. client-node is loaded at the first call.
 */
export async function kubeconfigTransport({
  kubeconfig,
  context,
}: KubeconfigOptions = {}): Promise<KubeconfigTransport> {
  if (kubeconfig !== undefined && !existsSync(kubeconfig)) {
    throw new Error(`kubeconfig: ${JSON.stringify(kubeconfig)}: no such file`);
  }
  const { KubeConfig } = await import("@kubernetes/client-node");
  const { parse } = await import("yaml");
  return transportOf(() => {
    const config = new KubeConfig();
    const source = kubeconfig ?? process.env.KUBECONFIG ?? "~/.kube/config";
    try {
      if (kubeconfig === undefined) config.loadFromDefault();
      else config.loadFromFile(kubeconfig);
    } catch (cause) {
      throw new Error(`kubeconfig: ${JSON.stringify(source)}: ${(cause as Error).message}`, { cause });
    }
    choose(config, context, source);
    readTokenFiles(config, filesOf(kubeconfig), parse);
    return config;
  });
}

/** The kubeconfig files that client-node reads. */
function filesOf(kubeconfig: string | undefined): string[] {
  const named = kubeconfig === undefined ? process.env.KUBECONFIG?.split(delimiter) : [kubeconfig];
  return (named ?? [join(homedir(), ".kube", "config")]).filter((file) => file && existsSync(file));
}

/** client-node (2.0) does not know a user's `tokenFile`, which kubectl prefers to `token`; its file reader serves. */
function readTokenFiles(config: KubeConfig, files: readonly string[], parse: (text: string) => unknown): void {
  for (const file of files) {
    const { users } = (parse(readFileSync(file, "utf8")) ?? {}) as {
      users?: { name?: string; user?: { tokenFile?: string } | null }[];
    };
    for (const { name, user } of users ?? []) {
      if (!user?.tokenFile) continue;
      const tokenFile = resolve(dirname(file), user.tokenFile);
      config.users = config.users.map((known) => {
        if (known.name !== name) return known;
        const { token: _, ...rest } = known;
        return { ...rest, authProvider: { name: "tokenFile", config: { tokenFile } } };
      });
    }
  }
}

/** The transport of a pod: its service account's token (read again as it is exchanged), CA and namespace. */
export async function inClusterTransport(): Promise<KubeconfigTransport> {
  if (!process.env.KUBERNETES_SERVICE_HOST || !process.env.KUBERNETES_SERVICE_PORT) {
    throw new Error(
      "KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT: not set, expected as in every pod; outside of one name a kubeconfig",
    );
  }
  const { KubeConfig } = await import("@kubernetes/client-node");
  return transportOf(() => {
    const config = new KubeConfig();
    config.loadFromCluster();
    return config;
  });
}

function choose(config: KubeConfig, context: string | undefined, source: string): void {
  if (context !== undefined) {
    const names = config.getContexts().map(({ name }) => name);
    if (!names.includes(context)) {
      throw new Error(
        `context: ${JSON.stringify(context)}, expected one of ${names.join(", ") || "none"} in ${source}`,
      );
    }
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster()) {
    throw new Error(
      `kubeconfig: ${JSON.stringify(source)}: context ${JSON.stringify(config.getCurrentContext())} names no cluster`,
    );
  }
}

function transportOf(load: () => KubeConfig): KubeconfigTransport {
  let config = load();
  let known: { readonly credentials: Promise<HttpCredentials>; readonly until: number } | undefined;
  const server = config.getCurrentCluster()?.server ?? "";
  const transport = httpTransport({
    server,
    credentials(refused) {
      const now = systemClock.now();
      // A plugin's answer is kept in the config until it expires; a refused one must be asked for again.
      if (refused) config = load();
      if (refused || !known || known.until <= now) {
        const credentials = credentialsOf(config);
        known = { credentials, until: now + credentialsMs };
        credentials.catch(() => {
          known = undefined;
        });
      }
      return known.credentials;
    },
  });
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
  return Object.assign(transport, { namespace });
}

async function credentialsOf(config: KubeConfig): Promise<HttpCredentials> {
  // client-node refuses plain HTTP unless told not to verify; kubectl takes it (a `kubectl proxy`).
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith("http:") ? { ...cluster, skipTLSVerify: true } : cluster,
  );
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value).trim();
  if (options.auth) headers.authorization ??= `Basic ${Buffer.from(options.auth).toString("base64")}`;
  const proxy = config.getCurrentCluster()?.proxyUrl;
  if (proxy?.startsWith("socks"))
    throw new Error(`proxy-url: ${JSON.stringify(proxy)}, expected an http or https proxy`);
  const { ca, cert, key, servername, rejectUnauthorized } = options;
  return {
    headers,
    ca: pem(ca),
    cert: pem(cert),
    key: pem(key),
    servername: servername || undefined,
    rejectUnauthorized,
    proxy,
  };
}

const pem = (value: unknown): string | Buffer | undefined =>
  typeof value === "string" || Buffer.isBuffer(value) ? value : undefined;
