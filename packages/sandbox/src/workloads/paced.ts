import type { Controller, ControllerContext, ObjectKey } from "@bellows/kube";
import { type Instant, keyText, lookAgainAt } from "@bellows/kube";

/** Up to here every change is answered at once. */
const unpacedPods = 50;

/**
 * A controller that looks at all the pods behind a key whenever one of them changes: n pods that change together would
 * cost n² looks. Behind a key with many of them it waits `msPerPod` for each between two looks (500 pods at 0.2: 100 ms);
 * the changes in between are answered together, the first one after a pause at once.
 * @param podsOf  how many pods a look at the key goes through
 */
export function paced(
  controller: Controller,
  msPerPod: number,
  podsOf: (key: ObjectKey, context: ControllerContext) => number,
): Controller {
  const nextAt = new Map<string, Instant>();
  return {
    ...controller,
    async reconcile(key, context) {
      const { clock } = context;
      const id = keyText(key);
      const notBefore = nextAt.get(id) ?? 0;
      if (clock.now() < notBefore) return lookAgainAt(notBefore);
      const result = await controller.reconcile(key, context);
      const pods = podsOf(key, context);
      if (pods > unpacedPods) nextAt.set(id, clock.now() + Math.ceil(pods * msPerPod));
      else nextAt.delete(id);
      return result;
    },
  };
}
