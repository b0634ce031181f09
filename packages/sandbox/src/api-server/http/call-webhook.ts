import { request } from "node:https";
import type { CallWebhook } from "../admission/admission.ts";

/** An answer larger than this is no AdmissionReview. */
const maxAnswerBytes = 4 * 1024 * 1024;

/**
 * Sends a review to a webhook over HTTPS, by the `url` of its client configuration and the CA named there. A `service`
 * cannot be reached: pods of the sandbox are simulated and listen to nothing.
 */
export const callWebhook: CallWebhook = (clientConfig, review, { timeoutSeconds }) => {
  const { url, service, caBundle } = clientConfig;
  if (url === undefined) {
    const name = `${service?.namespace}/${service?.name}`;
    return Promise.reject(new Error(`service ${name}: no pod of the sandbox listens, expected clientConfig.url`));
  }
  const target = new URL(url);
  target.searchParams.set("timeout", `${timeoutSeconds}s`);
  const failed = (why: string) => new Error(`failed to call webhook: Post "${target}": ${why}`);
  return new Promise((done, fail) => {
    const asked = request(
      target,
      {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        ...(caBundle && { ca: Buffer.from(caBundle, "base64") }),
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on("data", (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > maxAnswerBytes) asked.destroy(new Error("the answer is too large"));
        });
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          if (answer.statusCode !== 200) return fail(failed(`${answer.statusCode}: ${text.slice(0, 200)}`));
          try {
            done(JSON.parse(text));
          } catch (error) {
            fail(failed((error as Error).message));
          }
        });
        answer.on("error", (error) => fail(failed(error.message)));
      },
    );
    asked.on("error", (error) =>
      fail(
        failed(
          error.name === "TimeoutError" || error.name === "AbortError"
            ? "context deadline exceeded"
            : dialProblem(error),
        ),
      ),
    );
    asked.end(JSON.stringify(review));
  });
};

/** As Go words a connection that is refused. */
function dialProblem(error: Error): string {
  const { code, address, port } = error as Error & { code?: string; address?: string; port?: number };
  return code === "ECONNREFUSED" ? `dial tcp ${address}:${port}: connect: connection refused` : error.message;
}
