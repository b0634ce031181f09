import type { Clock, Logger } from "@bellows/kube";
import type { AppendedFile, Directory } from "../../files.ts";
import type { Journal } from "../store.ts";
import type { StoredEvent } from "../watch-history.ts";
import { checkedLine } from "./checked-lines.ts";
import { formatVersion, type JournalHeader, type JournalRecord, journalFile, type SavedState } from "./saved-state.ts";
import { writeSnapshot } from "./snapshot.ts";

export interface JournalWriterOptions {
  readonly directory: Directory;
  readonly clock: Clock;
  readonly log: Logger;
  /** The journals that stand in the directory, oldest first, and their length. */
  readonly journals: readonly string[];
  readonly journalBytes: number;
  /** The number of the next journal. */
  readonly nextNumber: number;
  readonly lastChange: number;
  readonly revision: number;
  /** A new snapshot is taken when the journals are longer than this, and than twice the snapshot. */
  readonly rotateBytes: number;
}

/** After the disk has failed it is tried again this much later, with a whole snapshot. */
const retryMs = 30_000;
/** Bounds the text that is made at once, and so the time in which nothing is answered. */
const batchLength = 512;

/**
 * Writes changes down in the order they happen. While one batch is on its way to the disk the next one gathers, so a
 * burst costs few synchronisations and a lone change is written at once. The writer of a change does not wait for it.
 */
export class JournalWriter implements Journal {
  readonly #options: JournalWriterOptions;
  #waiting: JournalRecord[] = [];
  #file: AppendedFile | undefined;
  /** The last one is the one written to, once it is open. */
  #journals: string[];
  #number: number;
  #bytes: number;
  #snapshotBytes = 0;
  #follows: number;
  #after: number;
  #running: Promise<void> | undefined;
  #source: (() => SavedState) | undefined;
  /** The disk has failed: what is in memory only is written as a whole, not as changes. */
  #behind = false;
  #closed = false;

  constructor(options: JournalWriterOptions) {
    this.#options = options;
    this.#journals = [...options.journals];
    this.#number = options.nextNumber;
    this.#bytes = options.journalBytes;
    this.#follows = options.lastChange;
    this.#after = options.revision;
  }

  /** Where a snapshot comes from; without it the journal only grows. */
  snapshotsOf(source: () => SavedState): void {
    this.#source = source;
  }

  write(collection: string, { key, object, revision, type }: StoredEvent): void {
    if (this.#closed || this.#behind) return;
    this.#waiting.push({ revision, collection, key, ...(type !== "DELETED" && { object }) });
    if (!this.#running) queueMicrotask(() => this.#start());
  }

  /** Resolves when everything written so far is on the disk, or the disk has failed. */
  async flush(): Promise<void> {
    this.#start();
    while (this.#running) await this.#running;
  }

  async close(): Promise<void> {
    await this.flush();
    this.#closed = true;
    await this.#file?.close();
    this.#file = undefined;
  }

  #start(): void {
    if (this.#running || this.#waiting.length === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      this.#start();
    });
  }

  async #run(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#writeWaiting();
      const limit = Math.max(this.#options.rotateBytes, 2 * this.#snapshotBytes);
      if (this.#bytes > limit) await this.#rotate();
    } catch (error) {
      this.#fell(error);
    }
  }

  async #writeWaiting(): Promise<void> {
    const file = (this.#file ??= await this.#open());
    const records = this.#waiting;
    this.#waiting = [];
    for (let start = 0; start < records.length; start += batchLength) {
      let text = "";
      for (const record of records.slice(start, start + batchLength)) text += checkedLine(record);
      this.#bytes += text.length;
      await file.append(text);
    }
    this.#follows = this.#after = (records.at(-1) as JournalRecord).revision;
    await file.sync();
  }

  async #open(): Promise<AppendedFile> {
    const name = journalFile(this.#number++);
    const file = await this.#options.directory.append(name);
    const header: JournalHeader = {
      format: "bellows-journal",
      version: formatVersion,
      after: this.#after,
      follows: this.#follows,
    };
    await file.append(checkedLine(header));
    this.#journals.push(name);
    return file;
  }

  /**
   * Writes a snapshot that makes the journals so far superfluous, then removes those; what changes meanwhile gathers for
   * the next journal. After a crash between any two of these steps, all that is needed is there, some of it twice.
   */
  async #rotate(): Promise<void> {
    if (!this.#source) return;
    await this.#file?.close();
    this.#file = undefined;
    const former = this.#journals;
    this.#journals = [];
    this.#bytes = 0;
    const state = this.#source();
    this.#snapshotBytes = await writeSnapshot(this.#options.directory, state);
    for (const name of former) await this.#options.directory.remove(name);
    this.#follows = this.#after = state.revision;
    this.#waiting = this.#waiting.filter(({ revision }) => revision > state.revision);
  }

  #fell(error: unknown): void {
    const { directory, log, clock } = this.#options;
    if (!this.#behind)
      log.error("writing to the data directory failed", {
        path: directory.path,
        error: error instanceof Error ? error.message : String(error),
        consequence: "the cluster goes on, and what changes from now on is lost with a crash until writing works again",
      });
    this.#behind = true;
    this.#waiting = [];
    void this.#file?.close().catch(() => {});
    this.#file = undefined;
    clock.after(retryMs, () => void this.#catchUp());
  }

  async #catchUp(): Promise<void> {
    if (this.#closed || !this.#source) return;
    // From here on changes gather again; the snapshot holds all before.
    this.#behind = false;
    const caughtUp = this.#rotate().then(
      () => this.#options.log.info("writing to the data directory works again", { path: this.#options.directory.path }),
      (error: unknown) => {
        this.#behind = true;
        this.#fell(error);
      },
    );
    this.#running = caughtUp.finally(() => {
      this.#running = undefined;
      this.#start();
    });
    await this.#running;
  }
}
