import { setTimeout as sleep } from "node:timers/promises";
import { resourcePath } from "./resource-path.ts";
import { type Outgoing, openWatch, type Reply, send, type Target } from "./target.ts";

// biome-ignore lint/suspicious/noExplicitAny: what a server answers may be anything; cases look into it freely.
export type Json = any;

/** What is kept of one step of a case, before normalisation. */
export interface Entry {
  readonly step: string;
  readonly status?: number;
  readonly warnings?: readonly string[];
  readonly shown?: Json;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** What of the body counts; left out, all of it but managedFields. */
  readonly show?: (body: Json) => unknown;
  /** Only the status counts: a step that others stand on. */
  readonly bare?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
}

/** The part of a case that talks: each step is a request to one server, and what it answered is kept. */
export class Conversation {
  readonly entries: Entry[] = [];
  readonly #target: Target;
  readonly #cleanUp: (() => unknown)[] = [];
  /** A namespace of the case's own; also a prefix that makes names of cluster-wide objects its own. */
  readonly ns: string;
  /** How long to wait for controllers, by the machine's clock. */
  readonly patienceMs: number;

  constructor(target: Target, ns: string) {
    this.#target = target;
    this.ns = ns;
    this.patienceMs = 180_000;
  }

  get = (path: string, options: AskOptions = {}): Promise<Answer> => this.ask("GET", path, undefined, options);
  post = (path: string, body: Json, options: AskOptions = {}): Promise<Answer> => this.ask("POST", path, body, options);
  put = (path: string, body: Json, options: AskOptions = {}): Promise<Answer> => this.ask("PUT", path, body, options);
  del = (path: string, body?: Json, options: AskOptions = {}): Promise<Answer> =>
    this.ask("DELETE", path, body, options);

  patch = (type: PatchType, path: string, body: Json, options: AskOptions = {}): Promise<Answer> =>
    this.ask("PATCH", path, body, { ...options, headers: { "content-type": patchTypes[type], ...options.headers } });

  /** Server-side apply, as `manager`. */
  apply = (
    path: string,
    body: Json,
    options: AskOptions & { manager?: string; force?: boolean } = {},
  ): Promise<Answer> => {
    const { manager = "conformance", force } = options;
    const mark = path.includes("?") ? "&" : "?";
    const query = `${mark}fieldManager=${manager}${force === undefined ? "" : `&force=${force}`}`;
    return this.patch("apply", path + query, body, options);
  };

  /** Creates what the case stands on; only that it worked counts. */
  given = (path: string, body: Json): Promise<Answer> => this.post(path, body, { bare: true });

  async ask(method: string, path: string, body: Json, options: AskOptions = {}): Promise<Answer> {
    const answer = await this.#send(method, path, body, options);
    const { status, headers } = answer;
    const warnings = warningsOf(headers);
    const entry: Entry = {
      step: `${method} ${path}`,
      status,
      ...(warnings.length > 0 && { warnings }),
      ...(!options.bare && { shown: shownOf(answer.body, options.show) }),
      ...(options.bare && status >= 400 && { shown: answer.body?.message ?? answer.body }),
    };
    this.entries.push(entry);
    return answer;
  }

