import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConnectionOptions, connect, type NatsConnection } from "@nats-io/transport-node";
import { answers, freePorts, hasProgram, type ServerProcess, startServer } from "./server-process.fixture.ts";

/** Debian: apt-get install nats-server. */
export const hasNatsServer = hasProgram("nats-server", "--version");

export interface NatsServer extends ServerProcess {
  /** host:port for clients. */
  readonly address: string;
  /** host:port of the monitoring endpoint. */
  readonly monitoring: string;
  readonly admin: NatsConnection;
  /** Asks the API of JetStream, which in a cluster that has no leader yet nobody answers. */
  ask(api: string, body?: unknown, timeoutMs?: number): Promise<Record<string, unknown>>;
}

export const natsUser = { user: "me", pass: "secret" };

/** What a server may have besides JetStream. */
interface Setup {
  /** Certificates of a server that is spoken to by TLS only, PEM. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Content of its configuration file; it says who may connect. Left out: the user me with the password secret. */
  readonly config?: string;
  /** How the test connects where the configuration says who may. */
  readonly login?: Pick<ConnectionOptions, "user" | "pass" | "token" | "authenticator">;
}

/** Starts NATS with JetStream. */
export async function startNatsServer(folder: string, { tls, config, login }: Setup = {}): Promise<NatsServer> {
  const [port = 0, monitoringPort = 0] = await freePorts(2);
  const args = Object.entries(tls ?? {}).flatMap(([name, text]) => {
    writeFileSync(join(folder, `${name}.pem`), text);
    return [`--tls${name === "ca" ? "cacert" : name}=${join(folder, `${name}.pem`)}`];
  });
  if (tls) args.push("--tls");
  if (config !== undefined) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "nats.conf"), config);
    args.push("-c", join(folder, "nats.conf"));
  }
  const one = { host: "127.0.0.1", port, monitoringPort, args };
  return await startOne(folder, { ...one, ...(tls && { ca: tls.ca }), ...(config !== undefined && { login }) });
}

/** Three servers, each at an address of its own of this machine, with the same ports. */
export async function startNatsCluster(folder: string): Promise<NatsServer[]> {
  const [port = 0, monitoringPort = 0, routePort = 0] = await freePorts(3);
  const hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
  const routes = hosts.map((host) => `nats://${host}:${routePort}`).join(",");
  return await Promise.all(
    hosts.map((host, index) => {
      const cluster = ["--cluster_name", "test", "--cluster", `nats://${host}:${routePort}`, "--routes", routes];
      const name = `nats-${index}`;
      return startOne(join(folder, name), { host, port, monitoringPort, args: ["-n", name, ...cluster] });
    }),
  );
}

interface OneServer {
  readonly host: string;
  readonly port: number;
  readonly monitoringPort: number;
  readonly args?: readonly string[];
  readonly ca?: string;
  /** Left out: {@link natsUser}. */
  readonly login?: Setup["login"];
}

async function startOne(folder: string, one: OneServer): Promise<NatsServer> {
  const { host, port, monitoringPort, args = [], ca, login } = one;
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, "nats.log");
  const numbers = ["-a", host, "-p", String(port), "-m", String(monitoringPort)];
  const user = login ? [] : ["--user", natsUser.user, "--pass", natsUser.pass];
  const server = startServer("nats-server", [...numbers, ...user, "-js", "-sd", folder, ...args], logFile);
  // The client looks for names in certificates, not for addresses.
  const address = `${ca === undefined ? host : "localhost"}:${port}`;
  try {
    const admin = await answers(server, logFile, () =>
      connect({ servers: address, ...(login ?? natsUser), ...(ca !== undefined && { tls: { ca } }) }),
    );
    return {
      ...server,
      address,
      monitoring: `${host}:${monitoringPort}`,
      admin,
      async ask(api, body = {}, timeout = 60_000) {
        const answer = (await admin.request(`$JS.API.${api}`, JSON.stringify(body), { timeout })).json();
        const { error } = answer as { error?: { description: string } };
        if (error) throw new Error(`${api}: ${error.description}`);
        return answer as Record<string, unknown>;
      },
      async stop() {
        await admin.close();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
