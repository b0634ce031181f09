import { type KeyObject, sign, verify } from "node:crypto";
import type { UserInfo } from "../api-request.ts";

/** The key pair (P-256) that tokens of service accounts are signed with, and who says so. */
export interface TokenKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Names the key in a token's header. */
  readonly id: string;
  /** `https://kubernetes.default.svc.cluster.local`, which is also the audience when none is asked for. */
  readonly issuer: string;
}

export interface ServiceAccountTokenRequest {
  readonly namespace: string;
  readonly serviceAccount: { readonly name: string; readonly uid: string };
  readonly audiences?: readonly string[];
  /** At least 600; 3600 unless given. */
  readonly expirationSeconds?: number;
  /** Binds the token to a pod: it is worthless once the pod is gone. */
  readonly pod?: { readonly name: string; readonly uid: string } | undefined;
  readonly node?: { readonly name: string; readonly uid?: string } | undefined;
  /** A unique id, as chance is passed in. */
  readonly id: string;
}

interface Claims {
  aud: string[];
  exp: number;
  iat: number;
  iss: string;
  jti: string;
  nbf: number;
  sub: string;
  "kubernetes.io": {
    namespace: string;
    serviceaccount: { name: string; uid: string };
    pod?: { name: string; uid: string };
    node?: { name: string; uid?: string };
  };
}

/** A token that is not valid, with the reason. */
export class TokenError extends Error {
  override readonly name = "TokenError";
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/**
 * Signs a token as kube-apiserver's TokenRequest does: the same claims, ES256.
 *
 * @param now  milliseconds since the epoch
 * @returns the token and when it ends, a timestamp
 */
export function signServiceAccountToken(request: ServiceAccountTokenRequest, key: TokenKey, now: number) {
  const { namespace, serviceAccount, audiences, expirationSeconds = 3600, pod, node, id } = request;
  const issued = Math.floor(now / 1000);
  const claims: Claims = {
    aud: audiences && audiences.length > 0 ? [...audiences] : [key.issuer],
    exp: issued + expirationSeconds,
    iat: issued,
    iss: key.issuer,
    jti: id,
    "kubernetes.io": {
      namespace,
      ...(node && { node: { ...node } }),
      ...(pod && { pod: { ...pod } }),
      serviceaccount: { ...serviceAccount },
    },
    nbf: issued,
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
  };
  const signed = `${encode({ alg: "ES256", kid: key.id })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return {
    token: `${signed}.${signature.toString("base64url")}`,
    expirationTimestamp: `${new Date(claims.exp * 1000).toISOString().slice(0, 19)}Z`,
  };
}

export interface VerifiedToken {
  readonly user: UserInfo;
  /** Those of the token that were asked for. */
  readonly audiences: readonly string[];
  readonly pod: { readonly name: string; readonly uid: string } | undefined;
  readonly serviceAccount: { readonly namespace: string; readonly name: string; readonly uid: string };
}

/**
 * Checks signature, issuer, time and audience of a token. Whether the account and the pod still exist is for the caller.
 *
 * @param audiences  one of these must be the token's; the issuer itself unless given
 * @throws TokenError
 */
export function verifyServiceAccountToken(
  token: string,
  key: TokenKey,
  now: number,
  audiences: readonly string[] = [key.issuer],
): VerifiedToken {
  const claims = readClaims(token, key);
  const seconds = now / 1000;
  if (claims.iss !== key.issuer) throw new TokenError("invalid bearer token");
  if (claims.exp < seconds) throw new TokenError("[invalid bearer token, service account token has expired]");
  if (claims.nbf > seconds + 60) throw new TokenError("[invalid bearer token, service account token is not valid yet]");
  const shared = claims.aud.filter((audience) => audiences.includes(audience));
  if (shared.length === 0)
    throw new TokenError(
      `[invalid bearer token, token audiences ${goList(claims.aud)} is invalid for the target audiences ${goList(audiences)}]`,
    );
  const { namespace, serviceaccount, pod, node } = claims["kubernetes.io"];
  const extra: Record<string, string[]> = { "authentication.kubernetes.io/credential-id": [`JTI=${claims.jti}`] };
  if (node) extra["authentication.kubernetes.io/node-name"] = [node.name];
  if (pod) {
    extra["authentication.kubernetes.io/pod-name"] = [pod.name];
    extra["authentication.kubernetes.io/pod-uid"] = [pod.uid];
  }
  return {
    user: {
      username: claims.sub,
      uid: serviceaccount.uid,
      groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
      extra,
    },
    audiences: shared,
    pod,
    serviceAccount: { namespace, ...serviceaccount },
  };
}

const goList = (items: readonly string[]) => `[${items.map((item) => JSON.stringify(item)).join(" ")}]`;

function readClaims(token: string, key: TokenKey): Claims {
  const [header = "", body = "", signature = "", ...more] = token.split(".");
  const invalid = new TokenError("invalid bearer token");
  if (more.length > 0 || !signature) throw invalid;
  const genuine = verify(
    "sha256",
    Buffer.from(`${header}.${body}`),
    { key: key.publicKey, dsaEncoding: "ieee-p1363" },
    Buffer.from(signature, "base64url"),
  );
  if (!genuine) throw invalid;
  try {
    return JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Claims;
  } catch (cause) {
    throw new TokenError("invalid bearer token", { cause });
  }
}
