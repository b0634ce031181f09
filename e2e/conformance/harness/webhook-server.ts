import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { systemClock } from "@bellows/kube";
import { newCredentials } from "@bellows/sandbox/api-server";
import type { Json } from "./conversation.ts";

let credentials: ReturnType<typeof newCredentials> | undefined;

/** An admission webhook on this machine. `answer` makes the response of a review; undefined is a server's error. */
export async function webhookServer(
  answer: (review: Json) => Json,
): Promise<{ url: string; caBundle: string; close: () => void }> {
  credentials ??= newCredentials(systemClock, ["localhost", "127.0.0.1"]);
  const { tls } = await credentials;
  const server = createServer({ key: tls.key, cert: tls.certificate }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const review = JSON.parse(Buffer.concat(chunks).toString("utf8"));
      const given = answer(review);
      if (given === undefined) {
        response.writeHead(500).end("broken");
        return;
      }
      const { apiVersion = "admission.k8s.io/v1", ...rest } = given;
      response.writeHead(200, { "content-type": "application/json" });
      response.end(
        JSON.stringify({ apiVersion, kind: "AdmissionReview", response: { uid: review.request.uid, ...rest } }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    caBundle: Buffer.from(tls.caBundle).toString("base64"),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
