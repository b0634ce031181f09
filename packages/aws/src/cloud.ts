import type { Instant } from "@bellows/kube";
import type { AutoScaling } from "./auto-scaling.ts";
import type { Ec2 } from "./ec2.ts";

/**
 * The cloud seam: all that the controllers know of AWS. One region and one account. Every method rejects with a
 * `CloudError`; none retries by itself.
 */
export interface Cloud {
  readonly region: string;
  readonly ec2: Ec2;
  readonly autoScaling: AutoScaling;
  readonly pricing: Pricing;
  readonly parameters: Parameters;
  readonly instanceProfiles: InstanceProfiles;
  /** Undefined where no queue is configured: then interruptions are not heard of. */
  readonly interruptions: InterruptionQueue | undefined;
}

export interface Pricing {
  /** On-demand list prices of Linux instances in USD an hour, by instance type. */
  onDemandPrices(): Promise<ReadonlyMap<string, number>>;
  /** The current spot price of each (instance type, zone) in USD an hour. */
  spotPrices(): Promise<readonly SpotPrice[]>;
}

export interface SpotPrice {
  readonly instanceType: string;
  readonly zone: string;
  readonly usdPerHour: number;
}

/** SSM public parameters: where AMI aliases are resolved. */
export interface Parameters {
  /** @throws NotFoundError where there is no such parameter */
  get(name: string): Promise<string>;
}

/** IAM instance profiles. */
export interface InstanceProfiles {
  /** @throws NotFoundError */
  get(name: string): Promise<InstanceProfile>;
  /** Creates the profile with its role, or leaves an existing one of that name with that role. */
  ensure(profile: InstanceProfile): Promise<InstanceProfile>;
  /** Detaches the role and deletes; no error where it is already gone. */
  delete(name: string): Promise<void>;
}

export interface InstanceProfile {
  readonly name: string;
  readonly role: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The SQS queue that EventBridge rules feed. A message stays hidden for 20 s after it was received. */
export interface InterruptionQueue {
  readonly name: string;
  /** At most 10 messages; waits up to `waitMs` (at most 20 s) for the first. */
  receive(options?: { readonly waitMs?: number; readonly signal?: AbortSignal }): Promise<readonly QueueMessage[]>;
  delete(receiptHandle: string): Promise<void>;
}

export interface QueueMessage {
  readonly id: string;
  readonly receiptHandle: string;
  /** The EventBridge event as JSON text: parse with `parseInterruption`. */
  readonly body: string;
  readonly sentAt: Instant;
}
