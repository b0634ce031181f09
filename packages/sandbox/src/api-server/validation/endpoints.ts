import type { Endpoints } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import {
  dns1123LabelProblems,
  dns1123SubdomainProblems,
  legacyIpProblems,
  portNumberProblems,
  qualifiedNameProblems,
  unreachableProblems,
} from "./formats.ts";

type Subset = NonNullable<Endpoints["subsets"]>[number];

const protocols = ["SCTP", "TCP", "UDP"];

/** Endpoints that are written by hand: addresses that can be reached, ports that can be told apart. */
export function validateEndpoints(errors: FieldErrors, { subsets = [] }: Endpoints, old?: Endpoints): void {
  // What was stored under older rules may stay as it is.
  if (old && equalJson(subsets, old.subsets ?? [])) return;
  for (const [position, subset] of subsets.entries()) validateSubset(errors, subset, `subsets[${position}]`);
}

function validateSubset(errors: FieldErrors, subset: Subset, path: string): void {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  if (addresses.length + notReadyAddresses.length === 0)
    errors.required(path, "must specify `addresses` or `notReadyAddresses`");
  for (const field of ["addresses", "notReadyAddresses"] as const)
    for (const [position, { ip, hostname, nodeName }] of (subset[field] ?? []).entries()) {
      const at = `${path}.${field}[${position}]`;
      errors.invalidEach(`${at}.ip`, ip, legacyIpProblems(ip));
      if (hostname) errors.invalidEach(`${at}.hostname`, hostname, dns1123LabelProblems(hostname));
      if (nodeName !== undefined) errors.invalidEach(`${at}.nodeName`, nodeName, dns1123SubdomainProblems(nodeName));
      errors.invalidEach(`${at}.ip`, ip, unreachableProblems(ip));
    }
  for (const [position, { name = "", port, protocol, appProtocol }] of ports.entries()) {
    const at = `${path}.ports[${position}]`;
    if (ports.length > 1 && name === "") errors.required(`${at}.name`);
    else if (name !== "") errors.invalidEach(`${at}.name`, name, dns1123LabelProblems(name));
    errors.invalidEach(`${at}.port`, port, portNumberProblems(port));
    if (!protocol) errors.required(`${at}.protocol`);
    else errors.oneOf(`${at}.protocol`, protocol, protocols);
    if (appProtocol !== undefined)
      errors.invalidEach(`${at}.appProtocol`, appProtocol, qualifiedNameProblems(appProtocol));
  }
}
