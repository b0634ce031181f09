import { z } from "zod";
import { basicAuthorization, type HttpTls } from "./http-client.ts";
import { list, oneOf, type ParameterMeta, text, urlValues } from "./metadata.ts";

const fromAuth = ["authParams"] as const;
const fromBoth = ["triggerMetadata", "authParams"] as const;
const modes = ["apiKey", "basic", "tls", "bearer", "custom", "oauth"] as const;

const Authentication = z.object({
  modes: list(oneOf(...modes))
    .optional()
    .meta({
      names: ["authModes", "authMode"],
      from: fromBoth,
      exclusiveSet: ["bearer", "basic", "oauth"],
      description: "How requests are authenticated; at most one of bearer, basic and oauth.",
    }),
  bearerToken: text()
    .optional()
    .meta({ names: ["bearerToken", "token"], from: fromAuth, description: "For bearer." }),
  username: text().optional().meta({ from: fromAuth, description: "For basic." }),
  password: text().optional().meta({ from: fromAuth, description: "For basic." }),
  cert: text().optional().meta({ from: fromAuth, description: "For tls: the client's certificate, PEM." }),
  key: text().optional().meta({ from: fromAuth, description: "For tls: the key of the certificate, PEM." }),
  ca: text().optional().meta({ from: fromAuth, description: "Certificate that the server's is signed by, PEM." }),
  oauthTokenURI: text().optional().meta({ from: fromAuth, description: "For oauth." }),
  scopes: list(text())
    .optional()
    .meta({ names: ["scopes", "scope"], from: fromAuth, description: "For oauth." }),
  clientID: text().optional().meta({ from: fromAuth, description: "For oauth." }),
  clientSecret: text().optional().meta({ from: fromAuth, description: "For oauth." }),
  endpointParams: urlValues().optional().meta({ from: fromAuth, description: "For oauth." }),
  customAuthHeader: text().optional().meta({ from: fromAuth, description: "For custom: name of the header." }),
  customAuthValue: text().optional().meta({ from: fromAuth, description: "For custom: value of the header." }),
  apiKey: text().optional().meta({ from: fromBoth, description: "For apiKey." }),
  method: oneOf("header", "query")
    .default("header")
    .meta({ from: fromBoth, description: "For apiKey: where it is sent." }),
  keyParamName: text().optional().meta({
    from: fromBoth,
    description: "For apiKey: name of the header (default X-API-KEY) or of the query's parameter (default api_key).",
  }),
});

/** What a request is authenticated with. */
export type HttpAuthentication = z.output<typeof Authentication>;

/** The parameters of authentication that triggers that ask by HTTP have in common. */
export const httpAuthentication = () =>
  Authentication.optional().meta({
    validate: (values) => problemOf(values as HttpAuthentication),
  } satisfies ParameterMeta);

/** Whether a mode is asked for. */
export const isEnabled = (authentication: HttpAuthentication | undefined, mode: (typeof modes)[number]): boolean =>
  authentication?.modes?.includes(mode) ?? false;

/** Whether none is. */
export const isDisabled = (authentication: HttpAuthentication | undefined): boolean =>
  (authentication?.modes ?? []).length === 0;

function problemOf(given: HttpAuthentication): string | undefined {
  const shown = (value: string | undefined) => (value ? "<present>" : "<empty>");
  if (isEnabled(given, "bearer") && !given.bearerToken) {
    return `bearer token=${shown(given.bearerToken)} is required when bearer auth is enabled`;
  }
  if (isEnabled(given, "basic") && !given.username) {
    return `username=${shown(given.username)} is required when basic auth is enabled`;
  }
  if (isEnabled(given, "tls") && !(given.cert && given.key)) {
    return `cert=${shown(given.cert)} and key=${shown(given.key)} are required when tls auth is enabled`;
  }
  if (isEnabled(given, "oauth") && !(given.oauthTokenURI && given.clientID)) {
    return `oauthTokenURI=${shown(given.oauthTokenURI)} and clientID=${shown(given.clientID)} are required when oauth is enabled`;
  }
  if (isEnabled(given, "custom") && !(given.customAuthHeader && given.customAuthValue)) {
    return `customAuthHeader=${shown(given.customAuthHeader)} and customAuthValue=${shown(given.customAuthValue)} are required when custom auth is enabled`;
  }
  if (isEnabled(given, "apiKey") && !given.apiKey) return "apiKey is required when apiKey auth is enabled";
  return undefined;
}

/** The Authorization header of basic and bearer, where one of them is asked for. */
export function authorizationHeader(given: HttpAuthentication | undefined): Record<string, string> {
  if (isEnabled(given, "bearer")) return { authorization: `Bearer ${given?.bearerToken}` };
  if (isEnabled(given, "basic")) {
    return { authorization: basicAuthorization(given?.username ?? "", given?.password ?? "") };
  }
  return {};
}

/** The certificates of the parameters. The client's own are for the mode tls only. */
export function tlsOf(given: HttpAuthentication | undefined, unsafe: boolean): HttpTls {
  const own = isEnabled(given, "tls") ? { cert: given?.cert, key: given?.key } : {};
  return { ...own, ca: isDisabled(given) ? undefined : given?.ca, unsafe };
}
