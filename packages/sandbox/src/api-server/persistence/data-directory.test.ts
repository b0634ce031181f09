import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock, VirtualClock } from "@bellows/kube";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Directory } from "../../files.ts";
import type { ApiObject } from "../api-object.ts";
import { Store } from "../store.ts";
import { configMaps, testServer } from "../testing-server.ts";
import { openData, openDataDirectory } from "./data-directory.ts";
import { memoryDirectory } from "./memory-directory.fixture.ts";
import { journalNumber } from "./saved-state.ts";

const options = { clock: new VirtualClock(0), log: silentLogger };
const open = (directory: Directory, rotateBytes?: number) =>
  openData(directory, { ...options, ...(rotateBytes !== undefined && { rotateBytes }) });

/** A store on what the directory holds. */
async function storeOn(directory: Directory, rotateBytes?: number) {
  const data = await open(directory, rotateBytes);
  const store = new Store({ journal: data.journal });
  if (data.saved) store.restore(data.saved.revision, data.saved.objects);
  data.follow(store);
  return { data, store, close: () => data.close() };
}

const configMap = (name: string, value: string): ApiObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data: { value },
});

function write(store: Store, name: string, value: string | undefined): void {
  const collection = store.collection("/configmaps");
  const key = `default/${name}`;
  const there = collection.get(key) !== undefined;
  if (value === undefined) there && collection.remove(key);
  else if (there) collection.replace(key, configMap(name, value));
  else collection.create(key, configMap(name, value));
}

/** Everything in the store, with versions, as text. */
const contents = (store: Store): string => JSON.stringify([...store.collections()].flatMap((each) => each.list()));

const journalOf = (files: Map<string, Buffer>) =>
  [...files.keys()].filter((name) => journalNumber(name)).at(-1) as string;

function damageLine(files: Map<string, Buffer>, name: string, line: number): void {
  const lines = (files.get(name) as Buffer).toString().split("\n");
  lines[line - 1] = (lines[line - 1] as string).replace('"value":"', '"value":"?');
  files.set(name, Buffer.from(lines.join("\n")));
}

