import { type Defaulter, fill, fillZero, within, withinAlways, withinEach } from "./fill.ts";

const portDefaults: Defaulter = (rule) => withinEach(rule, "ports", (port) => fill(port, { protocol: "TCP" }));

const networkPolicySpec: Defaulter = (spec) => {
  const rules = withinEach(withinEach(spec, "ingress", portDefaults), "egress", portDefaults);
  const egress = ((rules["egress"] as unknown[] | undefined)?.length ?? 0) > 0;
  return fillZero(rules, { policyTypes: egress ? ["Ingress", "Egress"] : ["Ingress"] });
};

const ingressClassSpec: Defaulter = (spec) =>
  within(spec, "parameters", (parameters) => fill(parameters, { scope: "Cluster" }));

export const networkingDefaults: Readonly<Record<string, Defaulter>> = {
  NetworkPolicy: (policy) => withinAlways(policy, "spec", networkPolicySpec),
  IngressClass: (ingressClass) => within(ingressClass, "spec", ingressClassSpec),
};
