"""`whynet completion`: the lines that let a shell complete whynet's commands, options and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem, get_completion_class

from whynet.interfaces.cli.screen import Screen, screen_options

WHERE = {
    "bash": "~/.local/share/bash-completion/completions/whynet",
    "zsh": "~/.zfunc/_whynet, with `fpath+=~/.zfunc` before `compinit` in ~/.zshrc",
    "fish": "~/.config/fish/completions/whynet.fish",
}


def completing(
    names: Callable[[], Iterable[str]], *, files: bool = False
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """What completes an option or an argument: those of the names that begin so, else files."""

    def complete(ctx: click.Context, param: click.Parameter, begun: str) -> list[CompletionItem]:
        found = [CompletionItem(name) for name in names() if name.startswith(begun)]
        return found + ([CompletionItem(begun, type="file")] if files else [])

    return complete


def patients() -> list[str]:
    """What is trained or diagnosed by name."""
    from whynet.casebook.cases import CASES
    from whynet.training.recipe import recipe_names

    return [*recipe_names(), *CASES]


def explainable() -> list[str]:
    """What is explained by name."""
    from whynet.doctor.causes import names
    from whynet.report.glossary import GLOSSARY

    return sorted({*names(), *(row.word for row in GLOSSARY)})


@click.command(short_help="Print what makes bash, zsh or fish complete whynet's words.")
@click.argument("shell", type=click.Choice(list(WHERE)))
@screen_options
def completion(screen: Screen, shell: str) -> None:
    """Print the script that lets SHELL complete commands, options, recipes and values with the Tab key.

    \b
    Examples:
      whynet completion bash > ~/.local/share/bash-completion/completions/whynet
      whynet completion zsh > ~/.zfunc/_whynet
      whynet completion fish > ~/.config/fish/completions/whynet.fish
    """
    root = click.get_current_context().find_root().command
    made = get_completion_class(shell)
    assert made is not None  # click has these three
    script = made(root, {}, "whynet", "_WHYNET_COMPLETE").source()
    screen.result({"shell": shell, "script": script, "where": WHERE[shell]}, script.rstrip())
    screen.say(f"Save it as {WHERE[shell]}; it works in the next shell.")
