import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

/** The parts of a Vault server that are asked for a secret, and an endpoint that only its secret opens. */
export interface FakeVault {
  readonly url: string;
  /** Requests that came with another token or namespace, and requests in all. */
  readonly refused: number;
  readonly answered: number;
  stop(): Promise<void>;
}

/** @param secret  what `kv/chart` holds under `password`; `/metric` answers 3 to who has it as a bearer token */
export async function startVault(token: string, namespace: string, secret: string): Promise<FakeVault> {
  let refused = 0;
  let answered = 0;
  const answers: Readonly<Record<string, object>> = {
    "/v1/auth/token/lookup-self": { data: { renewable: false } },
    "/v1/kv/chart": { data: { password: secret } },
    "/metric": { value: 3 },
  };
  const mayAsk = ({ url, headers }: IncomingMessage) =>
    url === "/metric"
      ? headers.authorization === `Bearer ${secret}`
      : headers["x-vault-token"] === token && headers["x-vault-namespace"] === namespace;
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ""];
    if (!answer || !mayAsk(request)) {
      refused++;
      response.writeHead(403).end(JSON.stringify({ errors: ["permission denied"] }));
      return;
    }
    answered++;
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get refused() {
      return refused;
    },
    get answered() {
      return answered;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
