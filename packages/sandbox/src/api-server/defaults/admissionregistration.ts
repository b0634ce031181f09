import { chain, type Defaulter, fill, within, withinEach } from "./fill.ts";

/** Also of aggregated APIs and of CRD conversion. */
export const servicePort: Defaulter = (config) => within(config, "service", (service) => fill(service, { port: 443 }));

const ruleScope: Defaulter = (holder) => withinEach(holder, "rules", (rule) => fill(rule, { scope: "*" }));

const matchDefaults = { matchPolicy: "Equivalent", namespaceSelector: {}, objectSelector: {} };

const webhook = (defaults: Record<string, unknown>): Defaulter =>
  chain(
    (hook) => fill(hook, { failurePolicy: "Fail", ...matchDefaults, timeoutSeconds: 10, ...defaults }),
    ruleScope,
    (hook) => within(hook, "clientConfig", servicePort),
  );

const validating = webhook({});
const mutating = webhook({ reinvocationPolicy: "Never" });

const matchResources: Defaulter = (match) =>
  withinEach(
    withinEach(fill(match, matchDefaults), "resourceRules", (rule) => fill(rule, { scope: "*" })),
    "excludeResourceRules",
    (rule) => fill(rule, { scope: "*" }),
  );

export const admissionregistrationDefaults: Readonly<Record<string, Defaulter>> = {
  ValidatingWebhookConfiguration: (object) => withinEach(object, "webhooks", validating),
  MutatingWebhookConfiguration: (object) => withinEach(object, "webhooks", mutating),
  ValidatingAdmissionPolicy: (object) =>
    within(object, "spec", (spec) => within(fill(spec, { failurePolicy: "Fail" }), "matchConstraints", matchResources)),
  ValidatingAdmissionPolicyBinding: (object) =>
    within(object, "spec", (spec) => within(spec, "matchResources", matchResources)),
};
