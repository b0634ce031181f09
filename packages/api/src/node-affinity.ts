import { type LabelOperator, type Labels, labelRequirement, Selector, SelectorError } from "./label-selector.ts";

/** The shape of core/v1 NodeSelectorRequirement. */
interface RequirementFields {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** The shape of core/v1 NodeSelectorTerm. */
interface TermFields {
  readonly matchExpressions?: readonly RequirementFields[];
  readonly matchFields?: readonly RequirementFields[];
}

/** The shape of a pod spec, as far as it chooses nodes. */
interface PodSpecFields {
  readonly nodeSelector?: Labels;
  readonly affinity?: {
    readonly nodeAffinity?: {
      readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms: readonly TermFields[] };
      readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
        readonly weight: number;
        readonly preference: TermFields;
      }[];
    };
  };
}

/** The node that is asked about, as far as affinity looks at it. */
interface NodeFields {
  readonly metadata: { readonly name: string; readonly labels?: Labels };
}

const operatorOf: Readonly<Record<string, LabelOperator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
};

type Match = (node: NodeFields) => boolean;

/**
 * Node selector terms made ready for matching: any of them must hold; a term without requirements matches no node, and
 * neither do no terms at all. A term that cannot be read counts only where no other matches: then it throws.
 */
export function nodeSelectorTerms(terms: readonly TermFields[]): Match {
  const matchers = terms.flatMap((term, index) =>
    isEmpty(term) ? [] : [termMatcher(term, `nodeSelectorTerms[${index}]`)],
  );
  return (node) => {
    let problem: SelectorError | undefined;
    for (const matcher of matchers) {
      if (matcher instanceof SelectorError) problem ??= matcher;
      else if (matcher(node)) return true;
    }
    if (problem) throw problem;
    return false;
  };
}

/** What a pod's nodeSelector and required node affinity ask of a node, both of which must hold. */
export function requiredNodeAffinity(spec: PodSpecFields): Match {
  const labels = Object.entries(spec.nodeSelector ?? {});
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const matchesTerms = required && nodeSelectorTerms(required.nodeSelectorTerms);
  return (node) =>
    labels.every(([key, value]) => node.metadata.labels?.[key] === value) && (matchesTerms?.(node) ?? true);
}

/** The sum of the weights of the preferred terms that a node meets. Terms that are empty or weigh 0 are passed over. */
export function preferredNodeAffinity(spec: PodSpecFields): (node: NodeFields) => number {
  const preferred = spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const terms = preferred.flatMap(({ weight, preference }, index) => {
    if (weight === 0 || isEmpty(preference)) return [];
    const matches = termMatcher(preference, `[${index}]`);
    if (matches instanceof SelectorError) throw matches;
    return [{ weight, matches }];
  });
  return (node) => terms.reduce((score, { weight, matches }) => (matches(node) ? score + weight : score), 0);
}

function isEmpty(term: TermFields): boolean {
  return !term.matchExpressions?.length && !term.matchFields?.length;
}

function termMatcher(term: TermFields, path: string): Match | SelectorError {
  try {
    const labels = labelsMatcher(term.matchExpressions ?? [], `${path}.matchExpressions`);
    const fields = fieldsMatcher(term.matchFields ?? [], `${path}.matchFields`);
    return (node) => labels.matches(node.metadata.labels) && fields(node);
  } catch (error) {
    if (error instanceof SelectorError) return error;
    throw error;
  }
}

function labelsMatcher(requirements: readonly RequirementFields[], path: string): Selector {
  return Selector.of(
    requirements.map(({ key, operator, values }, index) => {
      const known = operatorOf[operator];
      if (!known) throw unsupported(`${path}[${index}].operator`, operator, Object.keys(operatorOf));
      return labelRequirement(key, known, values ?? [], `${path}[${index}]`);
    }),
  );
}

/** Only `metadata.name` is a field of a node; any other has the empty value. */
function fieldsMatcher(requirements: readonly RequirementFields[], path: string): Match {
  const tests = requirements.map(({ key, operator, values }, index): Match => {
    if (operator !== "In" && operator !== "NotIn") {
      throw unsupported(`${path}[${index}].operator`, operator, ["In", "NotIn"]);
    }
    if (values?.length !== 1) {
      const came = JSON.stringify(values ?? null);
      throw new SelectorError(`${path}[${index}].values: Invalid value: ${came}: must have one element`);
    }
    const [expected] = values;
    return (node) => ((key === "metadata.name" ? node.metadata.name : "") === expected) === (operator === "In");
  });
  return (node) => tests.every((test) => test(node));
}

function unsupported(path: string, operator: string, supported: readonly string[]): SelectorError {
  const list = supported.map((one) => JSON.stringify(one)).join(", ");
  return new SelectorError(`${path}: Unsupported value: ${JSON.stringify(operator)}: supported values: ${list}`);
}
