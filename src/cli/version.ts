/** The program's name and version, as `version` prints them and as snapshots record them. */

/** Kept equal to package.json by a test. */
export const VERSION = "0.1.0";

/** What snapshots say made them. */
export const PROGRAM_VERSION = `coffer ${VERSION}`;
