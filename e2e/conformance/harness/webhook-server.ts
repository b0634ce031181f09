import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { systemClock } from "@bellows/kube";
import { newCredentials } from "@bellows/sandbox/api-server";
import type { Json } from "./conversation.ts";

const here = ["localhost", "127.0.0.1"];
let credentials: ReturnType<typeof newCredentials> | undefined;

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Json;
}

export interface Listening {
  readonly port: number;
  readonly caBundle: string;
  readonly close: () => void;
}

/** An HTTPS server on all addresses of this machine; an answer of undefined is a server's error. */
export async function httpsServer(
  answer: (asked: Asked) => Json,
  names?: readonly string[],
  status = 200,
): Promise<Listening> {
  if (!names) credentials ??= newCredentials(systemClock, here);
  const { tls } = await (names ? newCredentials(systemClock, names) : credentials!);
  const server = createServer({ key: tls.key, cert: tls.certificate, requestCert: true, rejectUnauthorized: false });
  server.on("request", (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const { method = "", url = "", headers } = request;
      const given = answer({ method, path: url, headers, body: text === "" ? undefined : JSON.parse(text) });
      if (given === undefined) {
        response.writeHead(500).end("broken");
        return;
      }
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(given));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    caBundle: Buffer.from(tls.caBundle).toString("base64"),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** An admission webhook on this machine. `answer` makes the response of a review; undefined is a server's error. */
export async function webhookServer(
  answer: (review: Json) => Json,
): Promise<{ url: string; caBundle: string; close: () => void }> {
  const { port, caBundle, close } = await httpsServer(({ body: review }) => {
    const given = answer(review);
    if (given === undefined) return undefined;
    const { apiVersion = "admission.k8s.io/v1", ...rest } = given;
    return { apiVersion, kind: "AdmissionReview", response: { uid: review.request.uid, ...rest } };
  });
  return { url: `https://127.0.0.1:${port}/hook`, caBundle, close };
}

/** An address of this machine that an EndpointSlice may have: loopback it may not. */
export function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  const found = all.find(({ family, internal }) => family === "IPv4" && !internal);
  if (!found) throw new Error("this machine has no IPv4 address but loopback");
  return found.address;
}
