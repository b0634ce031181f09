import { isConditionTrue, Node } from "@bellows/api";
import { type ControllerContext, mapped, type ObjectKey, type Watch } from "@bellows/kube";

/**
 * Wakes for the keys that `keys` names when a node comes, goes, or changes in what counts: its cores, whether it is
 * ready and not cordoned, its labels. A node's heartbeat wakes nobody.
 */
export function nodesThatCount(keys: (context: ControllerContext) => Iterable<ObjectKey>): Watch {
  const seen = new Map<string, string>();
  return mapped(Node, ({ metadata: { name } }, context) => {
    const node = context.cache.get(Node, { name });
    const counts = node && whatCounts(node);
    if (seen.get(name) === counts) return [];
    if (counts === undefined) seen.delete(name);
    else seen.set(name, counts);
    return keys(context);
  });
}

const whatCounts = ({ metadata, spec, status }: Node): string =>
  JSON.stringify([
    status?.allocatable?.["cpu"],
    spec?.unschedulable ?? false,
    isConditionTrue(status?.conditions, "Ready"),
    metadata.labels,
  ]);
