/** Environment variables: `COFFER_X` wins over `RESTIC_X`; an empty one counts as unset. */

export type Env = Readonly<Record<string, string | undefined>>;

export interface EnvValue {
  /** The name that was found, for messages. */
  readonly name: string;
  readonly value: string;
}

/** Both programs' name of a setting, ours first. */
export function envNames(setting: string): readonly [string, string] {
  return [`COFFER_${setting}`, `RESTIC_${setting}`];
}

/** The setting's variable, `setting` without prefix: `PASSWORD_FILE`. */
export function readEnv(env: Env, setting: string): EnvValue | undefined {
  for (const name of envNames(setting)) {
    const value = env[name];
    if (value !== undefined && value !== "") return { name, value };
  }
  return undefined;
}