  async #send(method: string, path: string, body: Json, { headers = {} }: AskOptions): Promise<Answer> {
    const outgoing: Outgoing = {
      method,
      path: resourcePath(path, this.ns),
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && {
        // Pods on a node that has been missing for a while are collected: each case has its own.
        body: (typeof body === "string" ? body : JSON.stringify(body)).replaceAll('"nowhere"', `"nowhere-${this.ns}"`),
      }),
    };
    const reply: Reply = await send(this.#target, outgoing);
    return { status: reply.status, headers: reply.headers, body: parsed(reply) };
  }

  /** Asks again and again until `done`, then keeps what `show` takes of the body; says so where it never was. */
  async until(
    path: string,
    done: (body: Json, status: number) => unknown,
    show: (body: Json) => unknown = () => "so it is",
  ): Promise<Json> {
    const endsAt = performance.now() + this.patienceMs;
    for (;;) {
      const { body, status } = await this.#send("GET", path, undefined, {});
      let is = false;
      try {
        is = Boolean(done(body, status));
      } catch {
        // A part that is not there yet.
      }
      if (is || performance.now() > endsAt) {
        this.entries.push({
          step: `until ${path}`,
          shown: is ? shownOf(body, show) : { waitedInVain: shownOf(body, show) },
        });
        return body;
      }
      await sleep(60);
    }
  }

  /** Tries to create something, again and again and for nothing, until the answer is `done`; keeps none of it. */
  rehearse = (path: string, body: Json, done: (answer: Answer) => boolean): Promise<void> =>
    this.awaited(`rehearsal of ${path}`, async () => done(await this.#send("POST", `${path}?dryRun=All`, body, {})));

  /** Waits until the review of someone's rights says that he has them: the authorizer learns of roles a little later. */
  mayBy = (spec: Json): Promise<void> =>
    this.awaited("right", async () => {
      const path = "/apis/authorization.k8s.io/v1/subjectaccessreviews";
      return (await this.#send("POST", path, { spec }, {})).body.status?.allowed;
    });

  /** Waits until something holds; the case breaks where it never does. */
  async awaited(what: string, holds: () => Promise<unknown>): Promise<void> {
    const endsAt = performance.now() + this.patienceMs;
    while (!(await holds())) {
      if (performance.now() > endsAt) throw new Error(`waited in vain: ${what}`);
      await sleep(60);
    }
  }

  /** Reads without keeping anything. */
  async peek(path: string): Promise<Json> {
    return (await this.#send("GET", path, undefined, {})).body;
  }

  /** Keeps a value that the case has worked out. */
  note(step: string, shown: unknown): void {
    this.entries.push({ step, shown });
  }

  /** A watch; `events(n)` waits for n events and keeps them, but those of which `show` makes undefined. */
  async watch(
    path: string,
    show: (event: Json) => unknown = (event) => event,
    headers: Readonly<Record<string, string>> = {},
  ) {
    const full = resourcePath(path, this.ns);
    const opened = () => openWatch(this.#target, `${full}${full.includes("?") ? "&" : "?"}watch=true`, headers);
    let open = await opened();
    // A server whose cache of a new kind is not filled yet asks for patience.
    for (let tries = 0; open.status === 429 && tries < 50; tries++) {
      open.stop();
      await sleep(100);
      open = await opened();
    }
    const watching = open;
    this.onEnd(() => watching.stop());
    const collected = (step: string, marker?: string) => {
      const events = watching.lines.flatMap((line) => {
        const event = parsedText(line);
        if (marker !== undefined && event?.object?.metadata?.name === marker) return [];
        if (!event || typeof event !== "object" || !("type" in event)) return [event];
        const object = show(withoutManaged(event.object));
        return object === undefined ? [] : [{ type: event.type, object }];
      });
      this.entries.push({ step, status: watching.status, shown: events });
      return events;
    };
    return {
      events: async (count: number, ms = this.patienceMs) => {
        await watching.until((lines) => lines.length >= count, ms);
        return collected(`watch ${path}`);
      },
      /** All events before that of the object `marker`, which is made last. */
      eventsBefore: async (marker: string, ms = this.patienceMs) => {
        const isMarker = (line: string) => parsedText(line)?.object?.metadata?.name === marker;
        await watching.until((lines) => lines.length > 0 && isMarker(lines.at(-1) as string), ms);
        return collected(`watch ${path}`, marker);
      },
      end: async (ms = this.patienceMs) => {
        await watching.until(() => false, ms);
        this.note(`watch ${path} ended`, watching.ended);
        return collected(`watch ${path}`);
      },
      stop: () => watching.stop(),
    };
  }

  onEnd(act: () => unknown): void {
    this.#cleanUp.push(act);
  }

  /** Deletes a cluster-wide object when the case is over. */
  deleteAtEnd(path: string): void {
    this.onEnd(() => this.#send("DELETE", path, undefined, {}));
  }

  async end(): Promise<void> {
    for (const act of this.#cleanUp.reverse()) await act();
  }
}

const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  apply: "application/apply-patch+yaml",
} as const;
export type PatchType = keyof typeof patchTypes;

const parsedText = (text: string): Json => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const parsed = ({ headers, text }: Reply): Json =>
  headers["content-type"]?.includes("json") || text.startsWith("{") ? parsedText(text) : text;

/** The texts of Warning headers, without their code and agent. */
function warningsOf(headers: Readonly<Record<string, string>>): string[] {
  const { warning } = headers;
  if (!warning) return [];
  return [...warning.matchAll(/299 - ("(?:[^"\\]|\\.)*")/g)].map(([, quoted]) => parsedText(quoted!));
}

function withoutManaged(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutManaged);
  if (!value || typeof value !== "object") return value;
  const kept: Record<string, Json> = {};
  for (const key in value) if (key !== "managedFields") kept[key] = withoutManaged(value[key]);
  return kept;
}

const shownOf = (body: Json, show: AskOptions["show"]): Json => {
  if (!show) return withoutManaged(body);
  try {
    return show(body);
  } catch {
    return { unexpected: body };
  }
};
