import { stringify } from "yaml";

export interface KubeconfigFacts {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** PEM of the CA that signed the server's certificate. */
  readonly ca: string;
  readonly token: string;
  /** What the cluster, the user and the context are called. */
  readonly name: string;
}

/** A kubeconfig with one context, as YAML. */
export function kubeconfig({ url, ca, token, name }: KubeconfigFacts): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    "current-context": name,
    preferences: {},
  });
}
