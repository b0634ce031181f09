import { Quantity, quantityOf } from "@bellows/api";
import type { JsonObject } from "../json-value.ts";
import { type Defaulter, within } from "./fill.ts";

const smallerThanMilli = /[nu]$/;

/** Amounts finer than a thousandth are rounded up to one (`SetDefaults_ResourceList`). */
export function roundResourceList(list: JsonObject): JsonObject {
  let result: JsonObject | undefined;
  for (const name in list) {
    const amount = list[name];
    if (typeof amount !== "string" || !smallerThanMilli.test(amount)) continue;
    result ??= { ...list };
    result[name] = Quantity.of(quantityOf(amount).scaled(-3), -3, quantityOf(amount).format).toString();
  }
  return result ?? list;
}

/** Rounds the amounts of `limits` and `requests`. */
export const resourceDefaults: Defaulter = (resources) =>
  within(within(resources, "limits", roundResourceList), "requests", roundResourceList);
