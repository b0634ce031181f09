import type { CloudError } from "@bellows/aws";
import { type Clock, sleep } from "@bellows/kube";
import { type MsRange, msIn } from "../kubelet/jitter.ts";
import type { Ec2Timing } from "./ec2-timing.ts";

/** Operations by name, for injected failures. */
export type CloudOperation =
  | "CreateFleet"
  | "CreateTags"
  | "DescribeAutoScalingGroups"
  | "DescribeImages"
  | "DescribeInstanceTypes"
  | "DescribeInstances"
  | "DescribeScalingActivities"
  | "DescribeSecurityGroups"
  | "DescribeSubnets"
  | "GetParameter"
  | "GetPrices"
  | "InstanceProfile"
  | "SetDesiredCapacity"
  | "TerminateInstanceInAutoScalingGroup"
  | "TerminateInstances"
  | "UpdateAutoScalingGroup";

/** What every call of the cloud has in common: it takes a moment, and it fails when it was told to. */
export class CloudCalls {
  readonly #clock: Clock;
  readonly #timing: Ec2Timing;
  readonly #failures: { readonly operation: CloudOperation; readonly error: CloudError; times: number }[] = [];

  constructor(clock: Clock, timing: Ec2Timing) {
    this.#clock = clock;
    this.#timing = timing;
  }

  /** Makes the next `times` calls of an operation fail. */
  failNext(operation: CloudOperation, error: CloudError, times = 1): void {
    this.#failures.push({ operation, error, times });
  }

  async call<T>(
    operation: CloudOperation,
    answer: () => T | Promise<T>,
    takes: MsRange = this.#timing.call,
  ): Promise<T> {
    await sleep(this.#clock, msIn(takes, `${operation}/${this.#clock.now()}`));
    const failure = this.#failures.find((one) => one.operation === operation && one.times > 0);
    if (failure) {
      failure.times--;
      throw failure.error;
    }
    return answer();
  }
}
