import type { ApiResponse } from "../api-request.ts";
import { StatusError } from "../status-error.ts";

/** As the router answers a method that a path does not have. */
export const methodNotAllowed = () =>
  new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {});

/** As the router answers a resource that its group version does not have. */
export const pathNotFound = () =>
  new StatusError(404, "NotFound", "the server could not find the requested resource", {});

/** As Go's HTTP server says it. */
export const notFoundPage: ApiResponse = {
  status: 404,
  headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
  body: "404 page not found\n",
};
