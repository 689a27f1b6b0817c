/** What a restore writes to. Refined by the restore operation's owner; see operations/restore. */
export interface RestoreTarget {
  readonly root: string;
}
