import type { KubernetesObject, LabelSelector } from "@bellows/api";

interface ResourceRule {
  readonly resourceNames?: readonly string[];
}

interface MatchResources {
  readonly resourceRules?: readonly ResourceRule[];
  readonly excludeResourceRules?: readonly ResourceRule[];
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  readonly matchPolicy?: string;
}

interface Expression {
  readonly name: string;
  readonly expression: string;
}

/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy, as far as it is evaluated. */
export interface Policy extends KubernetesObject {
  readonly spec: {
    readonly paramKind?: { readonly apiVersion: string; readonly kind: string };
    readonly matchConstraints?: MatchResources;
    readonly matchConditions?: readonly Expression[];
    readonly variables?: readonly Expression[];
    readonly validations?: readonly {
      readonly expression: string;
      readonly message?: string;
      readonly messageExpression?: string;
      readonly reason?: string;
    }[];
    readonly failurePolicy?: string;
  };
}

/** admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding. */
export interface Binding extends KubernetesObject {
  readonly spec?: {
    readonly policyName?: string;
    readonly validationActions?: readonly string[];
    readonly matchResources?: MatchResources;
    readonly paramRef?: {
      readonly name?: string;
      readonly namespace?: string;
      readonly selector?: LabelSelector;
      readonly parameterNotFoundAction?: string;
    };
  };
}
