import type { ExternalMetricsResponse } from "./handler.ts";

const statusOf = (code: number, message: string, reason?: string): ExternalMetricsResponse => ({
  status: code,
  body: {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message,
    ...(reason && { reason }),
    code,
  },
});

export const badRequest = (message: string): ExternalMetricsResponse => statusOf(400, message, "BadRequest");
/** An error without a class of its own, as API servers answer it: 500 without a reason. */
export const failure = (message: string): ExternalMetricsResponse => statusOf(500, message);
export const notFound = (): ExternalMetricsResponse =>
  statusOf(404, "the server could not find the requested resource", "NotFound");
export const methodNotAllowed = (): ExternalMetricsResponse =>
  statusOf(405, "the server does not allow this method on the requested resource", "MethodNotAllowed");
export const unauthorized = (): ExternalMetricsResponse => statusOf(401, "Unauthorized", "Unauthorized");
export const forbidden = (message: string): ExternalMetricsResponse => statusOf(403, message, "Forbidden");
