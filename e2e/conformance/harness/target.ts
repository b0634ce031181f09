import type { ClientRequest, IncomingMessage } from "node:http";
import { Agent, request } from "node:https";

/** A control plane that cases are run against. */
export interface Target {
  /** Shown in reports: `sandbox`, `kubernetes v1.35.4`. */
  readonly name: string;
  readonly url: string;
  /** Of a member of system:masters. */
  readonly token: string;
  /** How many times as fast as the machine's its clock goes; waiting is shortened by it. */
  readonly speed?: number;
  /** Forgets old revisions, so that what refers to them has expired. Cases that need it are left out without it. */
  readonly compact?: () => Promise<void>;
  /** Its store reports how far a quiet watch has come (etcd does from 3.4.25 and 3.5.8 on). Default: it does. */
  readonly reportsProgress?: boolean;
}

/** What came back, as it came over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, rejectUnauthorized: false, maxSockets: 64 });

export interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const opened = (
  target: Target,
  { method, path, headers, body }: Outgoing,
  answered: (reply: IncomingMessage) => void,
) => {
  const url = new URL(target.url);
  const asked: ClientRequest = request(
    {
      host: url.hostname,
      port: url.port,
      method,
      path,
      agent,
      headers: {
        authorization: `Bearer ${target.token}`,
        accept: "application/json",
        "user-agent": "conformance/v1",
        ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
        ...headers,
      },
    },
    answered,
  );
  return asked;
};

/** Sends one request and reads its answer whole. */
export function send(target: Target, outgoing: Outgoing): Promise<Reply> {
  return new Promise((done, fail) => {
    const asked = opened(target, outgoing, (reply) => {
      const chunks: Buffer[] = [];
      reply.on("data", (chunk: Buffer) => chunks.push(chunk));
      reply.on("end", () =>
        done({
          status: reply.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(reply.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(", ") : (value ?? ""),
            ]),
          ),
          text: Buffer.concat(chunks).toString("utf8"),
        }),
      );
      reply.on("error", fail);
    });
    asked.on("error", fail);
    asked.end(outgoing.body);
  });
}

/** An open watch: the lines that have come so far. */
export interface OpenWatch {
  readonly status: number;
  readonly lines: readonly string[];
  readonly ended: boolean;
  /** Resolves when `enough` holds, the watch has ended, or the time is over. */
  until(enough: (lines: readonly string[]) => boolean, ms: number): Promise<void>;
  stop(): void;
}

/** Opens a watch and goes on reading it until it is stopped. */
export function openWatch(
  target: Target,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<OpenWatch> {
  return new Promise((done, fail) => {
    const asked = opened(target, { method: "GET", path, headers }, (reply) => {
      const lines: string[] = [];
      let ended = false;
      let rest = "";
      const waiting = new Set<() => void>();
      const wake = () => {
        for (const one of waiting) one();
      };
      reply.on("data", (chunk: Buffer) => {
        const parts = (rest + chunk.toString("utf8")).split("\n");
        rest = parts.pop() ?? "";
        lines.push(...parts.filter((line) => line !== ""));
        wake();
      });
      const end = () => {
        if (rest !== "" && !ended) lines.push(rest);
        ended = true;
        wake();
      };
      reply.on("end", end);
      reply.on("close", end);
      reply.on("error", end);
      done({
        status: reply.statusCode ?? 0,
        lines,
        get ended() {
          return ended;
        },
        until: (enough, ms) =>
          new Promise((resolve) => {
            const finish = () => {
              clearTimeout(timer);
              waiting.delete(check);
              resolve();
            };
            const check = () => {
              if (ended || enough(lines)) finish();
            };
            const timer = setTimeout(finish, ms);
            waiting.add(check);
            check();
          }),
        stop: () => asked.destroy(),
      });
    });
    asked.on("error", fail);
    asked.end();
  });
}
