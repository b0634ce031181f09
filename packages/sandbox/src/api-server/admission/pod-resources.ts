import { type Pod, type Quantity, quantityOf } from "@bellows/api";

export type Amounts = ReadonlyMap<string, Quantity>;
type Resources = "requests" | "limits";
type Container = NonNullable<Pod["spec"]>["containers"][number];

export const amountsOf = (list: Readonly<Record<string, string | number>> | undefined): Amounts =>
  new Map(Object.entries(list ?? {}).map(([name, amount]) => [name, quantityOf(amount)]));

export function combined(left: Amounts, right: Amounts, how: (a: Quantity, b: Quantity) => Quantity): Amounts {
  const result = new Map(left);
  for (const [name, amount] of right) {
    const other = result.get(name);
    result.set(name, other ? how(other, amount) : amount);
  }
  return result;
}

export const added = (left: Amounts, right: Amounts): Amounts => combined(left, right, (a, b) => a.add(b));

/**
 * What a pod asks for, or may use, in all: its containers and sidecars together, or its hungriest init container where
 * that is more. Pod-level resources replace the sum, as do the overheads add to requests.
 */
export function podAmounts(pod: Pod, which: Resources): Amounts {
  const spec = pod.spec;
  if (!spec) return new Map();
  const own = (container: Container) => amountsOf(container.resources?.[which]);
  let running: Amounts = spec.containers.map(own).reduce(added, new Map());
  let sidecars: Amounts = new Map();
  let starting: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === "Always") {
      running = added(running, own(container));
      sidecars = added(sidecars, own(container));
      starting = combined(starting, sidecars, (a, b) => a.max(b));
    } else {
      starting = combined(starting, added(own(container), sidecars), (a, b) => a.max(b));
    }
  }
  const containers = combined(running, starting, (a, b) => a.max(b));
  const whole = new Map([...containers, ...amountsOf(spec.resources?.[which])]);
  return which === "requests" ? added(whole, amountsOf(spec.overhead)) : whole;
}
