import type { ServiceSpec } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { isIp, legacyIpProblems } from "./formats.ts";

export const isHeadless = ({ clusterIPs }: ServiceSpec): boolean =>
  clusterIPs?.length === 1 && clusterIPs[0] === "None";

const isIpv6 = (address: string): boolean => address.includes(":");
const isExternalName = ({ type }: ServiceSpec): boolean => type === "ExternalName";

/** The addresses of a Service and their families, each by itself and with each other. */
export function validateServiceAddresses(errors: FieldErrors, spec: ServiceSpec, old: ServiceSpec = {}): void {
  if (isExternalName(spec)) return;
  const { clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = spec;
  const path = "spec.clusterIPs";
  if (clusterIP) {
    if (clusterIPs.length === 0) errors.required(path);
    else if (clusterIPs[0] !== clusterIP) errors.invalid(path, clusterIPs, "first value must match `clusterIP`");
  } else if (clusterIPs.length > 0) errors.invalid(path, clusterIPs, "must be empty when `clusterIP` is not specified");
  ipFamilies.forEach((family, index) => {
    errors.oneOf(`spec.ipFamilies[${index}]`, family, ["IPv4", "IPv6"]);
    if (ipFamilies.indexOf(family) < index) errors.duplicate(`spec.ipFamilies[${index}]`, family);
  });
  if (ipFamilyPolicy !== undefined)
    errors.oneOf("spec.ipFamilyPolicy", ipFamilyPolicy, ["PreferDualStack", "RequireDualStack", "SingleStack"]);
  if (!validateEach(errors, clusterIPs, old.clusterIPs ?? [])) return;
  if (clusterIPs.length > 2) errors.invalid(path, clusterIPs, "may only hold up to 2 values");
  if (
    clusterIPs.length > 1 &&
    !(clusterIPs.some(isIpv6) && clusterIPs.some((one) => !isIpv6(one)) && clusterIPs.length === 2)
  )
    errors.invalid(path, clusterIPs, "may specify no more than one IP for each IP family");
  if (isHeadless(spec)) return;
  clusterIPs.slice(0, ipFamilies.length).forEach((address, index) => {
    const family = ipFamilies[index];
    if ((family === "IPv4" && isIpv6(address)) || (family === "IPv6" && !isIpv6(address)))
      errors.invalid(
        `${path}[${index}]`,
        address,
        `expected an ${family} value as indicated by \`ipFamilies[${index}]\``,
      );
  });
}

/** @returns whether each is an address, or the one that says that there is none; what was there before is one. */
function validateEach(errors: FieldErrors, addresses: readonly string[], before: readonly string[]): boolean {
  const count = errors.list.length;
  addresses.forEach((address, index) => {
    if (index === 0 && address === "None") {
      if (addresses.length > 1) errors.invalid("spec.clusterIPs", addresses, "'None' must be the first and only value");
    } else if (!isIp(address) && !before.includes(address))
      errors.invalidEach(`spec.clusterIPs[${index}]`, address, legacyIpProblems(address));
  });
  return errors.list.length === count;
}

/** The first address and its family stay, but when a Service turns into or out of an ExternalName. */
export function validateServiceAddressesUpdate(errors: FieldErrors, spec: ServiceSpec, old: ServiceSpec): void {
  if (isExternalName(spec) || isExternalName(old)) return;
  if (isHeadless(spec) && isHeadless(old)) return;
  const [addresses, before] = [spec.clusterIPs ?? [], old.clusterIPs ?? []];
  const first = "spec.clusterIPs[0]";
  const fixed = "may not change once set";
  if (addresses.length === before.length) {
    before.forEach((address, index) => {
      if (addresses[index] !== address) errors.invalid(`spec.clusterIPs[${index}]`, addresses, fixed);
    });
  } else {
    if (addresses.length === 0) errors.invalid(first, addresses, "primary clusterIP can not be unset");
    else if (before.length > 0 && addresses[0] !== before[0]) errors.invalid(first, addresses, fixed);
    if (before.length > addresses.length && addresses.length === 1 && spec.ipFamilyPolicy !== "SingleStack")
      errors.invalid(
        "spec.ipFamilyPolicy",
        spec.ipFamilyPolicy ?? null,
        "must be set to 'SingleStack' when releasing the secondary clusterIP",
      );
  }
  if (isHeadless(spec) !== isHeadless(old)) return;
  const [families, familiesBefore] = [spec.ipFamilies ?? [], old.ipFamilies ?? []];
  if (families.length === familiesBefore.length) {
    familiesBefore.forEach((family, index) => {
      if (families[index] !== family) errors.invalid("spec.ipFamilies[0]", families, fixed);
    });
  } else if (familiesBefore.length > 0 && families.length > 0 && families[0] !== familiesBefore[0])
    errors.invalid("spec.ipFamilies[0]", families, fixed);
}
