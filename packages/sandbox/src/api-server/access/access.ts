/**
 * Who may do what: role based access control, the reviews that answer questions about it, and the tokens of service
 * accounts. Everything here is pure: RBAC objects, keys and the time are passed in.
 */
export {
  type AccessAttributes,
  aggregatedRules,
  authorize,
  type Decision,
  forbiddenAccess,
  grantsOf,
  type RbacObjects,
} from "./authorization.ts";
export {
  bootstrapClusterRoleBindings,
  bootstrapClusterRoles,
  bootstrapRoleBindings,
  bootstrapRoles,
} from "./bootstrap-policy.ts";
export { escalation } from "./escalation.ts";
export {
  localSubjectAccessReview,
  type Review,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from "./reviews.ts";
export {
  type ServiceAccountTokenRequest,
  signServiceAccountToken,
  TokenError,
  type TokenKey,
  type VerifiedToken,
  verifyServiceAccountToken,
} from "./service-account-token.ts";
