import { connect, createServer, type Socket } from "node:net";

/** Stands between a controller and the API server, and can cut what runs through it. */
export interface ConnectionProxy {
  /** `https://127.0.0.1:PORT`; the certificate behind it is the API server's. */
  readonly url: string;
  /** Ends every connection, watches and all, without a word. @returns how many there were */
  drop(): number;
  /** From now on nothing comes through, either way, and no connection ends: as where packets are lost. */
  hang(): void;
  close(): Promise<void>;
}

/**
 * Forwards bytes to the server of `url`.
 * @param at  the port that it listens on; default any free one
 */
export async function connectionProxy(url: string, at = 0): Promise<ConnectionProxy> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const outwards = new Set<Socket>();
  let isHanging = false;
  const server = createServer((inward) => {
    const outward = connect(Number(port), hostname);
    sockets.add(inward);
    outwards.add(outward);
    if (isHanging) inward.pause();
    for (const [one, other] of [
      [inward, outward],
      [outward, inward],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
      if (!isHanging) one.pipe(other);
    }
    inward.on("close", () => sockets.delete(inward));
    outward.on("close", () => outwards.delete(outward));
  });
  await new Promise<void>((done) => server.listen(at, "127.0.0.1", done));
  const drop = () => {
    const open = [...sockets];
    for (const socket of open) socket.resetAndDestroy();
    return open.length;
  };
  const hang = () => {
    isHanging = true;
    for (const socket of [...sockets, ...outwards]) socket.unpipe().pause();
  };
  return {
    hang,
    url: `https://127.0.0.1:${(server.address() as { port: number }).port}`,
    drop,
    async close() {
      drop();
      await new Promise((done) => server.close(done));
    },
  };
}
