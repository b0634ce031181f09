import { bytesOf, milliOf, Quantity } from "@bellows/api";

/**
 * Amounts of resources as plain numbers: CPU in millis, everything else in whole units (memory and storage in bytes).
 * The form for arithmetic; {@link resourceList} prints it as Kubernetes does.
 */
export type Amounts = Readonly<Record<string, number>>;

/** Resources whose amounts are bytes, printed with binary suffixes. */
const binary = (resource: string) =>
  resource === "memory" || resource.endsWith("ephemeral-storage") || resource.startsWith("hugepages-");

/** As the API writes it: `{cpu: "7910m", memory: "14162Mi"}`. Zeroes stay. */
export function resourceList(amounts: Amounts): Record<string, string> {
  return Object.fromEntries(
    Object.entries(amounts).map(([resource, amount]) => [resource, amountText(resource, amount)]),
  );
}

function amountText(resource: string, amount: number): string {
  if (resource === "cpu") return Quantity.ofMilli(Math.round(amount)).toString();
  return (binary(resource) ? Quantity.ofBytes(Math.ceil(amount)) : Quantity.of(Math.ceil(amount))).toString();
}

/** Reads a resource list: the inverse of {@link resourceList}. */
export function amountsOf(list: Readonly<Record<string, string | number>> | undefined): Record<string, number> {
  const entries = Object.entries(list ?? {});
  return Object.fromEntries(
    entries.map(([resource, text]) => [resource, resource === "cpu" ? milliOf(text) : bytesOf(text)]),
  );
}

/** `from` less each of `what`, never below zero. Resources that only `what` has are not in the result. */
export function subtract(from: Amounts, ...what: readonly Amounts[]): Record<string, number> {
  return Object.fromEntries(
    Object.entries(from).map(([resource, amount]) => {
      const taken = what.reduce((sum, amounts) => sum + (amounts[resource] ?? 0), 0);
      return [resource, Math.max(0, amount - taken)];
    }),
  );
}

/** The sum, over all resources that any of them has. */
export function sum(...amounts: readonly Amounts[]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const one of amounts) {
    for (const [resource, amount] of Object.entries(one)) total[resource] = (total[resource] ?? 0) + amount;
  }
  return total;
}
