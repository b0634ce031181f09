import type { Clock } from "@bellows/kube";
import { abortable } from "./abortable.ts";
import type { PostgresConnection } from "./postgresql-connection.ts";
import {
  type ChannelListener,
  firstRowOf,
  isServersAnswer,
  listenTo,
  openSession,
  type PostgresRow,
  type PostgresSession,
  reasonOf,
} from "./postgresql-session.ts";

export interface PostgresClient {
  /** The first row of a query's result; undefined for none. On an abort the query is cancelled, also in the server. */
  firstRow(query: string, signal: AbortSignal): Promise<PostgresRow | undefined>;
  /** Hears a channel's notifications until `signal` aborts (resolves) or the connection ends (rejects). */
  listen(channel: string, listener: ChannelListener, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** So many queries run on one database at a time, whatever the number of triggers that ask it. */
const maxSessions = 4;
/** Longer than between two readings of a trigger that is polled each half of a minute. */
const idleMs = 90_000;

/** Triggers that ask the same database as the same user share their sessions. */
const sharedPools = new Map<string, { readonly pool: SessionPool; users: number }>();

/** A client of a database. It connects with the first query. */
export function openPostgresClient(connection: PostgresConnection, clock: Clock): PostgresClient {
  const key = JSON.stringify(connection);
  const closing = new AbortController();
  let shared: { readonly pool: SessionPool; users: number } | undefined;
  const pool = () => {
    if (!shared) {
      shared = sharedPools.get(key) ?? { pool: new SessionPool(connection, clock), users: 0 };
      shared.users++;
      sharedPools.set(key, shared);
    }
    return shared.pool;
  };
  const untilClosed = (signal: AbortSignal) => AbortSignal.any([signal, closing.signal]);
  return {
    async firstRow(query, signal) {
      closing.signal.throwIfAborted();
      return await pool().use((session) => firstRowOf(session, query), untilClosed(signal));
    },
    async listen(channel, listener, signal) {
      if (!closing.signal.aborted) {
        await listenTo(connection, channel, listener, clock, untilClosed(signal));
      }
    },
    async close() {
      closing.abort(new Error("the trigger was closed"));
      const used = shared;
      shared = undefined;
      if (!used || --used.users > 0) return;
      sharedPools.delete(key);
      used.pool.end();
    },
  };
}

interface IdleSession {
  readonly session: PostgresSession;
  readonly forget: () => void;
}

/** A few sessions of a database; who finds them all taken waits. */
class SessionPool {
  readonly #connection: PostgresConnection;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #idle: readonly IdleSession[] = [];
  #taken = 0;
  #ended = false;

  constructor(connection: PostgresConnection, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
  }

  /** Runs work on a session. One that was given up or is broken is not used again. */
  async use<T>(work: (session: PostgresSession) => Promise<T>, signal: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      const session = this.#fromIdle() ?? (await this.#opened(signal));
      try {
        const result = await abortable(work(session), signal);
        this.#keep(session);
        return result;
      } catch (error) {
        if (signal.aborted) session.cancel();
        if (!signal.aborted && isServersAnswer(error)) this.#keep(session);
        else session.end();
        if (signal.aborted) throw error;
        throw new Error(`could not query postgreSQL: ${reasonOf(error)}`, { cause: error });
      }
    } finally {
      this.#taken--;
      this.#waiting.shift()?.();
    }
  }

  end(): void {
    this.#ended = true;
    for (const { session, forget } of this.#idle) {
      forget();
      session.end();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (this.#taken >= maxSessions) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.push(resolve);
      try {
        await abortable(promise, signal);
      } catch (error) {
        const place = this.#waiting.indexOf(resolve);
        if (place >= 0) this.#waiting.splice(place, 1);
        else this.#waiting.shift()?.();
        throw error;
      }
    }
    this.#taken++;
  }

  async #opened(signal: AbortSignal): Promise<PostgresSession> {
    const opening = openSession(this.#connection, this.#clock, signal);
    try {
      const session = await abortable(opening, signal);
      session.ended.then(() => this.#idle.find((one) => one.session === session)?.forget());
      return session;
    } catch (error) {
      opening.then((late) => late.end()).catch(() => {});
      if (signal.aborted) throw error;
      throw new Error(`error establishing postgreSQL connection: ${reasonOf(error)}`, { cause: error });
    }
  }

  #fromIdle(): PostgresSession | undefined {
    const last = this.#idle.at(-1);
    last?.forget();
    return last?.session;
  }

  #keep(session: PostgresSession): void {
    if (this.#ended) return session.end();
    const timer = this.#clock.after(idleMs, () => {
      forget();
      session.end();
    });
    const forget = () => {
      timer.cancel();
      this.#idle = this.#idle.filter((one) => one.session !== session);
    };
    this.#idle = [...this.#idle, { session, forget }];
  }
}
