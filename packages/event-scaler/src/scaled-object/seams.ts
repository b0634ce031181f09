import type { ControllerContext } from "@bellows/kube";
import type { TriggerSeams } from "@bellows/triggers";

/** What of a controller's context triggers may reach. */
export const seamsOf = ({ client, clock, random, log }: ControllerContext): TriggerSeams => ({
  client,
  clock,
  random,
  log,
});
