/** Completion for PowerShell, with descriptions. */
import { flattenSpec, type CommandSpec } from "#cli/generate/command-spec.ts";

/** A script to be dot-sourced from the profile. */
export function powershellCompletion(root: CommandSpec): string {
  const all = flattenSpec(root);
  return `# PowerShell completion for coffer. Made by: coffer generate --powershell-completion FILE
Register-ArgumentCompleter -Native -CommandName coffer -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $tree = @{
${all.map((spec) => entryOf(spec)).join("\n")}
  }
  $choices = @{
${choiceLines(all).join("\n")}
  }
  $path = ''
  $previous = ''
  foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $previous = $element.ToString()
    $next = ("$path $previous").Trim()
    if ($tree.ContainsKey($next)) { $path = $next }
  }
  $offers = if ($choices.ContainsKey($previous)) {
    $choices[$previous] | ForEach-Object { , @($_, $_) }
  } else { $tree[$path] }
  $offers | Where-Object { $_[0] -like "$wordToComplete*" } | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_[0], $_[0], 'ParameterValue', $_[1])
  }
}
`;
}

function entryOf(spec: CommandSpec): string {
  const pairs: [string, string][] = [
    ...spec.commands.map((sub): [string, string] => [sub.path.at(-1)!, sub.summary]),
    ...spec.argumentChoices.map((choice): [string, string] => [choice, choice]),
    ...spec.options.flatMap((option): [string, string][] => [
      [option.long, option.description],
      ...(option.short === undefined
        ? []
        : [[option.short, option.description] as [string, string]]),
    ]),
  ];
  const rows = pairs.map(([word, text]) => `      @('${word}', '${plain(text)}')`);
  return `    '${spec.path.join(" ")}' = @(\n${rows.join(",\n")}\n    )`;
}

function choiceLines(all: readonly CommandSpec[]): string[] {
  const lines = new Map<string, string>();
  for (const option of all.flatMap((spec) => spec.options)) {
    if (option.choices.length === 0) continue;
    const words = option.choices.map((choice) => `'${choice}'`).join(", ");
    lines.set(option.long, `    '${option.long}' = @(${words})`);
  }
  return [...lines.values()];
}

function plain(text: string): string {
  return text.replaceAll("'", "''");
}
