"""`whynet serve`: the page."""

from __future__ import annotations

from pathlib import Path

import click

from whynet.interfaces.cli.screen import Screen, screen_options

PORT = 8377


@click.command(short_help="Open the page: draw a digit, watch a network learn, break it, see why it fails.")
@click.argument("run", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 takes one that is free."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen; elsewhere needs --allow-remote.")
@click.option("--allow-remote", is_flag=True, help="Let other machines in. Scripts are then never run.")
@click.option(
    "--runs", type=click.Path(path_type=Path, file_okay=False), default=Path("runs"), help="Where runs are kept."
)
@click.option("--data", type=click.Path(path_type=Path, exists=True), help="Data of yours, offered among the others.")
@click.option("--open/--no-open", "show", default=False, help="Also open it in the browser.")
@screen_options
def serve(
    screen: Screen,
    run: Path | None,
    port: int,
    host: str,
    allow_remote: bool,
    runs: Path,
    data: Path | None,
    show: bool,
) -> None:
    """Open a page in the browser where a network can be drawn for, watched, broken and diagnosed.

    RUN is a run's directory; without one the newest in --runs is shown, and where there is none the default network is
    trained. The page is for this machine alone. Ctrl-C ends it; a training under way is saved first.

    \b
    Examples:
      whynet serve
      whynet serve runs/20260101-120000-784-30-10 --open
      whynet serve --port 0 --data prices.csv
    """
    from whynet.interfaces.web.server import serve as opened

    def ready(address: str, token: str) -> None:
        screen.result({"address": address, "token": token}, address)
        screen.say("Open this address in a browser. Ctrl-C ends the server; runs are kept.")
        if show:
            import webbrowser

            webbrowser.open(address)

    opened(run=run, runs=runs, host=host, port=port, allow_remote=allow_remote, data=data, ready=ready)
    screen.next("whynet train", "the same at the command line")
