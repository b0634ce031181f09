import type { PolicyRule } from "@bellows/api";
import type { UserInfo } from "../api-request.ts";
import { badRequest, type FieldError, invalid } from "../status-error.ts";
import { type AccessAttributes, type Decision, grantsOf, type RbacObjects } from "./authorization.ts";
import { TokenError, type TokenKey, verifyServiceAccountToken } from "./service-account-token.ts";

/** What every review is: a question in `spec` that comes back with its answer in `status`, and is never stored. */
export interface Review {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: { readonly namespace?: string };
  readonly spec?: Readonly<Record<string, unknown>>;
}

interface ResourceAttributes {
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  namespace?: string;
  name?: string;
  verb?: string;
}

interface ReviewSpec {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  groups?: string[];
  uid?: string;
  extra?: Record<string, string[]>;
}

type Authorize = (attributes: AccessAttributes) => Decision;

/** SelfSubjectAccessReview (`kubectl auth can-i`): may I? */
export function selfSubjectAccessReview(review: Review, user: UserInfo, authorize: Authorize): Review {
  const spec = (review.spec ?? {}) as ReviewSpec;
  check(attributeProblems(spec));
  return answered(review, authorize(attributesOf(spec, user)));
}

/** SubjectAccessReview: may somebody? */
export function subjectAccessReview(review: Review, authorize: Authorize): Review {
  const spec = (review.spec ?? {}) as ReviewSpec;
  check([...attributeProblems(spec), ...subjectProblems(spec)]);
  return answered(review, authorize(attributesOf(spec, subjectOf(spec))));
}

/** LocalSubjectAccessReview: may somebody, in this namespace? */
export function localSubjectAccessReview(review: Review, namespace: string, authorize: Authorize): Review {
  const spec = (review.spec ?? {}) as ReviewSpec;
  const asked = spec.resourceAttributes?.namespace;
  const problems: FieldError[] = [...attributeProblems(spec), ...subjectProblems(spec)];
  if (spec.nonResourceAttributes)
    problems.push(
      problem("spec.nonResourceAttributes", pathText(spec.nonResourceAttributes), "disallowed on this kind of request"),
    );
  if (spec.resourceAttributes && asked !== namespace)
    throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${namespace}`);
  check(problems);
  return answered(review, authorize(attributesOf(spec, subjectOf(spec))));
}

const subjectOf = ({ user = "", groups = [], uid, extra }: ReviewSpec): UserInfo => ({
  username: user,
  groups,
  ...(uid !== undefined && { uid }),
  ...(extra && { extra }),
});

function attributesOf({ resourceAttributes, nonResourceAttributes }: ReviewSpec, user: UserInfo): AccessAttributes {
  if (nonResourceAttributes)
    return { user, verb: nonResourceAttributes.verb ?? "", path: nonResourceAttributes.path ?? "" };
  const { group, resource, subresource, namespace, name, verb = "" } = resourceAttributes ?? {};
  return { user, verb, group, resource, subresource, namespace, name };
}

const answered = (review: Review, { allowed, reason }: Decision): Review => ({
  ...review,
  metadata: review.metadata ?? {},
  ...{ status: { allowed, ...(reason && { reason }) } },
});

const problem = (field: string, value: string, detail: string): FieldError => ({
  reason: "FieldValueInvalid",
  field,
  message: `Invalid value: ${value}: ${detail}`,
});

function attributeProblems({ resourceAttributes, nonResourceAttributes }: ReviewSpec): FieldError[] {
  if (resourceAttributes && nonResourceAttributes)
    return [
      problem(
        "spec.nonResourceAttributes",
        pathText(nonResourceAttributes),
        "cannot be specified in combination with resourceAttributes",
      ),
    ];
  if (!resourceAttributes && !nonResourceAttributes)
    return [
      problem(
        "spec.resourceAttributes",
        "null",
        "exactly one of nonResourceAttributes or resourceAttributes must be specified",
      ),
    ];
  return [];
}

const subjectProblems = ({ user, groups = [] }: ReviewSpec): FieldError[] =>
  user || groups.length > 0 ? [] : [problem("spec.user", '""', "at least one of user or group must be specified")];

/** As the API server prints its internal value of this type. */
const pathText = ({ path = "", verb = "" }: { path?: string; verb?: string }) =>
  JSON.stringify({ Path: path, Verb: verb });

/** The API server leaves out the kind of a review that it refuses. */
function check(problems: readonly FieldError[]) {
  if (problems.length > 0) throw invalid("authorization.k8s.io", "", "", problems);
}

/** SelfSubjectRulesReview (`kubectl auth can-i --list`): all that I may do in a namespace. */
export function selfSubjectRulesReview(review: Review, user: UserInfo, rbac: RbacObjects): Review {
  const namespace = (review.spec as { namespace?: string } | undefined)?.namespace;
  if (!namespace) throw badRequest("no namespace on request");
  const rules = user.groups.includes("system:masters")
    ? [everything, everyPath]
    : [...grantsOf(user, namespace, rbac)].flatMap((grant) => grant.rules);
  return {
    ...review,
    metadata: review.metadata ?? {},
    ...{
      status: {
        resourceRules: rules.filter((rule) => (rule.resources ?? []).length > 0).map(resourceRule),
        nonResourceRules: rules
          .filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
          .map(({ verbs, nonResourceURLs }) => ({ verbs, nonResourceURLs })),
        incomplete: false,
      },
    },
  };
}

const everything: PolicyRule = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
const everyPath: PolicyRule = { verbs: ["*"], nonResourceURLs: ["*"] };

const resourceRule = ({ verbs, apiGroups = [], resources = [], resourceNames }: PolicyRule) => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames && resourceNames.length > 0 && { resourceNames }),
});

/** SelfSubjectReview (`kubectl auth whoami`): who am I? */
export function selfSubjectReview(review: Review, { username, uid, groups, extra }: UserInfo): Review {
  const userInfo = { username, ...(uid && { uid }), groups, ...(extra && { extra }) };
  return { ...review, metadata: review.metadata ?? {}, ...{ status: { userInfo } } };
}

/**
 * TokenReview: whose token is this? Knows the tokens of service accounts and those in `tokens`.
 *
 * @param tokens  the user of a static token, if it is one
 * @param now  milliseconds since the epoch
 */
export function tokenReview(
  review: Review,
  key: TokenKey,
  tokens: (token: string) => UserInfo | undefined,
  now: number,
): Review {
  const { token = "", audiences = [] } = (review.spec ?? {}) as { token?: string; audiences?: string[] };
  if (token === "") throw badRequest("token is required for TokenReview in authentication");
  return { ...review, metadata: review.metadata ?? {}, ...{ status: tokenStatus(token, audiences, key, tokens, now) } };
}

function tokenStatus(
  token: string,
  audiences: readonly string[],
  key: TokenKey,
  tokens: (token: string) => UserInfo | undefined,
  now: number,
) {
  const known = tokens(token);
  if (known) return { authenticated: true, user: known, ...(audiences.length > 0 && { audiences }) };
  try {
    const verified = verifyServiceAccountToken(token, key, now, audiences.length > 0 ? audiences : undefined);
    return { authenticated: true, user: verified.user, audiences: verified.audiences };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return { user: {}, error: error.message };
  }
}
