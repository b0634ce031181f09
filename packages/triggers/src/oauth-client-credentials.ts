import type { Clock } from "@bellows/kube";
import { z } from "zod";
import { basicAuthorization, type HttpClient } from "./http-client.ts";

/** How a token is asked for with an id and a secret of one's own (RFC 6749, 4.4). */
export interface ClientCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  /** More parameters of the request. */
  readonly parameters: Readonly<Record<string, readonly string[]>>;
}

/** Gives an access token, the same until shortly before it expires. */
export interface TokenSource {
  token(signal: AbortSignal): Promise<string>;
  /** The token was refused: the next is asked for anew. */
  forget(): void;
}

/** A token is used no longer than until so many milliseconds before its end. */
const spareMs = 10_000;

const TokenAnswer = z.object({
  access_token: z.string().min(1),
  expires_in: z.coerce.number().positive().optional().catch(undefined),
});

/** Asks with the id and the secret in the header; servers that refuse this get them in the form. */
export function clientCredentialsTokens(http: HttpClient, clock: Clock, given: ClientCredentials): TokenSource {
  let current: { readonly token: string; readonly until: number } | undefined;

  async function ask(inForm: boolean, signal: AbortSignal) {
    const form = new URLSearchParams({ grant_type: "client_credentials" });
    if (given.scopes.length > 0) form.set("scope", given.scopes.join(" "));
    for (const [name, values] of Object.entries(given.parameters)) {
      form.delete(name);
      for (const value of values) form.append(name, value);
    }
    if (inForm) {
      form.set("client_id", given.clientId);
      form.set("client_secret", given.clientSecret);
    }
    const encoded = [given.clientId, given.clientSecret].map(encodeURIComponent) as [string, string];
    const headers: Record<string, string> = inForm ? {} : { authorization: basicAuthorization(...encoded) };
    return await http.postForm({ url: given.tokenUrl, headers, signal }, form);
  }

  return {
    async token(signal) {
      if (current && clock.now() < current.until) return current.token;
      let answer = await ask(false, signal);
      if (answer.status === 400 || answer.status === 401) answer = await ask(true, signal);
      if (answer.status < 200 || answer.status > 299) {
        throw new Error(`oauth2: cannot fetch token: ${answer.status} ${answer.statusText}`);
      }
      const parsed = TokenAnswer.safeParse(jsonOf(answer.body));
      if (!parsed.success) throw new Error("oauth2: server response missing access_token");
      const { access_token: token, expires_in: seconds = Number.POSITIVE_INFINITY } = parsed.data;
      current = { token, until: clock.now() + seconds * 1000 - spareMs };
      return token;
    },
    forget() {
      current = undefined;
    },
  };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
