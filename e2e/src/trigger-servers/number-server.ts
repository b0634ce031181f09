import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A number that is served by HTTP from this process. */
export interface NumberServer {
  value: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** @param body  what is answered while the number is this one */
export async function serveNumber(body: (value: number) => string): Promise<NumberServer> {
  const server = createServer((_, response) => void response.end(body(served.value)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const served: NumberServer = {
    value: 0,
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return served;
}
