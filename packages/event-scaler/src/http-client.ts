import { type Clock, sleep } from "@bellows/kube";

const maxBodyBytes = 4 << 20;

export interface HttpRequest {
  readonly method: "GET" | "PUT" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** How another server is reached: answers with any status, rejects where there is no answer. */
export type Http = (request: HttpRequest) => Promise<{ readonly status: number; readonly body: string }>;

/**
 * HTTP(S) with the certificates that this process trusts. The client is loaded on first use.
 * @param server  what is asked, for messages
 */
export function httpClient(server: string, clock: Clock, timeoutMs: number): Http {
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
      throw new Error(`${server}: ${method} ${url}: ${cause.message || cause.code || cause.name}`, { cause });
    } finally {
      done.abort();
    }
  };
}
