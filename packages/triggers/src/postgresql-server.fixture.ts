import { execFileSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { answers, freePorts, type ServerProcess, startServer } from "./server-process.fixture.ts";

/** Debian: apt-get install postgresql. */
const versions = "/usr/lib/postgresql";
const newest = existsSync(versions) ? readdirSync(versions).toSorted((a, b) => Number(b) - Number(a))[0] : undefined;
const bin = newest === undefined ? undefined : join(versions, newest, "bin");

/** PostgreSQL refuses to run as root: then it is the user of Debian's package. */
function owner(): { uid?: number; gid?: number } | undefined {
  if (process.getuid?.() !== 0) return {};
  try {
    const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8", stdio: "pipe" }));
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return undefined;
  }
}
export const hasPostgresServer = bin !== undefined && owner() !== undefined;

export interface PostgresServer extends ServerProcess {
  readonly port: number;
  /** Connected to the database postgres as its superuser `admin`. */
  readonly admin: Client;
}

export const postgresPassword = "it's a \\secret";

/**
 * Starts PostgreSQL, which logs below `folder`; its data are gone with it.
 * @param tls  certificate and key of the server, PEM
 */
export async function startPostgresServer(
  folder: string,
  tls?: { readonly cert: string; readonly key: string },
): Promise<PostgresServer> {
  const identity = owner() ?? {};
  const own = (path: string) => {
    if (identity.uid !== undefined && identity.gid !== undefined) chownSync(path, identity.uid, identity.gid);
    return path;
  };
  const file = (name: string, text: string) => {
    writeFileSync(join(home, name), text, { mode: 0o600 });
    return own(join(home, name));
  };
  // A folder that others made may not let its user in.
  const home = own(mkdtempSync(join(tmpdir(), "bellows-postgresql-data-")));
  const data = join(home, "data");
  const [port = 0] = await freePorts(1);
  const logFile = join(folder, "postgresql.log");
  const password = file("password", postgresPassword);
  const made = ["-D", data, "-U", "admin", "--auth=scram-sha-256", `--pwfile=${password}`, "--no-sync", "-E", "UTF8"];
  execFileSync(join(bin ?? "", "initdb"), made, { ...identity, cwd: home, stdio: "pipe" });
  const settings = ["-p", port, "-c", "listen_addresses=127.0.0.1", "-k", home, "-c", "fsync=off"].map(String);
  if (tls) {
    settings.push("-c", "ssl=on", "-c", `ssl_cert_file=${file("server.crt", tls.cert)}`);
    settings.push("-c", `ssl_key_file=${file("server.key", tls.key)}`);
  }
  const server = startServer(join(bin ?? "", "postgres"), ["-D", data, ...settings], logFile, {
    ...identity,
    cwd: home,
    env: { LANG: "C.UTF-8" },
  });
  const ended = async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const connected = async () => {
    const client = new Client({
      host: "127.0.0.1",
      port,
      user: "admin",
      password: postgresPassword,
      database: "postgres",
    });
    client.on("error", () => {});
    await client.connect();
    return client;
  };
  try {
    const admin = await answers(server, logFile, connected);
    return {
      ...server,
      port,
      admin,
      async stop() {
        await admin.end();
        // At once, whoever is connected.
        server.process.kill("SIGINT");
        await ended();
      },
    };
  } catch (error) {
    await ended();
    throw error;
  }
}
