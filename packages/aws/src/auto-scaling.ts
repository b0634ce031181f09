import type { Instant } from "@bellows/kube";

/** EC2 Auto Scaling, as a cluster autoscaler needs it. */
export interface AutoScaling {
  /** By names, or by tags that all must match (`*` asks for the key only); all groups for neither. By name. */
  describeAutoScalingGroups(filter?: AutoScalingGroupFilter): Promise<readonly AutoScalingGroup[]>;
  /** @throws InvalidRequestError (`ValidationError`) outside [min, max]; ThrottledError (`ScalingActivityInProgress`) */
  setDesiredCapacity(
    name: string,
    desiredCapacity: number,
    options?: { readonly honorCooldown?: boolean },
  ): Promise<void>;
  updateAutoScalingGroup(name: string, change: AutoScalingGroupChange): Promise<void>;
  /** Terminates one instance of a group; without `decrementDesiredCapacity` the group replaces it. */
  terminateInstanceInAutoScalingGroup(
    instanceId: string,
    options: { readonly decrementDesiredCapacity: boolean },
  ): Promise<ScalingActivity>;
  /** Newest first, at most 100. */
  describeScalingActivities(name: string): Promise<readonly ScalingActivity[]>;
}

export interface AutoScalingGroupFilter {
  readonly names?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
}

export interface AutoScalingGroup {
  readonly name: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desiredCapacity: number;
  readonly zones: readonly string[];
  readonly subnetIds: readonly string[];
  /** More than one for a mixed instances policy; the first is what the launch template says. */
  readonly instanceTypes: readonly string[];
  readonly capacityType: "spot" | "on-demand";
  readonly instances: readonly AutoScalingInstance[];
  readonly tags: Readonly<Record<string, string>>;
  readonly suspendedProcesses: readonly string[];
}

export interface AutoScalingInstance {
  readonly id: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly lifecycleState:
    | "Pending"
    | "Pending:Wait"
    | "InService"
    | "Terminating"
    | "Terminating:Wait"
    | "Terminated"
    | "Detached"
    | "Standby";
  readonly healthStatus: "Healthy" | "Unhealthy";
  readonly protectedFromScaleIn: boolean;
}

/** What is left out stays. */
export interface AutoScalingGroupChange {
  readonly minSize?: number;
  readonly maxSize?: number;
  readonly desiredCapacity?: number;
}

export interface ScalingActivity {
  readonly id: string;
  readonly groupName: string;
  readonly startedAt: Instant;
  readonly endedAt?: Instant;
  readonly statusCode:
    | "PreInService"
    | "InProgress"
    | "Successful"
    | "Failed"
    | "Cancelled"
    | "WaitingForSpotInstanceId";
  readonly statusMessage?: string;
  readonly description: string;
  readonly cause: string;
}
