import { randomUuid, timestamp } from "@bellows/kube";
import { signServiceAccountToken } from "../access/access.ts";
import { record } from "../api-object.ts";
import { bodyOf } from "../rest/body.ts";
import { existing } from "../rest/read.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { badRequest, conflict, type FieldError, invalid, notFound } from "../status-error.ts";

interface TokenRequestSpec {
  readonly audiences?: readonly string[];
  readonly expirationSeconds?: number;
  readonly boundObjectRef?: {
    readonly apiVersion?: string;
    readonly kind?: string;
    readonly name?: string;
    readonly uid?: string;
  };
}

/** POST of an authentication.k8s.io/v1 TokenRequest (`kubectl create token`). */
export function createToken(scope: RequestScope): unknown {
  const { resource, namespace = "", name, parts } = scope;
  const account = existing(resource, namespace, name as string);
  const request = bodyOf(scope.request, { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" });
  const spec = record(request.spec) as TokenRequestSpec;
  const { expirationSeconds = 3600, boundObjectRef } = spec;
  check(expirationSeconds);
  if (boundObjectRef && !["Pod", "Secret", "Node"].includes(boundObjectRef.kind ?? ""))
    throw badRequest(
      `cannot bind token to object of type ${groupVersionOf(boundObjectRef.apiVersion)}, Kind=${boundObjectRef.kind ?? ""}`,
    );
  const pod = boundObjectRef?.kind === "Pod" ? boundPod(scope, boundObjectRef) : undefined;
  const audiences = spec.audiences?.length ? spec.audiences : [parts.tokenKey.issuer];
  const status = signServiceAccountToken(
    {
      namespace,
      serviceAccount: { name: account.metadata.name, uid: account.metadata.uid as string },
      audiences,
      expirationSeconds,
      pod,
      id: randomUuid(parts.random),
    },
    parts.tokenKey,
    parts.clock.now(),
  );
  return {
    kind: "TokenRequest",
    apiVersion: "authentication.k8s.io/v1",
    metadata: { name, namespace, creationTimestamp: timestamp(parts.clock.now()) },
    spec: { audiences, expirationSeconds, boundObjectRef: boundObjectRef ?? null },
    status,
  };
}

/** As Go prints a group and version: `apps/v1`, `/v1`. */
const groupVersionOf = (apiVersion = ""): string => (apiVersion.includes("/") ? apiVersion : `/${apiVersion}`);

/** Ten minutes, and what fits 32 bits. */
const shortest = 600;
const longest = 2 ** 32;

function check(expirationSeconds: number): void {
  const refuse = (message: string): FieldError => ({
    reason: "FieldValueInvalid",
    field: "spec.expirationSeconds",
    message: `Invalid value: ${expirationSeconds}: ${message}`,
  });
  if (expirationSeconds < shortest)
    throw invalid("authentication.k8s.io", "TokenRequest", "", [
      refuse("may not specify a duration less than 10 minutes"),
    ]);
  if (expirationSeconds > longest)
    throw invalid("authentication.k8s.io", "TokenRequest", "", [
      refuse("may not specify a duration larger than 2^32 seconds"),
    ]);
}

function boundPod(scope: RequestScope, { name = "", uid }: NonNullable<TokenRequestSpec["boundObjectRef"]>) {
  const pod = scope.parts.store.collection("/pods").get(`${scope.namespace}/${name}`);
  if (!pod) throw notFound({ group: "", resource: "pods" }, name);
  if (uid && uid !== pod.metadata.uid)
    throw conflict(
      { group: "", resource: "Pod" },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  return { name, uid: pod.metadata.uid as string };
}
