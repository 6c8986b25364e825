"""A new optimizer with the settings of somebody's, at so many times its rate."""

from __future__ import annotations

from typing import Any


def anew(keras: Any, kind: type, config: dict[str, Any], *, times: float = 1.0) -> Any:
    """It; None where it cannot be made of what it says of itself.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> made = anew(keras, keras.optimizers.Adam, {"learning_rate": 0.25}, times=2.0)
    >>> round(float(made.learning_rate), 6)
    0.5
    """
    settings = dict(config)
    try:
        kind, settings = plain_settings(keras, kind, settings)
        rate = settings.get("learning_rate")
        if isinstance(rate, dict):
            settings["learning_rate"] = scaled(keras, keras.optimizers.schedules.deserialize(rate), times)
        elif rate is not None:
            settings["learning_rate"] = float(rate) * times
        return kind.from_config(settings)  # type: ignore[attr-defined]
    except Exception:  # somebody's class: there is no other way to make one
        return None


def plain_settings(keras: Any, kind: type, config: dict[str, Any]) -> tuple[type, dict[str, Any]]:
    """Class and settings of the optimizer that takes the steps, where another only scales the loss for it, so that 16
    bits hold its gradient.

    >>> plain_settings(None, dict, {"learning_rate": 0.25})
    (<class 'dict'>, {'learning_rate': 0.25})
    """
    if "inner_optimizer" not in config:
        return kind, dict(config)
    inner = config["inner_optimizer"]
    inner = keras.optimizers.deserialize(inner) if isinstance(inner, dict) else inner
    return type(inner), dict(inner.get_config())


def scaled(keras: Any, schedule: Any, times: float) -> Any:
    """A schedule, times so much.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> schedule = keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.5)
    >>> round(float(scaled(keras, schedule, 2.0)(0)), 6)
    1.0
    """
    if times == 1:
        return schedule

    class Scaled(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # Keras has no types
        def __call__(self, step: Any) -> Any:
            return times * schedule(step)

        def get_config(self) -> dict[str, Any]:
            return {"times": times, "schedule": keras.optimizers.schedules.serialize(schedule)}

    return Scaled()


def again(optimizer: Any) -> Any:
    """Another one with the very settings; a schedule that Keras does not know by name goes as it is.

    >>> import pytest
    >>> keras = pytest.importorskip("keras")
    >>> made = keras.optimizers.SGD(scaled(keras, keras.optimizers.schedules.ExponentialDecay(0.5, 10, 0.5), 2.0))
    >>> round(float(again(made).learning_rate), 6)
    1.0
    """
    config = optimizer.get_config()
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = optimizer._learning_rate
    return type(optimizer).from_config(config)
