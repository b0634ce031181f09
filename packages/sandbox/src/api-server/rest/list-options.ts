import type { Query } from "../api-request.ts";
import { badRequest } from "../status-error.ts";

/** meta/v1 ListOptions, as a query gives them. */
export interface ListOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0: all. */
  readonly limit: number;
  readonly continueToken: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

export function listOptions(query: Query): ListOptions {
  const sendInitialEvents = query.get("sendInitialEvents");
  return {
    labelSelector: query.get("labelSelector") ?? "",
    fieldSelector: query.get("fieldSelector") ?? "",
    limit: integerParameter(query, "limit") ?? 0,
    continueToken: query.get("continue") ?? "",
    resourceVersion: query.get("resourceVersion") ?? "",
    resourceVersionMatch: query.get("resourceVersionMatch") ?? "",
    timeoutSeconds: integerParameter(query, "timeoutSeconds"),
    allowWatchBookmarks: query.flag("allowWatchBookmarks"),
    sendInitialEvents: sendInitialEvents === undefined ? undefined : query.flag("sendInitialEvents"),
  };
}

/** A whole number; 400 where it is none. */
export function integerParameter(query: Query, name: string): number | undefined {
  const value = query.get(name);
  if (value === undefined || value === "") return undefined;
  if (!/^[+-]?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}
