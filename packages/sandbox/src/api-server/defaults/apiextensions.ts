import { isObject, type JsonObject } from "../json-value.ts";
import { servicePort } from "./admissionregistration.ts";
import { type Defaulter, fill, fillZero, within, withinAlways } from "./fill.ts";

const names: Defaulter = (given) => {
  const kind = typeof given["kind"] === "string" ? given["kind"] : "";
  return kind ? fillZero(given, { singular: kind.toLowerCase(), listKind: `${kind}List` }) : given;
};

const conversionWebhook: Defaulter = (conversion) =>
  within(conversion, "webhook", (webhook) => within(webhook, "clientConfig", servicePort));

const definitionDefaults: Defaulter = (definition) => {
  const result = withinAlways(definition, "spec", (spec) =>
    within(
      fill(withinAlways(spec, "names", names), { conversion: { strategy: "None" } }),
      "conversion",
      conversionWebhook,
    ),
  );
  const versions = (result["spec"] as JsonObject)["versions"];
  const stored = Array.isArray(versions)
    ? versions.find((version) => isObject(version) && version["storage"])
    : undefined;
  if (!stored) return result;
  return withinAlways(result, "status", (status) => fillZero(status, { storedVersions: [stored.name] }));
};

export const apiextensionsDefaults: Readonly<Record<string, Defaulter>> = {
  CustomResourceDefinition: definitionDefaults,
};
