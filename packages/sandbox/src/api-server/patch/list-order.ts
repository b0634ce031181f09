import { isObject } from "../json-value.ts";

/**
 * Order of a merged list in strategic merge patch: items that the patch names keep the order of the patch, the others
 * the order they had, and the two runs are zipped by the order on the server.
 */
export function mergedInOrder(
  named: readonly unknown[],
  others: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const right = sortedBy(named, patchOrder, mergeKey);
  const left = sortedBy(others, serverOrder, mergeKey);
  const serverIndex = positions(serverOrder, mergeKey);
  const result: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const l = serverIndex.get(identity(left[i], mergeKey));
    const r = serverIndex.get(identity(right[j], mergeKey));
    result.push(l !== undefined && r !== undefined && l < r ? left[i++] : right[j++]);
  }
  return [...result, ...left.slice(i), ...right.slice(j)];
}

/** Splits items by whether `names` holds one with the same merge key (or the same value). */
export function partitionByPresence(
  items: readonly unknown[],
  names: readonly unknown[],
  mergeKey: string | undefined,
) {
  const named = positions(names, mergeKey);
  const present: unknown[] = [];
  const absent: unknown[] = [];
  for (const item of items) (named.has(identity(item, mergeKey)) ? present : absent).push(item);
  return { present, absent };
}

/** Puts a merged list into the order that `$setElementOrder` asks for. */
export function orderBySetElementOrder(
  merged: readonly unknown[],
  order: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const { present, absent } = partitionByPresence(merged, order, mergeKey);
  return mergedInOrder(present, absent, order, serverOrder, mergeKey);
}

function sortedBy(items: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): unknown[] {
  const index = positions(order, mergeKey);
  const rank = (item: unknown) => index.get(identity(item, mergeKey)) ?? order.length;
  return items.toSorted((a, b) => rank(a) - rank(b));
}

function positions(items: readonly unknown[], mergeKey: string | undefined): Map<unknown, number> {
  const index = new Map<unknown, number>();
  items.forEach((item, position) => {
    const key = identity(item, mergeKey);
    if (!index.has(key)) index.set(key, position);
  });
  return index;
}

const identity = (item: unknown, mergeKey: string | undefined): unknown =>
  mergeKey && isObject(item) ? item[mergeKey] : item;
