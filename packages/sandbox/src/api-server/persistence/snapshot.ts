import type { Directory } from "../../files.ts";
import type { ApiObject } from "../api-object.ts";
import { checkedLine } from "./checked-lines.ts";
import {
  formatVersion,
  type SavedState,
  type SnapshotHeader,
  type SnapshotRecord,
  snapshotFile,
} from "./saved-state.ts";

/** Some 256 KiB a write: few system calls, and requests are answered in between. */
const partLength = 1 << 18;

/** Puts `state` in the place of the former snapshot. @returns its length */
export async function writeSnapshot(directory: Directory, state: SavedState): Promise<number> {
  // Taken at once, so that what is written is of one moment: the objects themselves never change.
  const objects = [...state.objects];
  let length = 0;
  function* counted(): Generator<string> {
    for (const part of snapshotParts(state.revision, objects)) {
      length += part.length;
      yield part;
    }
  }
  await directory.replace(snapshotFile, counted());
  return length;
}

function* snapshotParts(
  revision: number,
  objects: readonly (readonly [string, string, ApiObject])[],
): Generator<string> {
  const header: SnapshotHeader = {
    format: "bellows-snapshot",
    version: formatVersion,
    revision,
    objects: objects.length,
  };
  let part = checkedLine(header);
  for (const [collection, key, object] of objects) {
    part += checkedLine({ collection, key, object } satisfies SnapshotRecord);
    if (part.length < partLength) continue;
    yield part;
    part = "";
  }
  if (part) yield part;
}
