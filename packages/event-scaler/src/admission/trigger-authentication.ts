import type { TriggerAuthenticationSpec } from "@bellows/api";
import type { Findings, Problem } from "./problem.ts";

/** What KEDA's webhook refuses a TriggerAuthentication or ClusterTriggerAuthentication for. */
export function validateTriggerAuthentication(spec: TriggerAuthenticationSpec | undefined): Findings {
  const identity = identityProblem(spec?.podIdentity);
  // As upstream, identities without rules of their own end the checks.
  const problem = identity === "done" ? undefined : (identity ?? oauth2Problem(spec?.oauth2));
  return { problems: problem ? [{ ...problem, reason: "incorrect-authentication" }] : [], warnings: [] };
}

type Found = Pick<Problem, "field" | "message">;

function identityProblem(identity: TriggerAuthenticationSpec["podIdentity"]): Found | "done" | undefined {
  if (!identity) return undefined;
  const { provider, identityId, identityTenantId, identityAuthorityHost, roleArn, externalID, identityOwner } =
    identity;
  if (provider === "azure-workload") {
    if (identityId === "") {
      return found(
        "identityId",
        `identityId of PodIdentity should not be empty. If it's set, identityId has to be different than ""`,
      );
    }
    if (identityAuthorityHost) {
      if (identityTenantId) return undefined;
      return found(
        "identityTenantId",
        "identityTenantID of PodIdentity should not be nil or empty when identityAuthorityHost of PodIdentity is set",
      );
    }
    if (identityTenantId !== "") return undefined;
    return found(
      "identityTenantId",
      `identityTenantId of PodIdentity should not be empty. If it's set, identityTenantId has to be different than ""`,
    );
  }
  if (provider === "aws") {
    if (roleArn && identityOwner === "workload") {
      return found("roleArn", "roleArn of PodIdentity can't be set if KEDA isn't identityOwner");
    }
    if (externalID && !roleArn) return found("externalID", "externalID of PodIdentity requires roleArn to be set");
    return undefined;
  }
  return "done";
}

const found = (field: string, message: string): Found => ({ field: `spec.podIdentity.${field}`, message });

interface OAuth2 {
  readonly type?: string;
  readonly clientId?: string;
  readonly tokenUrl?: string;
}

function oauth2Problem(oauth2: OAuth2 | undefined): Found | undefined {
  if (!oauth2) return undefined;
  const { type = "", clientId = "", tokenUrl = "" } = oauth2;
  const wrong = (field: string, message: string): Found => ({ field: `spec.oauth2.${field}`, message });
  if (type !== "clientCredentials") return wrong("type", `oauth2.type must be 'clientCredentials', got '${type}'`);
  if (clientId === "") return wrong("clientId", "oauth2.clientId is required when oauth2 is configured");
  if (tokenUrl === "") return wrong("tokenUrl", "oauth2.tokenUrl is required when oauth2 is configured");
  if (/^https?:\/\/[^/?#]+/i.test(tokenUrl) && URL.canParse(tokenUrl)) return undefined;
  return wrong("tokenUrl", "oauth2.tokenUrl must be a valid http or https URL");
}
