/** How a failure of the cloud is answered; nobody matches on a message. */
export abstract class CloudError extends Error {
  /** The service's own code: `InsufficientInstanceCapacity`, `RequestLimitExceeded`, ... */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}

/** Asked too often: wait and ask again. */
export class ThrottledError extends CloudError {
  override readonly name = "ThrottledError";
}

/** What was named does not exist, or not any more. */
export class NotFoundError extends CloudError {
  override readonly name = "NotFoundError";
}

/** None to be had now: try another pool, and this one later. */
export class InsufficientCapacityError extends CloudError {
  override readonly name = "InsufficientCapacityError";
}

/** The identity may not do this: only the owner can help. */
export class DeniedError extends CloudError {
  override readonly name = "DeniedError";
}

/** The request is wrong and stays wrong however often it is sent. */
export class InvalidRequestError extends CloudError {
  override readonly name = "InvalidRequestError";
}

/** The service failed or could not be reached: the same request may succeed later. */
export class ServiceError extends CloudError {
  override readonly name = "ServiceError";
}

const throttledCodes = new Set([
  "RequestLimitExceeded",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "TooManyRequestsException",
  "RequestThrottled",
  "RequestThrottledException",
  "EC2ThrottledException",
  "PriorRequestNotComplete",
  "ResourceContention",
  "ScalingActivityInProgress",
]);

const notFoundCodes = new Set([
  "InvalidInstanceID.NotFound",
  "InvalidInstanceID.Malformed",
  "InvalidLaunchTemplateId.NotFound",
  "InvalidLaunchTemplateName.NotFoundException",
  "InvalidCapacityReservationId.NotFound",
  "InvalidSubnetID.NotFound",
  "InvalidGroup.NotFound",
  "InvalidAMIID.NotFound",
  "QueueDoesNotExist",
  "AWS.SimpleQueueService.NonExistentQueue",
  "NoSuchEntity",
  "ParameterNotFound",
]);

/** Codes that say a pool cannot be launched from at the moment (Karpenter's `pkg/errors`, v1.15). */
export const unfulfillableCapacityCodes: ReadonlySet<string> = new Set([
  "InsufficientInstanceCapacity",
  "MaxSpotInstanceCountExceeded",
  "VcpuLimitExceeded",
  "UnfulfillableCapacity",
  "Unsupported",
  "InsufficientFreeAddressesInSubnet",
  "MaxFleetCountExceeded",
  "ReservationCapacityExceeded",
]);

const deniedCodes = new Set([
  "UnauthorizedOperation",
  "AccessDenied",
  "AccessDeniedException",
  "AuthFailure",
  "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
  "OptInRequired",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
]);

const serviceCodes = new Set([
  "InternalError",
  "InternalFailure",
  "ServiceUnavailable",
  "Unavailable",
  "RequestTimeout",
]);

/** The error class that a service's code calls for. An unknown code is the request's fault, unless it was a 5xx. */
export function cloudError(code: string, message: string, options?: ErrorOptions & { status?: number }): CloudError {
  if (throttledCodes.has(code)) return new ThrottledError(code, message, options);
  if (notFoundCodes.has(code)) return new NotFoundError(code, message, options);
  if (unfulfillableCapacityCodes.has(code)) return new InsufficientCapacityError(code, message, options);
  if (deniedCodes.has(code)) return new DeniedError(code, message, options);
  if (serviceCodes.has(code) || (options?.status ?? 0) >= 500) return new ServiceError(code, message, options);
  return new InvalidRequestError(code, message, options);
}
