import { type KubernetesObject, ServiceAccount } from "@bellows/api";
import type { Client } from "@bellows/kube";
import type { References } from "./references.ts";

/** Which role of AWS the pods of a service account have. */
export const roleArnAnnotation = "eks.amazonaws.com/role-arn";

interface TokenRequest extends KubernetesObject {
  readonly spec?: { readonly expirationSeconds: number; readonly audiences: readonly string[] };
  readonly status?: { readonly token: string };
}

/** A token of a service account that ends by itself. */
export async function boundToken(client: Client, namespace: string, name: string, validMs: number): Promise<string> {
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    spec: { audiences: [], expirationSeconds: Math.floor(validMs / 1000) },
  };
  const answer = await client.createSub<typeof request, TokenRequest>(
    ServiceAccount as never,
    { namespace, name },
    "token",
    request,
  );
  return answer.status?.token ?? "";
}

/**
 * The role of AWS that a service account has by its annotation; `default` for an empty name.
 * @throws where there is no such account, or no annotation although one is required
 */
export async function roleOfServiceAccount(
  references: References,
  namespace: string,
  name: string | undefined,
  required: boolean,
): Promise<string> {
  const accountName = name || "default";
  const account = await references.serviceAccount(namespace, accountName);
  const problem = (text: string) => new Error(`error getting service account: '${accountName}', error: ${text}`);
  if (!account) throw problem(`not found in namespace "${namespace}"`);
  const role = account.metadata.annotations?.[roleArnAnnotation];
  if (role === undefined && required) throw problem(`annotation '${roleArnAnnotation}' not found`);
  return role ?? "";
}
