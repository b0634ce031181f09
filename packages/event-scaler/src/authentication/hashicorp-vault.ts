/** One request to a Vault server. */
export interface VaultRequest {
  readonly method: "GET" | "PUT";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** How Vault is reached: answers with any status, rejects where there is no answer. */
export type VaultHttp = (request: VaultRequest) => Promise<{ readonly status: number; readonly body: string }>;
