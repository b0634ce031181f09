import { badRequest } from "../status-error.ts";

/** Where a list stopped: the version of the snapshot, and the last key that was given out. */
export interface ContinueToken {
  /** -1: go on at the newest version, the snapshot having been lost. */
  readonly revision: number;
  readonly after: string;
}

export const encodeContinue = ({ revision, after }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${after}\u0000` })).toString("base64url");

export function decodeContinue(token: string): ContinueToken {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    if (v === "meta.k8s.io/v1" && typeof rv === "number" && typeof start === "string" && start.endsWith("\u0000"))
      return { revision: rv, after: start.slice(0, -1) };
  } catch {
    // Answered below.
  }
  throw badRequest("invalid continue token: continue key is not valid");
}
