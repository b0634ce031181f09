import { type Directory, isRunning, ownMark, type ProcessMark } from "../../files.ts";
import { DataDirectoryRefused, lockFile } from "./saved-state.ts";

export interface Lock {
  /** The process that held it before is gone without releasing it: it was killed, or crashed. */
  readonly tookOver: boolean;
  release(): Promise<void>;
}

/**
 * Makes the directory this process's own until `release`. Takes over what a dead process left.
 * @throws DataDirectoryRefused where another process uses it
 */
export async function lock(directory: Directory): Promise<Lock> {
  const text = `${JSON.stringify(await ownMark())}\n`;
  const held = (tookOver: boolean): Lock => ({ tookOver, release: () => directory.remove(lockFile) });
  if (await directory.create(lockFile, text)) return held(false);
  const found = (await directory.read(lockFile))?.toString();
  if (found !== undefined) {
    const holder = markOf(found);
    if (holder && (await isHeld(directory, holder))) throw refused(directory, holder);
    await removeStale(directory, found);
  }
  if (await directory.create(lockFile, text)) return held(found !== undefined);
  throw refused(directory, markOf((await directory.read(lockFile))?.toString() ?? ""));
}

async function isHeld(directory: Directory, holder: ProcessMark): Promise<boolean> {
  const own = await ownMark();
  if (holder.host !== own.host)
    throw new DataDirectoryRefused(
      `data directory ${directory.path} is locked by process ${holder.pid} of the host ${holder.host}, ` +
        `which cannot be seen from here: if it no longer runs, delete ${directory.path}/${lockFile}`,
    );
  return isRunning(holder);
}

/** Moves the stale lock away first: where another process was quicker, it is that one's lock that has moved. */
async function removeStale(directory: Directory, stale: string): Promise<void> {
  const aside = `${lockFile}.${(await ownMark()).pid}`;
  await directory.rename(lockFile, aside).catch(() => {});
  const moved = (await directory.read(aside))?.toString();
  if (moved !== undefined && moved !== stale) await directory.create(lockFile, moved);
  await directory.remove(aside);
}

function markOf(text: string): ProcessMark | undefined {
  try {
    const mark = JSON.parse(text) as ProcessMark;
    return typeof mark?.pid === "number" && typeof mark.host === "string" ? mark : undefined;
  } catch {
    return undefined;
  }
}

const refused = (directory: Directory, holder: ProcessMark | undefined) =>
  new DataDirectoryRefused(
    `data directory ${directory.path} is used by ${holder ? `process ${holder.pid}` : "another process"}: ` +
      "stop that one, or choose another --data-dir",
  );
