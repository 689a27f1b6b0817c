/** The version, as `version` prints it and as snapshots record it. */

/** Kept equal to package.json by a test. */
export const VERSION = "0.1.0";

/** What snapshots say made them. */
export const PROGRAM_VERSION = `coffer ${VERSION}`;
