"""The command line: `whynet COMMAND`. Heavy imports happen inside the command that needs them."""

from __future__ import annotations

import atexit
import os
import signal
import sys

import click

from whynet.errors import WhynetError, did_you_mean
from whynet.interfaces.cli.ask import ask
from whynet.interfaces.cli.bench import bench
from whynet.interfaces.cli.check import check_gradients
from whynet.interfaces.cli.compare import compare
from whynet.interfaces.cli.completion import completion
from whynet.interfaces.cli.curves import curves
from whynet.interfaces.cli.data import data
from whynet.interfaces.cli.diagnose import diagnose
from whynet.interfaces.cli.evaluate import evaluate, report
from whynet.interfaces.cli.explain import explain
from whynet.interfaces.cli.export import export
from whynet.interfaces.cli.predict import predict
from whynet.interfaces.cli.recipes import recipes
from whynet.interfaces.cli.reproduce import reproduce
from whynet.interfaces.cli.screen import print_error
from whynet.interfaces.cli.serve import serve
from whynet.interfaces.cli.train import train
from whynet.version import __version__

WELCOME = """whynet learns handwritten digits, and says why a network does not.

Three things to try:

  whynet train                 train a network and look at its report
  whynet diagnose vectorised   why does this network, one of those shipped with whynet, not learn?
  whynet explain 0.45          what is this number that I am stuck at?

whynet --help lists all commands."""


class Commands(click.Group):
    """A group that knows what a misspelt command was meant to be."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise click.UsageError(f"there is no command '{name}'. {did_you_mean(name, self.commands)}")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="whynet %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A neural network that learns handwritten digits, and says why when it does not.

    \b
    Examples:
      whynet train                                    the default network on MNIST
      whynet train --sizes 784,30,10 --learning-rate 3 --cost quadratic
      whynet diagnose train.py                        which line of your own program is wrong
      whynet explain 0.45                             what a cost or accuracy is the plateau of
    """
    if ctx.invoked_subcommand is None:
        click.echo(WELCOME)


COMMANDS = (
    train, evaluate, predict, diagnose, ask, curves, explain, reproduce, check_gradients, bench, data, report,
    export, recipes, completion, compare, serve,
)  # fmt: skip
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """Run the command line and exit: every foreseen mistake is a sentence and an exit code, never a traceback."""
    as_json = "--json" in sys.argv[1:]
    try:
        code = cli.main(standalone_mode=False)
        if sys.stdout is not None:  # None when the caller has closed it
            sys.stdout.flush()
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.ClickException as mistake:
        usage = {"kind": "usage", "message": mistake.format_message().strip(), "where": None}
        hint = _hint(mistake)
        print_error({**usage, "expected": None, "found": None, "do": hint}, as_json)
        code = 2
    except WhynetError as error:
        print_error(error.as_dict(), as_json)
        code = error.exit_code
    except MemoryError as error:
        what = {"kind": "resource", "message": "there is not enough memory for this", "where": None, "expected": None}
        print_error({**what, "found": str(error) or None, "do": "Try smaller sizes or smaller batches"}, as_json)
        code = 5
    except (KeyboardInterrupt, click.Abort):
        click.echo("Stopped.", err=True)
        code = 130
    except BrokenPipeError:  # the reader of a pipe has gone: say nothing, and keep Python from saying it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    # All is written: Ctrl-C while Python shuts down has nothing left to stop, and must not turn into a traceback.
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    sys.exit(code if isinstance(code, int) else 0)


def _hint(mistake: click.ClickException) -> str:
    ctx = mistake.ctx if isinstance(mistake, click.UsageError) else None
    return f"See: {ctx.command_path} --help" if ctx else "See: whynet --help"
