import type { ApiObject } from "../api-object.ts";

/** What a store was when it was last written down. */
export interface SavedState {
  readonly revision: number;
  readonly objects: Iterable<readonly [collection: string, key: string, object: ApiObject]>;
}

/** One change, as a line of a journal says it. */
export interface JournalRecord {
  readonly revision: number;
  readonly collection: string;
  readonly key: string;
  /** Absent: it was deleted. */
  readonly object?: ApiObject;
}

/** The first line of a journal. */
export interface JournalHeader {
  readonly format: "bellows-journal";
  readonly version: number;
  /** Its changes have versions above this one. */
  readonly after: number;
  /** The last change before its own: a reader who has not seen it has lost a file. */
  readonly follows: number;
}

/** The first line of a snapshot. */
export interface SnapshotHeader {
  readonly format: "bellows-snapshot";
  readonly version: number;
  readonly revision: number;
  /** The lines that follow. */
  readonly objects: number;
}

/** A line of a snapshot. */
export type SnapshotRecord = Required<Omit<JournalRecord, "revision">>;

/** Of both files. A reader refuses what is newer than it knows. */
export const formatVersion = 1;

export const snapshotFile = "snapshot.jsonl";
export const credentialsFile = "credentials.json";
export const lockFile = "lock";

export const journalFile = (number: number): string => `journal-${String(number).padStart(6, "0")}.jsonl`;

/** The number of a journal; undefined for any other file. */
export function journalNumber(name: string): number | undefined {
  const digits = /^journal-(\d+)\.jsonl$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The data directory cannot be used as it is; the message says what to do. Nothing in it was changed. */
export class DataDirectoryRefused extends Error {
  override readonly name = "DataDirectoryRefused";
  readonly code = "DATA_DIRECTORY_REFUSED";
}
