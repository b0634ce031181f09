import type { Clock, Logger } from "@bellows/kube";
import { type Directory, openDirectory } from "../../files.ts";
import { type ApiObject, storeKey } from "../api-object.ts";
import type { Journal, Store } from "../store.ts";
import { type Credentials, keptCredentials } from "./credentials.ts";
import { JournalWriter } from "./journal-writer.ts";
import { type Lock, lock } from "./lock.ts";
import { type Recovered, recover } from "./recovery.ts";
import { credentialsFile, journalNumber, type SavedState, snapshotFile } from "./saved-state.ts";
import { writeSnapshot } from "./snapshot.ts";

export interface DataDirectoryOptions {
  /** Times what is tried again; never in the data itself. */
  readonly clock: Clock;
  readonly log: Logger;
  /** A snapshot is taken when the journals are longer than this, and than twice the last snapshot; default 16 MiB. */
  readonly rotateBytes?: number;
}

const defaultRotateBytes = 16 << 20;

/**
 * After a crash the versions of changes that never reached the disk have been given out already. So many are skipped:
 * more than can happen while one batch of the journal is written.
 */
const revisionsAfterCrash = 100_000;

/** A sandbox's state on disk: what a former one left, and from now on every change. */
export interface DataDirectory {
  readonly path: string;
  /** Give it to the API server; undefined where the directory was empty. */
  readonly saved: SavedState | undefined;
  /** Give it to the API server. */
  readonly journal: Journal;
  /** What could not be read and what was done about it, in sentences; it has been logged too. */
  readonly damage: readonly string[];
  /** @param names what the API server is reached by; `clock` is the machine's */
  credentials(names: readonly string[], clock: Clock): Promise<Credentials>;
  /** Names the store that snapshots are taken of. */
  follow(store: Store): void;
  /** Resolves when every change so far is on the disk. */
  flush(): Promise<void>;
  /** Writes what is left and lets other processes have the directory. */
  close(): Promise<void>;
}

/**
 * Opens the data directory at `path`, creating it where it is missing. Damage does not stop it: what can be read is
 * taken, and the files as they were are kept in a directory of their own under this one.
 * @throws DataDirectoryRefused where another process uses it, or a newer version has written it
 */
export async function openDataDirectory(path: string, options: DataDirectoryOptions): Promise<DataDirectory> {
  return openData(await openDirectory(path), options);
}

/** As {@link openDataDirectory}, on any implementation of the files. */
export async function openData(directory: Directory, options: DataDirectoryOptions): Promise<DataDirectory> {
  const held = await lock(directory);
  try {
    return await openLocked(directory, held, options);
  } catch (error) {
    await held.release();
    throw error;
  }
}

async function openLocked(directory: Directory, held: Lock, options: DataDirectoryOptions): Promise<DataDirectory> {
  const { clock, log, rotateBytes = defaultRotateBytes } = options;
  const recovered = await recover(directory);
  const crashed = held.tookOver || recovered.torn.length > 0 || recovered.damage.length > 0;
  const revision = recovered.state.revision + (crashed && recovered.found ? revisionsAfterCrash : 0);
  const saved = recovered.found ? { revision, objects: recovered.state.objects } : undefined;
  for (const finding of recovered.torn) log.warn("the last change was not written to its end", { finding });
  const damaged = recovered.damage.length > 0;
  const damage = damaged && saved ? await setAside(directory, recovered, saved) : [];
  for (const finding of damage) log.error("the data directory is damaged", { finding });

  const writer = new JournalWriter({
    directory,
    clock,
    log,
    rotateBytes,
    journals: damaged ? [] : recovered.journals,
    journalBytes: damaged ? 0 : recovered.journalBytes,
    nextNumber: 1 + Math.max(0, ...recovered.journals.map((name) => journalNumber(name) ?? 0)),
    lastChange: damaged ? revision : recovered.lastChange,
    revision,
  });
  return {
    path: directory.path,
    saved,
    journal: writer,
    damage,
    credentials: (names, machineClock) => keptCredentials(directory, { clock: machineClock, names, log }),
    follow: (store) => writer.snapshotsOf(() => stateOf(store)),
    flush: () => writer.flush(),
    async close() {
      await writer.close();
      await held.release();
    },
  };
}

/** Keeps the files as they were, then puts a snapshot of what was read in their place. @returns all findings */
async function setAside(directory: Directory, recovered: Recovered, saved: SavedState): Promise<string[]> {
  const names = await directory.names();
  let number = 1;
  while (names.includes(`damaged-${number}`)) number++;
  const aside = `damaged-${number}`;
  const former = names.filter((name) => name === snapshotFile || name === credentialsFile || journalNumber(name));
  await directory.copyInto(aside, former);
  await writeSnapshot(directory, saved);
  for (const name of recovered.journals) await directory.remove(name);
  return [
    ...recovered.damage,
    `started with what could be read; the files as they were are in ${directory.path}/${aside}: ` +
      `to try again, mend or remove the named lines there and start with --data-dir ${directory.path}/${aside}`,
  ];
}

/** Of this moment: the objects are listed before anything else can happen. */
function stateOf(store: Store): SavedState {
  const objects: [string, string, ApiObject][] = [];
  for (const collection of store.collections()) {
    for (const object of collection.list()) objects.push([collection.name, keyOf(object), object]);
  }
  return { revision: store.revision, objects };
}

const keyOf = ({ metadata }: ApiObject): string => storeKey(metadata.namespace, metadata.name);
