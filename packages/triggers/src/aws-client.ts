import type { Clock } from "@bellows/kube";
import { type AwsCredentialsProvider, credentialsOfRole } from "./aws-credentials.ts";
import type { AwsKeys, AwsLogin } from "./aws-login.ts";

/** What a client of a service of AWS is made with. */
export interface AwsClientOptions {
  readonly region: string;
  /** Left out: the identity of this process, by the SDK's own search. */
  readonly credentials?: AwsKeys | AwsCredentialsProvider;
  readonly endpoint?: string;
  readonly requestHandler: { readonly requestTimeout: number; readonly connectionTimeout: number };
}

/** The same for the clients of all services. Roles are assumed by STS. */
export function awsClientOptions(
  login: AwsLogin,
  clock: Clock,
  { endpoint, timeoutMs }: { readonly endpoint: string | undefined; readonly timeoutMs: number },
): AwsClientOptions {
  const { region, keys, role } = login;
  return {
    region,
    ...(keys && { credentials: keys }),
    ...(role && { credentials: credentialsOfRole(role, region, clock) }),
    ...(endpoint && { endpoint }),
    requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs },
  };
}

/**
 * Asks a service of AWS, and says by which operation it was refused.
 * @param operation  as upstream names it: `SQS: GetQueueAttributes`
 */
export async function askAws<T>(operation: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const { name, message } = error as Error;
    const code = name === "Error" || name === "" ? [] : [name];
    throw new Error(`operation error ${operation}, ${[...code, message].join(": ")}`, { cause: error });
  }
}
