import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import type { TokenKey } from "./access/access.ts";

export type { TokenKey };

const issuer = "https://kubernetes.default.svc.cluster.local";

/** A key that is gone with the process: tokens signed with it end with it. */
export function ephemeralTokenKey(): TokenKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return tokenKeyOf(privateKey.export({ type: "pkcs8", format: "pem" }) as string);
}

/** The key of a PEM text, so that tokens outlive a restart. */
export function tokenKeyOf(pem: string): TokenKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const id = createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64url");
  return { privateKey, publicKey, id, issuer };
}
