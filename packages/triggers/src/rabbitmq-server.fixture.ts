import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Dispatcher, request } from "undici";
import { answers, freePorts, type ServerProcess, startServer } from "./server-process.fixture.ts";

/** Debian: apt-get install rabbitmq-server. */
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server";
export const hasRabbitMqServer = existsSync(program);

export interface RabbitMqServer extends ServerProcess {
  readonly amqpPort: number;
  readonly amqpsPort: number;
  /** Of the management plugin, with no user in it; the user is guest with the password guest. */
  readonly managementUrl: string;
  /** Asks the management plugin; a body is sent as JSON. */
  ask(method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<unknown>;
}

/** PEM texts of a server that clients reach by TLS, as the common name of their certificates. */
export interface ServerCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * Starts RabbitMQ with its management plugin, and a registry of names of its own: an epmd on another port.
 * @param tls  with it the amqpsPort is listened on
 */
export async function startRabbitMqServer(folder: string, tls?: ServerCertificates): Promise<RabbitMqServer> {
  const [amqpPort = 0, amqpsPort = 0, httpPort = 0, nodePort = 0, epmdPort = 0] = await freePorts(5);
  const file = (name: string, ...lines: string[]) => {
    writeFileSync(join(folder, name), `${lines.join("\n")}\n`);
    return join(folder, name);
  };
  mkdirSync(join(folder, "data"), { recursive: true });
  const settings = file(
    "rabbitmq.conf",
    `listeners.tcp.1 = 127.0.0.1:${amqpPort}`,
    "management.tcp.ip = 127.0.0.1",
    `management.tcp.port = ${httpPort}`,
    "collect_statistics_interval = 500",
    ...(tls
      ? [
          `listeners.ssl.1 = 127.0.0.1:${amqpsPort}`,
          `ssl_options.cacertfile = ${file("ca.pem", tls.ca)}`,
          `ssl_options.certfile = ${file("cert.pem", tls.cert)}`,
          `ssl_options.keyfile = ${file("key.pem", tls.key)}`,
          "ssl_options.verify = verify_peer",
          "ssl_cert_login_from = common_name",
          "auth_mechanisms.1 = PLAIN",
          "auth_mechanisms.2 = EXTERNAL",
        ]
      : []),
  );
  const plugins = file("enabled_plugins", "[rabbitmq_management,rabbitmq_auth_mechanism_ssl].");
  const logFile = join(folder, "rabbitmq.log");
  const epmd = startServer("epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], join(folder, "epmd.log"));
  const server = startServer(program, [], logFile, {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      ERL_EPMD_PORT: String(epmdPort),
      RABBITMQ_NODENAME: `bellows-${amqpPort}@localhost`,
      RABBITMQ_MNESIA_BASE: join(folder, "data"),
      RABBITMQ_LOG_BASE: folder,
      RABBITMQ_LOGS: "-",
      RABBITMQ_DIST_PORT: String(nodePort),
      RABBITMQ_CONFIG_FILE: settings,
      RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
      RABBITMQ_CONF_ENV_FILE: join(folder, "none"),
      // The process is then the broker itself, and not a shell before it.
      RUNNING_UNDER_SYSTEMD: "1",
    },
  });
  const managementUrl = `http://127.0.0.1:${httpPort}`;
  const ask = async (method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<unknown> => {
    const answer = await request(`${managementUrl}/api/${path}`, {
      method,
      headers: { authorization: `Basic ${btoa("guest:guest")}`, "content-type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const said = await answer.body.text();
    if (answer.statusCode > 299) throw new Error(`${method} ${path}: ${answer.statusCode} ${said}`);
    return said === "" ? undefined : JSON.parse(said);
  };
  try {
    await answers(server, logFile, () => ask("GET", "overview"));
  } catch (error) {
    await Promise.all([server.stop(), epmd.stop()]);
    throw error;
  }
  return {
    ...server,
    amqpPort,
    amqpsPort,
    managementUrl,
    ask,
    async stop() {
      await server.stop();
      await epmd.stop();
    },
  };
}
