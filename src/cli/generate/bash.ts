/** Completion for bash: one function that knows the whole tree; starts no program while typing. */
import { flattenSpec, type CommandSpec, type OptionSpec } from "#cli/generate/command-spec.ts";

/** A script to be sourced, or put into bash-completion's folder. */
export function bashCompletion(root: CommandSpec): string {
  const all = flattenSpec(root);
  return `# bash completion for coffer. Made by: coffer generate --bash-completion FILE
_coffer() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local path="" word i words="" takes=""
  COMPREPLY=()
  # bash splits --option=value into three words
  if [[ $current == "=" ]]; then current=""; elif [[ $previous == "=" ]]; then
    previous=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case "$path $word" in
${commandSteps(all)}
    esac
  done
  case "$path" in
${all.map((spec) => caseOf(spec)).join("\n")}
  esac
  case "$previous" in
${choiceCases(all)}
${valueCase(all, "folder", 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -d -- "$current")); return')}
${valueCase(all, "file", 'compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return')}
${valueCase(all, "other", "return")}
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  elif [[ -n $takes ]]; then
    COMPREPLY=($(compgen -W "$takes" -- "$current"))
  else
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _coffer coffer
`;
}

function commandSteps(all: readonly CommandSpec[]): string {
  return all
    .filter((spec) => spec.path.length > 0)
    .map((spec) => {
      const parent = spec.path
        .slice(0, -1)
        .map((word) => ` ${word}`)
        .join("");
      return `      "${parent} ${spec.path.at(-1)}") path="$path $word" ;;`;
    })
    .join("\n");
}

function optionWords(options: readonly OptionSpec[]): string {
  return options
    .flatMap((option) => [option.long, ...(option.short ? [option.short] : [])])
    .join(" ");
}

function caseOf(spec: CommandSpec): string {
  const path = spec.path.map((word) => ` ${word}`).join("");
  const names = spec.commands.map((sub) => sub.path.at(-1)!);
  const takes = [...names, ...(spec.path.length === 0 ? ["help"] : []), ...spec.argumentChoices];
  return `    "${path}") words="${optionWords(spec.options)} --help" takes="${takes.join(" ")}" ;;`;
}

function distinctOptions(all: readonly CommandSpec[]): OptionSpec[] {
  const seen = new Map<string, OptionSpec>();
  for (const option of all.flatMap((spec) => spec.options)) seen.set(option.long, option);
  return [...seen.values()];
}

/** Options whose short form means the same wherever it takes a value of this kind. */
function choiceCases(all: readonly CommandSpec[]): string {
  return distinctOptions(all)
    .filter((option) => option.choices.length > 0)
    .map(({ long, choices }) => {
      const words = choices.join(" ");
      return `    ${long}) COMPREPLY=($(compgen -W "${words}" -- "$current")); return ;;`;
    })
    .join("\n");
}

function valueCase(
  all: readonly CommandSpec[],
  value: OptionSpec["value"],
  action: string,
): string {
  const options = distinctOptions(all).filter(
    (option) => option.value === value && option.choices.length === 0,
  );
  return `    ${options.map((option) => option.long).join(" | ")}) ${action} ;;`;
}
