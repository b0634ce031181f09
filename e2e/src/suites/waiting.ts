import { isConditionTrue, Node } from "@bellows/api";
import type { SuiteContext } from "../suite.ts";

/** Asks `look` every quarter of a second until it gives true; fails saying what was waited for and what was seen last. */
export async function waitFor(
  what: string,
  look: () => Promise<true | string>,
  { signal }: SuiteContext,
  limitMs = 90_000,
): Promise<void> {
  let seen: true | string = "nothing";
  for (const until = Date.now() + limitMs; Date.now() < until && !signal.aborted; ) {
    seen = await look().catch((error: unknown) => String(error));
    if (seen === true) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`${what}: ${seen}, after ${signal.aborted ? "the run was stopped" : `${limitMs / 1000} s`}`);
}

/** Asks `look` every quarter of a second for so long; fails once it gives anything but true, saying what was seen. */
export async function stays(
  what: string,
  look: () => Promise<true | string>,
  { signal }: SuiteContext,
  forMs: number,
): Promise<void> {
  for (const [began, until] = [Date.now(), Date.now() + forMs]; Date.now() < until && !signal.aborted; ) {
    const seen = await look();
    if (seen !== true) throw new Error(`${what}: ${seen}, after ${Date.now() - began} ms`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Waits until the cluster has so many nodes, every one of them Ready. */
export const nodesReady = (wanted: number, context: SuiteContext): Promise<void> =>
  waitFor(
    "nodes",
    async () => {
      const { items } = await context.controlPlane.client.list(Node);
      const ready = items.filter(({ status }) => isConditionTrue(status?.conditions, "Ready"));
      return (ready.length === wanted && items.length === wanted) || `${ready.length} of ${items.length} are Ready`;
    },
    context,
    180_000,
  );
