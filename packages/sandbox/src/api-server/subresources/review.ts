import {
  localSubjectAccessReview,
  type Review,
  selfSubjectAccessReview,
  selfSubjectReview,
  selfSubjectRulesReview,
  subjectAccessReview,
  tokenReview,
} from "../access/access.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { decodeBody } from "../rest/write-object.ts";

/** The answer to a kind that is only ever asked, never kept (TokenReview, SubjectAccessReview, ...). */
export function answerReview(scope: RequestScope): unknown {
  const { resource, request, parts, info } = scope;
  if (resource.verbs.includes("get")) return undefined;
  const { access } = parts;
  const review = (): Review => decodeBody({ ...scope, namespace: info.namespace }, request.body) as Review;
  switch (resource.plural) {
    case "selfsubjectaccessreviews":
      return selfSubjectAccessReview(review(), request.user, access.authorize);
    case "subjectaccessreviews":
      return subjectAccessReview(review(), access.authorize);
    case "localsubjectaccessreviews":
      return localSubjectAccessReview(review(), info.namespace ?? "", access.authorize);
    case "selfsubjectrulesreviews":
      return selfSubjectRulesReview(review(), request.user, access.rbac);
    case "selfsubjectreviews":
      return selfSubjectReview(review(), request.user);
    case "tokenreviews":
      return tokenReview(review(), parts.tokenKey, access.authenticate, parts.clock.now());
    default:
      return undefined;
  }
}
