import { bytesOf } from "@bellows/api";
import { type Amounts, amountsOf, resourceList, sum } from "@bellows/aws";
import { maximum, minimum } from "./pod-requests.ts";
import { formatRequirements, type Requirements } from "./requirements.ts";

/** How far one instance type got. */
export interface NodeFilterCounts {
  readonly compatible: boolean;
  readonly fits: boolean;
  readonly offered: boolean;
}

/** Why no instance type is left, in Karpenter's words (`InstanceTypeFilterError`, v1.15). */
export function nodeFilterText(
  types: readonly NodeFilterCounts[],
  requirements: Requirements,
  requests: Readonly<Record<string, string>>,
  daemonOverheads: readonly Amounts[],
  minValues?: string,
): string {
  const tail = `, requirements=${formatRequirements(requirements)}, resources=${resourcesText(requests, daemonOverheads)}`;
  if (minValues !== undefined) return minValues + tail;
  const compatible = types.some((type) => type.compatible);
  const fits = types.some((type) => type.fits);
  const offered = types.some((type) => type.offered);
  const missing = [
    ...(compatible ? [] : ["met the scheduling requirements"]),
    ...(fits ? [] : ["had enough resources"]),
    ...(offered ? [] : ["had a required offering"]),
  ];
  if (missing.length > 1) return `no instance type ${missing.join(" or ")}${tail}`;
  if (!compatible) return `no instance type met all requirements${tail}`;
  if (!fits) {
    const typo = bytesOf(requests.cpu ?? "0") >= 1_000_000 ? " (CPU request >= 1 Million, m vs M typo?)" : "";
    return `no instance type has enough resources${tail}${typo}`;
  }
  if (!offered) return `no instance type has the required offering${tail}`;
  if (types.some((type) => type.compatible && type.fits && !type.offered)) {
    return `no instance type which met the scheduling requirements and had enough resources, had a required offering${tail}`;
  }
  if (types.some((type) => type.fits && type.offered && !type.compatible)) {
    return `no instance type which had enough resources and the required offering met the scheduling requirements${tail}`;
  }
  if (types.some((type) => type.compatible && type.offered && !type.fits)) {
    return `no instance type which met the scheduling requirements and the required offering had the required resources${tail}`;
  }
  return `no instance type met the requirements/resources/offering tuple${tail}`;
}

/** With the daemons: one amount, or the least and the most where instance types differ in them. */
function resourcesText(requests: Readonly<Record<string, string>>, overheads: readonly Amounts[]): string {
  const some = overheads.filter((overhead) => Object.keys(overhead).length > 0);
  const [first] = some;
  if (!first) return text(amountsOf(requests));
  const least = some.reduce(minimum, first);
  const most = maximum(...some);
  const [low, high] = [text(sum(least, amountsOf(requests))), text(sum(most, amountsOf(requests)))];
  return low === high ? low : `min=${low}, max=${high}`;
}

function text(amounts: Amounts): string {
  const list = resourceList(amounts);
  return JSON.stringify(
    Object.fromEntries(
      Object.keys(list)
        .sort()
        .map((name) => [name, list[name]]),
    ),
  );
}
