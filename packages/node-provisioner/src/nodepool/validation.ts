import { labelKeyProblems, labelValueProblems, type NodePool } from "@bellows/api";
import { capacityTypeLabel, nodePoolLabel, restrictedLabels, wellKnownLabels } from "../engine/well-known-labels.ts";

const operators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"];
const comparisons = ["Gt", "Lt", "Gte", "Lte"];
const restrictedDomains = ["karpenter.sh", "karpenter.k8s.aws"];

/** What is wrong with a pool beyond its schema, with the path of the field; undefined for a good one. */
export function nodePoolProblem({ spec }: NodePool): string | undefined {
  const problems: string[] = [];
  const { metadata, spec: template } = spec.template;
  for (const [key, value] of Object.entries(metadata?.labels ?? {})) {
    if (key === nodePoolLabel) problems.push(`invalid label key "${key}" in spec.template.metadata.labels, restricted`);
    for (const problem of labelKeyProblems(key)) problems.push(`invalid label key "${key}" in labels, ${problem}`);
    for (const problem of labelValueProblems(value)) {
      problems.push(`invalid value: ${value} for label[${key}], ${problem}`);
    }
    const restricted = restrictedProblem(key);
    if (restricted) problems.push(`invalid key name ${JSON.stringify(key)} in labels, ${restricted}`);
  }
  for (const [index, { key, operator, values = [], minValues }] of template.requirements.entries()) {
    const at = `spec.template.spec.requirements[${index}]`;
    if (!operators.includes(operator)) problems.push(`${at}: key ${key} has an unsupported operator ${operator}`);
    const restricted = restrictedProblem(key);
    if (restricted) problems.push(`${at}: ${restricted}`);
    if (operator === "In" && values.length === 0) {
      problems.push(`${at}: key ${key} with operator ${operator} must have a value defined`);
    }
    if (operator === "In" && minValues !== undefined && values.length < minValues) {
      problems.push(
        `${at}: key ${key} with operator ${operator} must have at least minimum number of values defined in 'values' field`,
      );
    }
    if (comparisons.includes(operator) && !(values.length === 1 && /^\d+$/.test(values[0] ?? ""))) {
      problems.push(`${at}: key ${key} with operator ${operator} must have a single positive integer value`);
    }
    if (key === capacityTypeLabel && operator === "In") {
      const known = ["on-demand", "spot", "reserved"];
      if (!values.some((value) => known.includes(value))) {
        problems.push(
          `${at}: invalid values: [${values.join(" ")}] for key: ${key}, expected one of: [${known.join(" ")}]`,
        );
      }
    }
  }
  return problems.length > 0 ? problems.join("; ") : undefined;
}

function restrictedProblem(key: string): string | undefined {
  if (wellKnownLabels.has(key)) return undefined;
  const domain = key.includes("/") ? key.slice(0, key.indexOf("/")) : "";
  const isRestricted = restrictedDomains.some((one) => domain === one || domain.endsWith(`.${one}`));
  if (!isRestricted && !restrictedLabels.has(key)) return undefined;
  if (key === "karpenter.k8s.aws/ec2nodeclass") return undefined;
  return `using label ${key} is not allowed as it might interfere with the internal provisioning logic`;
}
