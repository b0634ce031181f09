import { type Cloud, CloudError, cloudError } from "@bellows/aws";

/** What a process asks of a cloud that another one simulates: `ec2.createFleet`. */
export interface CloudCall {
  readonly part: string;
  readonly operation: string;
  /** As JSON; what has no place in JSON is left out. */
  readonly parameters: readonly unknown[];
}

export type CloudAnswer =
  | { readonly value?: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

const operations = {
  ec2: [
    "describeInstanceTypes",
    "describeInstanceTypeOfferings",
    "createFleet",
    "describeInstances",
    "terminateInstances",
    "createTags",
    "describeSubnets",
    "describeSecurityGroups",
    "describeImages",
  ],
  autoScaling: [
    "describeAutoScalingGroups",
    "setDesiredCapacity",
    "updateAutoScalingGroup",
    "terminateInstanceInAutoScalingGroup",
    "describeScalingActivities",
  ],
  pricing: ["onDemandPrices", "spotPrices"],
  parameters: ["get"],
  instanceProfiles: ["get", "ensure", "delete"],
} as const satisfies { readonly [Part in keyof Cloud]?: readonly (keyof NonNullable<Cloud[Part]>)[] };

type Part = keyof typeof operations;
type Operation = (...parameters: unknown[]) => Promise<unknown>;

/** Answers a call by `cloud`, its errors with their codes. Undefined for what no cloud has. */
export async function answerCall(cloud: Cloud, call: CloudCall): Promise<CloudAnswer | undefined> {
  const known: readonly string[] = Object.hasOwn(operations, call.part) ? operations[call.part as Part] : [];
  if (!known.includes(call.operation)) return undefined;
  const part = cloud[call.part as Part] as unknown as Record<string, Operation>;
  try {
    const value = await part[call.operation]?.(...call.parameters);
    return { value: value instanceof Map ? [...value] : value };
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    const { code, message } = error;
    return { error: { code, message: message.slice(`${code}: `.length) } };
  }
}

/** A cloud whose calls are sent elsewhere by `send`. It has no queue of interruptions. */
export function remoteCloud(region: string, send: (call: CloudCall) => Promise<CloudAnswer>): Cloud {
  const call = async (part: string, operation: string, parameters: readonly unknown[]) => {
    const answer = await send({ part, operation, parameters });
    if ("error" in answer) throw cloudError(answer.error.code, answer.error.message);
    return answer.value;
  };
  const parts = Object.fromEntries(
    Object.entries(operations).map(([part, names]) => [
      part,
      Object.fromEntries(
        names.map((operation) => [operation, (...parameters: unknown[]) => call(part, operation, parameters)]),
      ),
    ]),
  ) as unknown as Pick<Cloud, Part>;
  const { pricing } = parts;
  return {
    ...parts,
    region,
    pricing: { ...pricing, onDemandPrices: async () => new Map(await pricing.onDemandPrices()) },
    interruptions: undefined,
  };
}
