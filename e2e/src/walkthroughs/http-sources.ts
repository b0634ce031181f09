import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { ScenarioAction } from "@bellows/sandbox/simulator";

type SourceChange = NonNullable<ScenarioAction["source"]>;

interface Source {
  readonly server: Server;
  readonly port: number;
  readonly states: Map<string, Omit<SourceChange, "url">>;
  isListening: boolean;
}

/** The HTTP servers that a scenario's triggers ask, for real: each origin of its is a port of this machine. */
export class HttpSources {
  readonly #sources: ReadonlyMap<string, Source>;

  private constructor(sources: ReadonlyMap<string, Source>) {
    this.#sources = sources;
  }

  static async open(actions: readonly ScenarioAction[]): Promise<HttpSources> {
    const origins = new Set(actions.flatMap(({ source }) => (source ? [new URL(source.url).origin] : [])));
    const sources = await Promise.all([...origins].map(async (origin) => [origin, await open()] as const));
    return new HttpSources(new Map(sources));
  }

  /** Leads what a manifest names to the servers here. */
  rewritten(text: string): string {
    let result = text;
    for (const [origin, { port }] of this.#sources) result = result.replaceAll(origin, `http://127.0.0.1:${port}`);
    return result;
  }

  async set({ url, ...state }: SourceChange): Promise<void> {
    const { origin, pathname } = new URL(url);
    const source = this.#sources.get(origin) as Source;
    source.states.set(pathname, state);
    const isRefused = [...source.states.values()].every(({ down }) => down === "refused");
    if (isRefused === source.isListening) await (isRefused ? stop(source.server) : listen(source.server, source.port));
    source.isListening = !isRefused;
  }

  async close(): Promise<void> {
    for (const { server, isListening } of this.#sources.values()) if (isListening) await stop(server);
  }
}

async function open(): Promise<Source> {
  const states: Source["states"] = new Map();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const state = states.get(pathname);
    if (!state || state.down === "refused") return void response.destroy();
    if (state.down === "silent") return;
    const { answer = "", status = 200 } = state;
    response.writeHead(status).end(typeof answer === "string" ? answer : JSON.stringify(answer));
  });
  await listen(server, 0);
  return { server, port: (server.address() as AddressInfo).port, states, isListening: true };
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((done, fail) => {
    server.once("error", fail);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", fail);
      done();
    });
  });

const stop = (server: Server): Promise<void> =>
  new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
