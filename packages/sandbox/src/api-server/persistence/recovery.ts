import type { Directory } from "../../files.ts";
import type { ApiObject } from "../api-object.ts";
import { readLines } from "./checked-lines.ts";
import {
  DataDirectoryRefused,
  formatVersion,
  type JournalHeader,
  type JournalRecord,
  journalFile,
  journalNumber,
  type SavedState,
  type SnapshotHeader,
  type SnapshotRecord,
  snapshotFile,
} from "./saved-state.ts";

/** What a data directory held. */
export interface Recovered {
  readonly state: SavedState;
  /** The last change that `state` has; below its revision where later versions are known to have been given out. */
  readonly lastChange: number;
  /** False for a directory that no sandbox has written to yet. */
  readonly found: boolean;
  /** A crash cut off the last line. Nothing that was safely on the disk is lost. */
  readonly torn: readonly string[];
  /** What could not be read, each with its file, line and finding. */
  readonly damage: readonly string[];
  readonly journals: readonly string[];
  /** Of all journals together. */
  readonly journalBytes: number;
}

/**
 * Reads the snapshot and the journals after it. Of a damaged snapshot everything legible is taken; from a damaged place
 * in a journal on nothing is, so that the state is one that the cluster has had.
 */
export async function recover(directory: Directory): Promise<Recovered> {
  const names = await directory.names();
  const numbers = names.map(journalNumber).filter((number) => number !== undefined);
  const journals = numbers.sort((a, b) => a - b).map(journalFile);
  const reader = new Reader(directory.path);
  const snapshot = await directory.read(snapshotFile);
  if (snapshot) reader.readSnapshot(snapshot);
  let journalBytes = 0;
  for (const name of journals) {
    const bytes = (await directory.read(name)) ?? Buffer.alloc(0);
    journalBytes += bytes.length;
    reader.readJournal(name, bytes);
  }
  return { ...reader.result(), found: snapshot !== undefined || journals.length > 0, journals, journalBytes };
}

class Reader {
  readonly #path: string;
  readonly #collections = new Map<string, Map<string, ApiObject>>();
  readonly #torn: string[] = [];
  readonly #damage: string[] = [];
  #lastChange = 0;
  /** The highest version seen anywhere, also in what is left out: it has been given out, so it is not given again. */
  #revision = 0;
  /** Once set, later changes are counted only. */
  #stopped = false;
  #leftOut = 0;
  /** The snapshot does not say up to where it reaches. */
  #unknownStart = false;

  constructor(path: string) {
    this.#path = path;
  }

  readSnapshot(bytes: Buffer): void {
    let header: SnapshotHeader | undefined;
    let lines = 0;
    for (const read of readLines(bytes)) {
      if ("problem" in read) {
        this.#damage.push(`${this.#path}/${snapshotFile}, line ${read.line}: ${read.problem}; left out`);
      } else if (read.line === 1) {
        header = this.#header<SnapshotHeader>(snapshotFile, read.value, "bellows-snapshot");
        if (header) this.#sawRevision(header.revision);
      } else {
        const { collection, key, object } = read.value as SnapshotRecord;
        this.#collection(collection).set(key, object);
        this.#sawRevision(Number(object.metadata.resourceVersion ?? 0));
        lines++;
      }
    }
    this.#lastChange = this.#revision;
    this.#unknownStart = header === undefined;
    if (header && lines < header.objects)
      this.#damage.push(`${this.#path}/${snapshotFile}: holds ${lines} objects, its first line says ${header.objects}`);
  }

  readJournal(name: string, bytes: Buffer): void {
    for (const read of readLines(bytes)) {
      if ("problem" in read) {
        const finding = `${this.#path}/${name}, line ${read.line}: ${read.problem}`;
        if (read.torn) this.#torn.push(finding);
        else this.#stop(finding);
      } else if (read.line === 1) {
        const header = this.#header<JournalHeader>(name, read.value, "bellows-journal");
        if (!header) continue;
        if (header.follows > this.#lastChange && !this.#stopped && !this.#unknownStart)
          this.#stop(
            `${this.#path}/${name}: follows resourceVersion ${header.follows}, but what stands before it ends at ${this.#lastChange}`,
          );
        this.#sawRevision(header.after);
      } else {
        this.#apply(read.value as JournalRecord);
      }
    }
  }

  #apply({ revision, collection, key, object }: JournalRecord): void {
    // A journal overlaps the snapshot where a crash came between writing the one and removing the other.
    if (revision <= this.#lastChange) return;
    this.#sawRevision(revision);
    if (this.#stopped) {
      this.#leftOut++;
      return;
    }
    this.#lastChange = revision;
    this.#unknownStart = false;
    if (object) this.#collection(collection).set(key, object);
    else this.#collection(collection).delete(key);
  }

  #stop(finding: string): void {
    this.#damage.push(finding);
    this.#stopped = true;
  }

  #header<Header extends { format: string; version: number }>(
    name: string,
    value: unknown,
    format: Header["format"],
  ): Header | undefined {
    const header = value as Header;
    if (header.format !== format) {
      this.#stop(
        `${this.#path}/${name}, line 1: found ${JSON.stringify(value).slice(0, 60)}, expected format ${format}`,
      );
      return undefined;
    }
    if (header.version > formatVersion)
      throw new DataDirectoryRefused(
        `${this.#path}/${name}: format version ${header.version}, this sandbox reads up to ${formatVersion}: ` +
          "use the version that wrote it, or another --data-dir",
      );
    return header;
  }

  #collection(name: string): Map<string, ApiObject> {
    let collection = this.#collections.get(name);
    if (!collection) this.#collections.set(name, (collection = new Map()));
    return collection;
  }

  #sawRevision(revision: number): void {
    if (revision > this.#revision) this.#revision = revision;
  }

  result(): Pick<Recovered, "state" | "lastChange" | "torn" | "damage"> {
    const damage = [...this.#damage];
    if (this.#leftOut > 0)
      damage.push(
        `${this.#leftOut} later ${this.#leftOut === 1 ? "change" : "changes"} left out: ` +
          `the cluster is as it was at resourceVersion ${this.#lastChange}`,
      );
    const collections = this.#collections;
    return {
      state: { revision: this.#revision, objects: objectsOf(collections) },
      lastChange: this.#lastChange,
      torn: this.#torn,
      damage,
    };
  }
}

function objectsOf(collections: Map<string, Map<string, ApiObject>>): SavedState["objects"] {
  return {
    *[Symbol.iterator]() {
      for (const [collection, objects] of collections) {
        for (const [key, object] of objects) yield [collection, key, object] as const;
      }
    },
  };
}
