import { record } from "../api-object.ts";
import { jsonProblem } from "../json-syntax.ts";
import { badRequest } from "../status-error.ts";

/** Where a list stopped: the version of the snapshot, and the last key that was given out. */
export interface ContinueToken {
  /** -1: go on at the newest version, the snapshot having been lost. */
  readonly revision: number;
  readonly after: string;
}

export const encodeContinue = ({ revision, after }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: revision, start: `${after}\u0000` })).toString("base64url");

/** Throws 400 in the words of apiserver's `storage.DecodeContinue`. */
export function decodeContinue(token: string): ContinueToken {
  const text = Buffer.from(token, "base64url").toString("latin1");
  const problem = jsonProblem(text);
  if (problem) throw invalidToken(problem);
  const { v, rv, start } = record(JSON.parse(Buffer.from(text, "latin1").toString("utf8")));
  if (v !== "meta.k8s.io/v1") throw invalidToken(`server does not recognize this encoded version ${v ?? ""}`);
  if (!rv) throw invalidToken(`incorrect encoded start resourceVersion (version ${v})`);
  if (typeof start !== "string" || start === "") throw invalidToken(`encoded start key empty (version ${v})`);
  if (typeof rv !== "number" || start.startsWith("/") || `/${start}/`.includes("/../")) throw invalidToken(start);
  return { revision: rv, after: start.replace(/\0$/, "") };
}

const invalidToken = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
