/** Completion for zsh, with descriptions. */
import type { CommandSpec, OptionSpec } from "#cli/generate/command-spec.ts";

/** A file for a folder of `$fpath`, named `_coffer`; can be sourced too. */
export function zshCompletion(root: CommandSpec): string {
  return `#compdef coffer
# zsh completion for coffer. Made by: coffer generate --zsh-completion FILE
${functionsOf(root, "_coffer")}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _coffer "$@"
else
  compdef _coffer coffer
fi
`;
}

function functionsOf(spec: CommandSpec, name: string): string {
  const options = spec.options.flatMap((option) => optionLines(option));
  if (spec.commands.length === 0) {
    const rest =
      spec.argumentChoices.length > 0
        ? `'1:what:(${spec.argumentChoices.join(" ")})' '*:file:_files'`
        : "'*:file:_files'";
    return `${name}() {\n  _arguments -s -S \\\n${options.join("")}    ${rest}\n}\n`;
  }
  const rows = spec.commands.map((sub) => `    '${sub.path.at(-1)}:${plain(sub.summary)}'\n`);
  const cases = spec.commands.map(
    (sub) => `    ${sub.path.at(-1)}) ${name}_${sub.path.at(-1)} ;;\n`,
  );
  return (
    spec.commands.map((sub) => functionsOf(sub, `${name}_${sub.path.at(-1)}`)).join("") +
    `${name}() {
  local context state line
  typeset -A opt_args
  local -a commands=(
${rows.join("")}  )
  _arguments -C -s \\
${options.join("")}    '1: :->command' '*:: :->rest'
  case $state in
  command) _describe command commands ;;
  rest)
    case $line[1] in
${cases.join("")}    esac ;;
  esac
}
`
  );
}

function optionLines(option: OptionSpec): string[] {
  const repeat = /repeatable|-vv/.test(option.description) ? "*" : "";
  const value = valueText(option);
  const names = [option.short, option.long].filter((name) => name !== undefined);
  return names.map((name) => {
    const assign = value === "" ? "" : name.startsWith("--") ? "=" : "+";
    return `    '${repeat}${name}${assign}[${plain(option.description)}]${value}' \\\n`;
  });
}

function valueText(option: OptionSpec): string {
  if (option.choices.length > 0) return `:value:(${option.choices.join(" ")})`;
  switch (option.value) {
    case "none":
      return "";
    case "file":
      return ":file:_files";
    case "folder":
      return ":folder:_files -/";
    case "other":
      return ":value: ";
  }
}

/** Without the characters that end a specification. */
function plain(text: string): string {
  return text.replaceAll("'", "’").replaceAll(/[[\]]/g, "").replaceAll(":", "\\:");
}
