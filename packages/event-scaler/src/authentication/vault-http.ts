import { type Clock, sleep } from "@bellows/kube";
import type { VaultHttp } from "./hashicorp-vault.ts";

/** As the client of Vault itself. */
const timeoutMs = 60_000;
const maxBodyBytes = 4 << 20;

/** Vault by HTTP(S), with the certificates that this process trusts. The client is loaded on first use. */
export function vaultHttp(clock: Clock): VaultHttp {
  return async ({ method, url, headers, body }) => {
    const { request } = await import("undici");
    const done = new AbortController();
    const late = new AbortController();
    void sleep(clock, timeoutMs, done.signal).then(() => late.abort(new Error(`no answer within ${timeoutMs} ms`)));
    try {
      const answer = await request(url, { method, headers, body: body ?? null, signal: late.signal });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > maxBodyBytes) throw new Error(`the answer is longer than ${maxBodyBytes} bytes`);
        chunks.push(chunk);
      }
      return { status: answer.statusCode, body: Buffer.concat(chunks).toString("utf8") };
    } catch (error) {
      const cause = (late.signal.aborted ? late.signal.reason : error) as Error & { code?: string };
      throw new Error(`Vault: ${method} ${url}: ${cause.message || cause.code || cause.name}`, { cause });
    } finally {
      done.abort();
    }
  };
}
