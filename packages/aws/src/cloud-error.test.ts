import { expect, test } from "vitest";
import {
  cloudError,
  DeniedError,
  InsufficientCapacityError,
  InvalidRequestError,
  NotFoundError,
  ServiceError,
  ThrottledError,
} from "./cloud-error.ts";

test.each([
  ["RequestLimitExceeded", ThrottledError],
  ["InsufficientInstanceCapacity", InsufficientCapacityError],
  ["VcpuLimitExceeded", InsufficientCapacityError],
  ["InvalidInstanceID.NotFound", NotFoundError],
  ["UnauthorizedOperation", DeniedError],
  ["InternalError", ServiceError],
  ["InvalidParameterValue", InvalidRequestError],
])("%s is answered as its class says", (code, expected) => {
  const error = cloudError(code, "what happened");
  expect(error).toBeInstanceOf(expected);
  expect(error.message).toBe(`${code}: what happened`);
});

test("an unknown code of a failing service may be tried again", () => {
  expect(cloudError("Whatever", "", { status: 503 })).toBeInstanceOf(ServiceError);
});
