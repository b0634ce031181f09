/** meta/v1 Status, as an API server answers every failure. */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: "Success" | "Failure";
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

/** A refusal with its HTTP status. Thrown anywhere in the API server, written out by the request handler. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      ...(reason && { reason }),
      ...(details && { details }),
      code,
    };
  }

  get code(): number {
    return this.status.code;
  }
}

/** What a resource is called in messages: `deployments.apps`, or `pods` in the core group. */
export interface QualifiedResource {
  readonly group: string;
  readonly resource: string;
}

export const qualifiedName = ({ group, resource }: QualifiedResource): string =>
  group ? `${resource}.${group}` : resource;

const detailsOf = (resource: QualifiedResource, name: string): StatusDetails => ({
  name,
  ...(resource.group && { group: resource.group }),
  kind: resource.resource,
});

export const notFound = (resource: QualifiedResource, name: string) =>
  new StatusError(404, "NotFound", `${qualifiedName(resource)} "${name}" not found`, detailsOf(resource, name));

export const alreadyExists = (resource: QualifiedResource, name: string, before = "") =>
  new StatusError(
    409,
    "AlreadyExists",
    `${before}${qualifiedName(resource)} "${name}" already exists`,
    detailsOf(resource, name),
  );

export const conflict = (resource: QualifiedResource, name: string, why: string) =>
  new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`,
    detailsOf(resource, name),
  );

export const badRequest = (message: string) => new StatusError(400, "BadRequest", message);

export const forbidden = (resource: QualifiedResource, name: string, why: string) =>
  new StatusError(
    403,
    "Forbidden",
    `${qualifiedName(resource)}${name ? ` "${name}"` : ""} is forbidden: ${why}`,
    detailsOf(resource, name),
  );

/** One problem with one field, in apimachinery's wording (`field.Error`). */
export interface FieldError {
  readonly reason:
    | "FieldValueRequired"
    | "FieldValueInvalid"
    | "FieldValueNotSupported"
    | "FieldValueForbidden"
    | "FieldValueDuplicate"
    | "FieldValueNotFound"
    | "FieldValueTooLong"
    | "FieldValueTooMany"
    | "FieldValueTypeInvalid"
    | "InternalError";
  readonly field: string;
  /** Without the field's path: `Required value: name is required`. */
  readonly message: string;
}

/** 422: the object was understood but breaks rules of its kind. `kind` is qualified: `Deployment.apps`, or `Pod`. */
export function invalid(group: string, kind: string, name: string, errors: readonly FieldError[]): StatusError {
  // A problem that two checks find is told once, but counted twice.
  const texts = [...new Set(errors.map((error) => `${error.field}: ${error.message}`))];
  const all = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  return new StatusError(422, "Invalid", `${group ? `${kind}.${group}` : kind} "${name}" is invalid: ${all}`, {
    ...(name && { name }),
    ...(group && { group }),
    ...(kind && { kind }),
    causes: errors.map(({ reason, message, field }) => ({ reason, message, field })),
  });
}
