import { redisList } from "./redis.ts";
import type { TriggerSource } from "./trigger-source.ts";

/** Every server that triggers are run against. */
export const triggerSources: readonly TriggerSource[] = [redisList];
