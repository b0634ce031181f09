import { describe, expect, test } from "vitest";
import { type PostgresSettings, postgresConnection, postgresSettings } from "./postgresql-connection.ts";

const connection = (settings: PostgresSettings) => postgresConnection({ sslmode: "disable", ...settings }, {});
const cannot = "error establishing postgreSQL connection: cannot parse the connection: ";

describe("a connection string", () => {
  test.each<[string, PostgresSettings]>([
    ["", {}],
    ["host=db user=me", { host: "db", user: "me" }],
    ["  host = db\n\tport= 5433 dbname =shop  ", { host: "db", port: "5433", database: "shop" }],
    ["password='two words' user=me", { password: "two words", user: "me" }],
    ["password='it\\'s a \\\\' user=me", { password: "it's a \\", user: "me" }],
    ["password=a\\ b", { password: "a b" }],
    ["password=a'b user=me", { password: "a'b", user: "me" }],
    ["password=", { password: "" }],
    ["password= user=me", { password: "user=me" }],
    ["password='' user=me", { password: "", user: "me" }],
    ["host=a\\", { host: "a" }],
    ["postgresql://", {}],
    ["postgresql://localhost:5432", { host: "localhost", port: "5432" }],
    ["postgresql://test@localhost", { user: "test", host: "localhost" }],
    [
      "postgres://me:p%40ss@db.example:5433/shop?sslmode=require&application_name=x%20y",
      {
        user: "me",
        password: "p@ss",
        host: "db.example",
        port: "5433",
        database: "shop",
        sslmode: "require",
        application_name: "x y",
      },
    ],
    ["postgres://a:1,b:2,[::1]/shop", { host: "a,b,::1", port: "1,2,", database: "shop" }],
    ["postgres:///shop?host=/run/sockets", { host: "/run/sockets", database: "shop" }],
    ["postgres://db?ssl=true", { host: "db", sslmode: "require" }],
    ["postgres://db/%C3%A9", { host: "db", database: "é" }],
  ])("%j is %j", (text, settings) => {
    expect(postgresSettings(text)).toEqual(settings);
  });

  test.each([
    ["secret", "failed to parse as keyword/value"],
    ["user=me secret", "failed to parse as keyword/value"],
    ["password='secret", "failed to parse as keyword/value"],
    ["password='se''cret'", "failed to parse as keyword/value"],
    ["=secret", "failed to parse as keyword/value"],
    ["postgres://me:%secret@db", "failed to parse as URL: invalid URL escape"],
    ["postgres://me:secret@db/a/b?c#d", "failed to parse as URL"],
    ["user=me\0", "forbidden NUL byte in connection string"],
  ])("%j is refused, and not shown", (text, problem) => {
    expect(() => postgresSettings(text)).toThrow(cannot + problem);
    expect(() => postgresSettings(text)).not.toThrow("secret@");
  });
});

describe("settings", () => {
  test.each<[PostgresSettings, string]>([
    [{}, "localhost:5432"],
    [{ host: "db" }, "db:5432"],
    [{ host: "a,b", port: "1" }, "a:1 b:1"],
    [{ host: "a,b", port: "1,2" }, "a:1 b:2"],
    [{ host: "a,b", port: "1," }, "a:1 b:5432"],
    [{ host: "a,", port: "1,2" }, "a:1 localhost:2"],
    [{ host: "/run" }, "/run:5432"],
  ])("%j lead to %s", (settings, routes) => {
    expect(
      connection(settings)
        .routes.map(({ host, port }) => `${host}:${port}`)
        .join(" "),
    ).toBe(routes);
  });

  test.each([
    ["disable", ["plain"]],
    ["allow", ["plain", "any server"]],
    ["prefer", ["any server", "plain"]],
    ["", ["any server", "plain"]],
    ["require", ["any server"]],
    ["verify-ca", ["trusted server of any name"]],
    ["verify-full", ["trusted server"]],
  ])("sslmode %s tries %j", (sslmode, expected) => {
    const { routes } = connection({ host: "db", sslmode });
    const kinds = routes.map(({ tls }) => {
      if (!tls) return "plain";
      if (tls.unsafe) return "any server";
      return tls.anyName ? "trusted server of any name" : "trusted server";
    });
    expect(kinds).toEqual(expected);
    expect(connection({ host: "/run", sslmode }).routes).toEqual([{ host: "/run", port: 5432, tls: undefined }]);
  });

  test("a certificate to trust is looked at where encryption is required", () => {
    const { routes } = postgresConnection({ sslmode: "require" }, { ca: "a" });
    expect(routes).toMatchObject([{ tls: { unsafe: false, anyName: true, ca: "a" } }]);
  });

  test("what is no setting of the connection is one of the session", () => {
    const settings = { application_name: "me", search_path: "shop", statement_timeout: "5s", passfile: "/x" };
    expect(connection(settings)).toMatchObject({
      applicationName: "me",
      parameters: { search_path: "shop", statement_timeout: "5s" },
    });
  });

  test.each<[PostgresSettings, string]>([
    [{ port: "secret" }, "invalid port"],
    [{ port: "0" }, "invalid port"],
    [{ port: "65536" }, "invalid port"],
    [{ host: "a,b,c", port: "1,2" }, "could not match 2 port numbers to 3 hosts"],
    [
      { sslmode: "required" },
      'sslmode is invalid: "required", expected disable, allow, prefer, require, verify-ca, verify-full',
    ],
    [{ sslrootcert: "/etc/passwd" }, "sslrootcert: files are not read, expected ca of the TriggerAuthentication"],
    [{ service: "shop" }, "service: files are not read"],
    [{ target_session_attrs: "fast" }, "unknown target_session_attrs value: fast"],
    [{ connect_timeout: "-1" }, "invalid connect_timeout, expected seconds"],
    [{ require_auth: "none" }, "require_auth is not supported"],
  ])("%j are refused", (settings, problem) => {
    expect(() => connection(settings)).toThrow(cannot + problem);
  });
});
