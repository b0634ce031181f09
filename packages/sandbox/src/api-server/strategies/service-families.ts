import type { ServiceSpec } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import { invalid } from "../status-error.ts";
import { FieldErrors } from "../validation/field-errors.ts";
import { validateServiceAddresses } from "../validation/service-addresses.ts";
import { needsAddress } from "./service-type.ts";

/** What has its own addresses has these; as in an EKS cluster of IPv4, there are no others. */
const family = "IPv4";

/** A spec that is being completed. */
export type Changing = { -readonly [K in keyof ServiceSpec]: ServiceSpec[K] };

const sameAddresses = (spec: ServiceSpec, old: ServiceSpec) => equalJson(spec.clusterIPs ?? [], old.clusterIPs ?? []);
const sameFamilies = (spec: ServiceSpec, old: ServiceSpec) => equalJson(spec.ipFamilies ?? [], old.ipFamilies ?? []);

/** Fills in what a client left out of `clusterIP` and `clusterIPs`, which are two ways to say one thing. */
export function linkAddresses(spec: Changing, old: ServiceSpec | undefined): void {
  if (!old) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  if (needsAddress(old) && needsAddress(spec)) {
    if (!spec.clusterIP && old.clusterIP) spec.clusterIP = old.clusterIP;
    if (!spec.clusterIPs?.length && old.clusterIPs?.length) spec.clusterIPs = old.clusterIPs;
  }
  if (spec.clusterIP === old.clusterIP || !sameAddresses(spec, old)) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else delete spec.clusterIPs;
}

/** Works out how many families of addresses a Service has, and which; throws where the cluster cannot have them. */
export function chooseFamilies(name: string, spec: Changing, old: ServiceSpec | undefined): void {
  if (!needsAddress(spec) || (old && staysDualIfPossible(spec, old))) return;
  const headlessForAll = spec.clusterIP === "None" && Object.keys(spec.selector ?? {}).length === 0;
  spec.ipFamilyPolicy ??= old?.ipFamilyPolicy ?? (headlessForAll ? "RequireDualStack" : "SingleStack");
  const errors = new FieldErrors();
  const refuseIfWrong = () => {
    if (errors.list.length > 0) throw invalid("", "Service", name, errors.list);
  };
  validateServiceAddresses(errors, spec, old);
  refuseIfWrong();
  const single = spec.ipFamilyPolicy === "SingleStack";
  const wrongPolicy = (why: string) => errors.invalid("spec.ipFamilyPolicy", spec.ipFamilyPolicy, why);
  if (old && single) {
    if (sameAddresses(spec, old) && spec.clusterIPs) spec.clusterIPs = spec.clusterIPs.slice(0, 1);
    if (sameFamilies(spec, old) && spec.ipFamilies) spec.ipFamilies = spec.ipFamilies.slice(0, 1);
  } else if (old) {
    const fewer = (field: "clusterIPs" | "ipFamilies") =>
      spec[field]?.length && spec[field].length < (old[field]?.length ?? 0);
    if (fewer("clusterIPs")) wrongPolicy("must be 'SingleStack' to release the secondary cluster IP");
    if (fewer("ipFamilies")) wrongPolicy("must be 'SingleStack' to release the secondary IP family");
  }
  if (single) {
    const dual = "must be 'RequireDualStack' or 'PreferDualStack' when multiple";
    if (spec.clusterIPs?.length === 2) wrongPolicy(`${dual} cluster IPs are specified`);
    if (spec.ipFamilies?.length === 2) wrongPolicy(`${dual} IP families are specified`);
  }
  const families = [...(spec.ipFamilies ?? [])];
  for (const [index, address] of (spec.clusterIPs ?? []).entries()) {
    if (address === "None") break;
    if (index < families.length) continue;
    if (address.includes(":"))
      errors.invalid(`spec.clusterIPs[${index}]`, spec.clusterIPs, "IPv6 is not configured on this cluster");
    else families.push(family);
  }
  refuseIfWrong();
  if (families.length === 0 && headlessForAll) families.push(family);
  if (headlessForAll) {
    if (families.length < 2 && !single) families.push(families[0] === "IPv4" ? "IPv6" : "IPv4");
    spec.ipFamilies = families;
    return;
  }
  if (spec.ipFamilyPolicy === "RequireDualStack") wrongPolicy("this cluster is not configured for dual-stack services");
  for (const [index, one] of families.entries())
    if (one !== family) errors.invalid(`spec.ipFamilies[${index}]`, one, "not configured on this cluster");
  refuseIfWrong();
  spec.ipFamilies = families.length === 0 ? [family] : families;
}

/** A Service that is dual where it can be stays as it is, whatever the cluster can by now. */
const staysDualIfPossible = (spec: ServiceSpec, old: ServiceSpec): boolean =>
  spec.ipFamilyPolicy === "PreferDualStack" &&
  (old.ipFamilyPolicy ?? spec.ipFamilyPolicy) === "PreferDualStack" &&
  spec.type === old.type &&
  sameAddresses(spec, old) &&
  sameFamilies(spec, old);
