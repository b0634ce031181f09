import { constants } from "node:fs";
import { copyFile, type FileHandle, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";

/** A file that is written at its end only. */
export interface AppendedFile {
  append(text: string): Promise<void>;
  /** Resolves when everything appended would survive a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The files of one directory that a sandbox keeps to itself: readable by its owner only. */
export interface Directory {
  /** As messages give it. */
  readonly path: string;
  names(): Promise<string[]>;
  /** The bytes of a file; undefined where there is none. */
  read(name: string): Promise<Buffer | undefined>;
  /** Puts a whole file in the place of the former one: after a crash there is the old one or the new one. */
  replace(name: string, parts: Iterable<string>): Promise<void>;
  /** @returns false where there is such a file already */
  create(name: string, text: string): Promise<boolean>;
  /** Creates the file where it is missing. */
  append(name: string): Promise<AppendedFile>;
  /** Moves a file to another name in this directory. */
  rename(from: string, to: string): Promise<void>;
  /** No error where it is gone already. */
  remove(name: string): Promise<void>;
  /** Copies files, as they are now, into a new directory under this one. */
  copyInto(directory: string, names: readonly string[]): Promise<void>;
}

/** A process, as a lock file names it. */
export interface ProcessMark {
  readonly pid: number;
  readonly host: string;
  /** Where the system tells: what differs between two processes that had the same number. */
  readonly started?: string;
}

const ownerOnly = 0o600;

/** The directory at `path`, created where it is missing. */
export async function openDirectory(path: string): Promise<Directory> {
  const root = resolve(path);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`data directory ${root}: ${why}, expected a directory, or a place where one can be made`, {
      cause: error,
    });
  }
  const at = (name: string) => join(root, name);
  return {
    path: root,
    names: async () => (await readdir(root)).sort(),
    read: (name) => readFile(at(name)).catch(missing(undefined)),
    async replace(name, parts) {
      const unfinished = at(`${name}.tmp`);
      const file = await open(unfinished, "w", ownerOnly);
      try {
        for (const part of parts) await file.write(part);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(unfinished, at(name));
      await syncDirectory(root);
    },
    async create(name, text) {
      const file = await open(at(name), "wx", ownerOnly).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "EEXIST") return undefined;
        throw error;
      });
      if (!file) return false;
      await file.write(text).finally(() => file.close());
      return true;
    },
    append: async (name) => appended(await open(at(name), "a", ownerOnly), root),
    rename: (from, to) => rename(at(from), at(to)),
    remove: (name) => rm(at(name), { force: true }),
    async copyInto(directory, names) {
      await mkdir(at(directory), { mode: 0o700 });
      for (const name of names) await copyFile(at(name), join(root, directory, name), constants.COPYFILE_FICLONE);
      await syncDirectory(root);
    },
  };
}

function appended(file: FileHandle, directory: string): AppendedFile {
  let named = false;
  return {
    append: async (text) => void (await file.appendFile(text)),
    async sync() {
      await file.datasync();
      if (named) return;
      await syncDirectory(directory);
      named = true;
    },
    close: () => file.close(),
  };
}

/** A new name in a directory is durable only with the directory. Not every system can do this, or needs it. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r").catch(() => undefined);
  await directory?.sync().catch(() => {});
  await directory?.close();
}

const missing =
  <T>(instead: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === "ENOENT") return instead;
    throw error;
  };

/** How this process is named in a lock file. */
export async function ownMark(): Promise<ProcessMark> {
  const started = (await procOf(process.pid))?.started;
  return { pid: process.pid, host: hostname(), ...(started && { started }) };
}

/** Whether a process of this machine runs and is the one that `mark` names. */
export async function isRunning(mark: ProcessMark): Promise<boolean> {
  if (!Number.isInteger(mark.pid) || mark.pid <= 0) return false;
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const proc = await procOf(mark.pid);
  // A zombie has ended; nobody has asked for its exit status yet, as in containers without an init process.
  if (proc?.state === "Z" || proc?.state === "X") return false;
  return !proc?.started || !mark.started || proc.started === mark.started;
}

/** State and start (in clock ticks from boot) of a process, as Linux tells them (`proc(5)`, fields 3 and 22 of `stat`). */
async function procOf(pid: number): Promise<{ state?: string; started?: string } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses and may hold anything; count from behind it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { ...(fields[0] && { state: fields[0] }), ...(fields[19] && { started: fields[19] }) };
}
