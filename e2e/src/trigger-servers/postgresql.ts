import {
  hasPostgresServer,
  postgresPassword,
  startPostgresServer,
} from "@bellows/triggers/test-servers/postgresql-server";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

const channel = "jobs";

/** As the guide of the event scaler has it. */
const notifying = `
  CREATE FUNCTION job_changed() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NOTIFY ${channel};
    RETURN NULL;
  END $$;
  CREATE TRIGGER job_changed AFTER INSERT OR UPDATE OR DELETE ON job
    FOR EACH STATEMENT EXECUTE FUNCTION job_changed()`;

/** A count of the rows of a table of a PostgreSQL server. */
const postgresql = (pushes: boolean): TriggerSource => ({
  name: `postgresql: ${pushes ? "notified by LISTEN" : "a query"}`,
  pushes,
  missing: () => (hasPostgresServer ? undefined : "PostgreSQL (apt-get install postgresql)"),
  async start(folder): Promise<RunningSource> {
    const server = await startPostgresServer(folder);
    await server.admin.query("CREATE TABLE job (id int)");
    if (pushes) await server.admin.query(notifying);
    return {
      ...server,
      trigger: {
        type: "postgresql",
        metadata: {
          host: "127.0.0.1",
          port: String(server.port),
          userName: "admin",
          dbName: "postgres",
          sslmode: "disable",
          query: "SELECT count(*) FROM job",
          targetQueryValue: "1",
          ...(pushes && { listenChannel: channel }),
        },
      },
      credentials: { password: postgresPassword },
      async setWork(pieces) {
        await server.admin.query("BEGIN");
        await server.admin.query("DELETE FROM job");
        await server.admin.query("INSERT INTO job SELECT generate_series(1, $1::int)", [pieces]);
        await server.admin.query("COMMIT");
      },
    };
  },
});

export const postgresqlPolled = postgresql(false);
export const postgresqlPushed = postgresql(true);
