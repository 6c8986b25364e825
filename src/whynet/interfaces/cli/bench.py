"""`whynet bench`: how fast whynet is here, beside what else is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from whynet.interfaces.cli.screen import Screen, screen_options

if TYPE_CHECKING:
    from whynet.benchmark.machine import Machine
    from whynet.benchmark.race import Lane
    from whynet.benchmark.scaling import Growth


@click.command(short_help="Time an epoch in whynet and in other libraries.")
@click.option("--data", default="auto", show_default=True, help="As for `whynet train`.")
@click.option("--work", default="small", show_default=True, help="What is trained: small, adam, wide, deep, convnet.")
@click.option("--repeats", type=click.IntRange(1), default=5, show_default=True, help="Epochs that each system trains.")
@click.option("--page", type=click.Path(path_type=Path, dir_okay=False), help="Also write a chart as an HTML page.")
@click.option("--scaling", is_flag=True, help="Also measure how the cost grows with width, depth, batch and examples.")
@screen_options
def bench(screen: Screen, data: str, work: str, repeats: int, page: Path | None, scaling: bool) -> None:
    """Time one epoch of the same network in whynet, NumPy, scikit-learn and, if installed, PyTorch, JAX and Keras.

    They take turns, so that a busy machine is busy for all; what counts is the ratio, not the seconds.

    \b
    Examples:
      whynet bench
      whynet bench --work wide --repeats 7 --page bench.html
      whynet bench --work convnet
      whynet bench --scaling --page bench.html
    """
    from whynet import files
    from whynet.benchmark.machine import measure
    from whynet.benchmark.race import race
    from whynet.benchmark.scaling import growths
    from whynet.benchmark.works import work_named
    from whynet.data.sources import load
    from whynet.engines.native import Native

    chosen = work_named(work)
    dataset = load(data, say=screen.say)
    path = Native().path
    screen.say(f"{chosen} on {dataset.name}; compiled for {path}" if path else f"{chosen} on {dataset.name}")
    lanes = race(chosen, dataset, repeats=repeats, say=screen.say)
    machine = measure() if scaling else None
    growing = growths(chosen, dataset, machine, repeats=repeats, say=screen.say) if machine else []
    values = {
        "work": {"name": chosen.name, "description": str(chosen), "data": dataset.name, "threads": chosen.threads},
        "path": path,
        "systems": [_as_dict(lane) for lane in lanes if lane.seconds],
        "left_out": [{"name": lane.name, "why": lane.why_not} for lane in lanes if not lane.seconds],
        "scaling": _scaling_as_dict(machine, growing) if machine else None,
    }
    screen.result(values, "\n\n".join([in_words(lanes), *map(growth_in_words, growing)]))
    if page is not None:
        from whynet.report.bench import bench_page

        files.write(page, bench_page(chosen, dataset.name, lanes, machine, growing))
        screen.say(f"page  {page}")
    screen.next("whynet train", "train the default network with the fastest of whynet's engines")


def _as_dict(lane: Lane) -> dict[str, Any]:
    seconds = {"median": lane.median, "min": min(lane.seconds), "max": max(lane.seconds)}
    return {
        "name": lane.name,
        "version": lane.version,
        "seconds_per_epoch": seconds,
        "accuracy": lane.accuracy,
    }


def in_words(lanes: list[Lane]) -> str:
    """The race as a table, the first system's median as the unit.

    >>> from whynet.benchmark.race import Lane
    >>> print(in_words([Lane("a", "1.0", (0.2, 0.1), 0.9), Lane("b", None, (), None, "it is not installed")]))
    system      seconds an epoch    (min to max)  ratio  accuracy
    a                     0.1500  0.1000 .. 0.2000    1.0    90.00%
    b          left out: it is not installed
    """
    ran = [lane for lane in lanes if lane.seconds]
    width = max(len(lane.name) for lane in lanes) + 2
    lines = [f"{'system':<{width}} {'seconds an epoch':>19} {'(min to max)':>15} {'ratio':>6} {'accuracy':>9}"]
    for lane in lanes:
        if not lane.seconds:
            lines.append(f"{lane.name:<{width}} left out: {lane.why_not}")
            continue
        spread = f"{min(lane.seconds):.4f} .. {max(lane.seconds):.4f}"
        ratio = lane.median / ran[0].median
        accuracy = "" if lane.accuracy is None else f"{lane.accuracy:.2%}"
        lines.append(f"{lane.name:<{width}} {lane.median:>14.4f}  {spread:>16} {ratio:>6.1f} {accuracy:>9}")
    return "\n".join(lines)


def _scaling_as_dict(machine: Machine, growing: list[Growth]) -> dict[str, Any]:
    bandwidths = [{"bytes": size, "bytes_per_second": rate} for size, rate in machine.bandwidths]
    return {
        "machine": {"operations_per_second": machine.peak, "bandwidths": bandwidths},
        **{
            growth.quantity: {"seconds_of": growth.unit, "points": [point._asdict() for point in growth.points]}
            for growth in growing
        },
    }


def growth_in_words(growth: Growth) -> str:
    """One quantity as a table.

    >>> from whynet.benchmark.scaling import Growth, Point
    >>> print(growth_in_words(Growth("width", "step", (Point(30, {"native": 2e-5, "reference": 8e-5}, 1e-5),))))
    width       native  reference      floor   microseconds a step
    30              20         80         10
    """
    scale, unit = (1e6, "microseconds a step") if growth.unit == "step" else (1e3, "milliseconds an epoch")
    names = [*growth.points[0].seconds, "floor"]
    lines = [f"{growth.quantity:<9}" + "".join(f" {name:>{max(len(name), 8)}} " for name in names) + f"  {unit}"]
    for point in growth.points:
        values = [*point.seconds.values(), point.floor]
        lines.append(
            f"{point.x:<9,}"
            + "".join(f" {scale * value:>{max(len(name), 8)}.3g} " for name, value in zip(names, values, strict=True))
        )
    return "\n".join(line.rstrip() for line in lines)
