import { request } from "node:https";
import { isIP } from "node:net";
import type { Post } from "../webhook-client.ts";
import { connectionProblem } from "./connection-problem.ts";

/** An answer larger than this is no review. */
const maxAnswerBytes = 4 * 1024 * 1024;

/** Posts a review over HTTPS, trusting the CA that is named, or else the machine's roots. */
export const postReview: Post = (url, body, { timeoutSeconds, caBundle, target }) =>
  new Promise((done, fail) => {
    const failed = (error: Error) => fail(new Error(connectionProblem(error), { cause: error }));
    const asked = request(
      url,
      {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/json" },
        ...(caBundle && { ca: Buffer.from(caBundle, "base64") }),
        ...(target && {
          hostname: target.host,
          port: target.port,
          ...(isIP(target.serverName) === 0 && { servername: target.serverName }),
        }),
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
        answer.on("end", () =>
          done({
            status: answer.statusCode ?? 0,
            type: answer.headers["content-type"],
            text: Buffer.concat(chunks).toString("utf8"),
          }),
        );
        answer.on("error", failed);
      },
    );
    asked.on("error", failed);
    asked.end(JSON.stringify(body));
  });