describe("a data directory", () => {
  test("gives back every object with its version, and goes on counting from there", async () => {
    const directory = memoryDirectory();
    const first = await storeOn(directory);
    write(first.store, "a", "1");
    write(first.store, "b", "1");
    write(first.store, "a", "2");
    write(first.store, "b", undefined);
    await first.close();
    const second = await storeOn(directory);
    expect(contents(second.store)).toBe(contents(first.store));
    expect(second.store.revision).toBe(first.store.revision);
    expect(second.data.damage).toEqual([]);
  });

  test("is empty at first", async () => {
    expect((await open(memoryDirectory())).saved).toBeUndefined();
  });

  test("turns a long journal into a snapshot and goes on in a new one", async () => {
    const directory = memoryDirectory();
    const first = await storeOn(directory, 500);
    for (let i = 0; i < 20; i++) {
      write(first.store, `c${i % 3}`, "x".repeat(100));
      await first.data.flush();
    }
    await first.close();
    expect([...directory.files.keys()]).toContain("snapshot.jsonl");
    expect([...directory.files.keys()].filter((name) => journalNumber(name)).length).toBeLessThanOrEqual(1);
    expect(contents((await storeOn(directory)).store)).toBe(contents(first.store));
  });

  test("writes what happens while a snapshot is being written", async () => {
    const directory = memoryDirectory();
    const first = await storeOn(directory, 1);
    write(first.store, "a", "1");
    for (let i = 0; i < 200; i++) {
      await Promise.resolve();
      write(first.store, "b", String(i));
    }
    await first.close();
    expect(contents((await storeOn(directory)).store)).toBe(contents(first.store));
  });

  test("restores a state of the past wherever a crash cuts the journal off, and never gives a version twice", async () => {
    const change = fc.record({
      name: fc.constantFrom("a", "b", "c"),
      value: fc.option(fc.string(), { nil: undefined }),
    });
    const writes = fc.array(fc.record({ change, flush: fc.boolean() }), { minLength: 1, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(
        writes,
        fc.constantFrom(300, 1e9),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (all, rotate, share) => {
          const directory = memoryDirectory();
          const first = await storeOn(directory, rotate);
          const history = new Set([contents(first.store)]);
          for (const { change, flush } of all) {
            write(first.store, change.name, change.value);
            history.add(contents(first.store));
            if (flush) await first.data.flush();
          }
          await first.data.flush();
          // No close: the process is gone, and with it the end of the journal.
          const journal = journalOf(directory.files);
          if (journal) {
            const bytes = directory.files.get(journal) as Buffer;
            directory.files.set(journal, bytes.subarray(0, Math.floor(share * (bytes.length + 1))));
          }
          directory.files.delete("lock");
          const second = await storeOn(directory);
          expect(history).toContain(contents(second.store));
          const restored = contents(second.store);
          write(second.store, "d", "after the crash");
          await second.close();
          const third = await storeOn(directory);
          expect(third.data.damage).toEqual([]);
          expect(contents(third.store)).toBe(contents(second.store));
          write(third.store, "d", undefined);
          expect(contents(third.store)).toBe(restored);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("skips versions after a crash that had been given out without reaching the disk", async () => {
    const directory = memoryDirectory();
    const first = await storeOn(directory);
    write(first.store, "a", "1");
    await first.data.flush();
    const bytes = directory.files.get(journalOf(directory.files)) as Buffer;
    directory.files.set(journalOf(directory.files), bytes.subarray(0, -5));
    directory.files.delete("lock");
    const second = await storeOn(directory);
    expect(second.store.revision).toBeGreaterThan(first.store.revision);
  });
});

describe("a damaged data directory", () => {
  async function damaged(line: number) {
    const directory = memoryDirectory();
    const first = await storeOn(directory);
    for (const value of ["1", "2", "3", "4"]) write(first.store, "a", value);
    await first.close();
    damageLine(directory.files, journalOf(directory.files), line);
    return { directory, first, second: await storeOn(directory) };
  }

  test("starts with what stands before the damage in a journal, says where it is, and keeps the files", async () => {
    const { directory, first, second } = await damaged(4);
    expect(second.store.collection("/configmaps").get("default/a")?.data).toEqual({ value: "2" });
    expect(second.store.revision).toBeGreaterThan(first.store.revision);
    expect(second.data.damage).toEqual([
      expect.stringMatching(
        /^\/data\/journal-000001\.jsonl, line 4: the text has the checksum [0-9a-f]{8}, written was [0-9a-f]{8}: ".*"\.\.\.$/,
      ),
      "1 later change left out: the cluster is as it was at resourceVersion 3",
      expect.stringMatching(
        /\/data\/damaged-1: to try again, mend or remove the named lines there and start with --data-dir/,
      ),
    ]);
    expect(directory.files.get("damaged-1/journal-000001.jsonl")?.toString()).toContain('"value":"?3"');
  });

  test("is in order at the next start", async () => {
    const { directory, second } = await damaged(4);
    write(second.store, "b", "new");
    await second.close();
    const third = await storeOn(directory);
    expect(third.data.damage).toEqual([]);
    expect(contents(third.store)).toBe(contents(second.store));
  });

  test("gives everything legible of a snapshot", async () => {
    const directory = memoryDirectory();
    const first = await storeOn(directory, 0);
    for (const name of ["a", "b", "c"]) write(first.store, name, "1");
    await first.close();
    damageLine(directory.files, "snapshot.jsonl", 3);
    const second = await storeOn(directory);
    expect(
      second.store
        .collection("/configmaps")
        .list()
        .map(({ metadata }) => metadata.name),
    ).toEqual(["a", "c"]);
    expect(second.data.damage[0]).toMatch(/^\/data\/snapshot\.jsonl, line 3: .*; left out$/);
  });

  test("is noticed where a journal is missing", async () => {
    const directory = memoryDirectory();
    for (const value of ["1", "2", "3"]) {
      const { store, close } = await storeOn(directory);
      write(store, "a", value);
      await close();
    }
    directory.files.delete("journal-000002.jsonl");
    const last = await storeOn(directory);
    expect(last.store.collection("/configmaps").get("default/a")?.data).toEqual({ value: "1" });
    expect(last.data.damage[0]).toBe(
      "/data/journal-000003.jsonl: follows resourceVersion 3, but what stands before it ends at 2",
    );
  });

  test("is refused, and left as it is, where a newer version wrote it", async () => {
    const directory = memoryDirectory();
    const { store, close } = await storeOn(directory);
    write(store, "a", "1");
    await close();
    const { checkedLine } = await import("./checked-lines.ts");
    directory.files.set("snapshot.jsonl", Buffer.from(checkedLine({ format: "bellows-snapshot", version: 2 })));
    await expect(open(directory)).rejects.toThrow("/data/snapshot.jsonl: format version 2, this sandbox reads up to 1");
    expect([...directory.files.keys()].sort()).toEqual(["journal-000001.jsonl", "snapshot.jsonl"]);
  });
});

describe("on the disk", () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), "bellows-data-"));
  });
  afterEach(() => rm(path, { recursive: true }));

  test("is refused to a second process, and taken over from a dead one", async () => {
    const first = await openDataDirectory(path, options);
    await expect(openDataDirectory(path, options)).rejects.toThrow(
      `data directory ${path} is used by process ${process.pid}: stop that one, or choose another --data-dir`,
    );
    await first.close();
    const { hostname } = await import("node:os");
    await writeFile(join(path, "lock"), JSON.stringify({ pid: 2 ** 31 - 1, host: hostname() }));
    await (await openDataDirectory(path, options)).close();
    await writeFile(join(path, "lock"), JSON.stringify({ pid: 1, host: "elsewhere" }));
    await expect(openDataDirectory(path, options)).rejects.toThrow(/locked by process 1 of the host elsewhere/);
  });

  test("keeps certificates, token and key, readable by their owner only", async () => {
    const first = await openDataDirectory(path, options);
    const credentials = await first.credentials(["localhost"], systemClock);
    await first.close();
    const second = await openDataDirectory(path, options);
    expect(await second.credentials(["localhost"], systemClock)).toEqual(credentials);
    expect((await stat(join(path, "credentials.json"))).mode & 0o777).toBe(0o600);
    const renamed = await second.credentials(["localhost", "example.test"], systemClock);
    expect(renamed.tls.ca).toEqual(credentials.tls.ca);
    expect(renamed.token).toBe(credentials.token);
    await writeFile(join(path, "credentials.json"), "{");
    expect((await second.credentials(["localhost"], systemClock)).token).not.toBe(credentials.token);
    expect(await readFile(join(path, "credentials.json.damaged"), "utf8")).toBe("{");
    await second.close();
  });

  test("gives an API server its objects and custom resources back", async () => {
    const first = await openDataDirectory(path, options);
    const before = await testServer({ journal: first.journal });
    first.follow(before.server.store);
    await before.ask("POST", configMaps, { metadata: { name: "a" }, data: { x: "1" } });
    await before.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd);
    await before.ask("POST", "/apis/example.test/v1/namespaces/default/things", {
      apiVersion: "example.test/v1",
      kind: "Thing",
      metadata: { name: "one" },
    });
    const kept = (await before.ask("GET", `${configMaps}/a`)).body;
    await first.close();
    const second = await openDataDirectory(path, options);
    const after = await testServer({ journal: second.journal, saved: second.saved as never });
    expect((await after.ask("GET", `${configMaps}/a`)).body).toEqual(kept);
    expect((await after.ask("GET", "/apis/example.test/v1/namespaces/default/things/one")).status).toBe(200);
    await second.close();
  });
});

const crd = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "things.example.test" },
  spec: {
    group: "example.test",
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
};
