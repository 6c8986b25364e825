"""PyTorch: modules that are called, optimizers that step; a watch is opened before the first step of each pair."""

from __future__ import annotations

import functools
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from whynet.doctor.change import Wording
from whynet.doctor.diagnosis import UNKNOWN, Diagnosis, Gap, Where
from whynet.subjects.frameworks.torch_backward import Listener
from whynet.subjects.frameworks.torch_watch import Watch
from whynet.subjects.frameworks.torch_watched import judged_by_costs
from whynet.subjects.frameworks.where import NOT_HELD, SQUASHING
from whynet.subjects.program.guests.guest import Course, Patches, Told, counted, said_of
from whynet.subjects.program.guests.lines import Places

MOST = 4
"""So many watches are kept."""
LISTENED = 20
"""Steps after which nobody listens any more, whatever may be missing."""


class Pair:
    """A module and the optimizer that trains it.

    >>> Pair.__name__
    'Pair'
    """

    def __init__(self, watch: Watch, lines: dict[str, Where]) -> None:
        self.watch, self.lines = watch, lines
        self.last = 0

    @property
    def told(self) -> bool:
        """Whether a loss of the module's was seen."""
        return bool(self.watch.losses and not self.watch.meaning.lost)


class Made:
    """An optimizer of the program: where it was made, and where it is used.

    >>> Made(Places.__new__(Places), Where("train.py", 12)).lines
    {'optimizer': Where(file='train.py', line=12, text='')}
    """

    def __init__(self, optimizer: Any, where: Where | None) -> None:
        self.optimizer = weakref.ref(optimizer)
        self.lines: dict[str, Where] = {} if where is None else {"optimizer": where}
        self.stepped = False

    def holds(self) -> set[int]:
        """The parameters, by identity."""
        own = self.optimizer()
        groups = [] if own is None else own.param_groups
        return {id(one) for group in groups for one in group["params"]}


class TorchGuest:
    """Watches the program's own loops.

    >>> sorted(TorchGuest(Places.__new__(Places), iter([1])).wanted())
    ['torch']
    """

    LIBRARY = "PyTorch"

    def __init__(self, places: Places, clock: Iterator[int]) -> None:
        self.places, self.clock = places, clock
        self.last, self.begun = 0, False
        self.torch: Any = None
        self.made: list[Made] = []
        self.pairs: list[Pair] = []
        self.forgotten: list[str] = []
        self.refused = ""
        self.steps = self.depth = 0
        self.heard: dict[str, Where] = {}
        """Lines of the step that is going on."""
        self._seen: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._where: weakref.WeakKeyDictionary[Any, Where] = weakref.WeakKeyDictionary()
        self._loaders: weakref.WeakKeyDictionary[Any, Where] = weakref.WeakKeyDictionary()
        self._called: Any = None
        self._at_steps: list[Any] = []
        self._ears: list[Any] = []
        self._patches = Patches()

    def wanted(self) -> dict[str, Told]:
        return {"torch": self._imported}

    def _imported(self, torch: Any) -> None:
        self.torch = torch
        torch.manual_seed(0)  # of programs that set none, each run is the same
        optimizer, module = torch.optim.Optimizer, torch.nn.Module
        self._patches.put(optimizer, "__init__", self._noting(optimizer.__init__, self._made))
        self._patches.put(module, "__init__", self._noting(module.__init__, self._built))
        self._patches.put(module, "eval", self._noting(module.eval, self._evaluates))
        loader = torch.utils.data.DataLoader
        self._patches.put(loader, "__init__", self._noting(loader.__init__, self._loads))
        self._patches.put(loader, "__iter__", self._noting(loader.__iter__, self._fed))
        for kind in (optimizer, module):
            self._patches.put(kind, "zero_grad", self._noting(kind.zero_grad, self._cleared))
        hooks = sys.modules[optimizer.__module__]
        self._at_steps = [
            hooks.register_optimizer_step_pre_hook(self._before_step),
            hooks.register_optimizer_step_post_hook(self._after_step),
        ]
        self._listen()

    def _noting(self, function: Any, note: Any) -> Any:
        """The function, and before it a note of who is called."""

        @functools.wraps(function)
        def noted(own: Any, *args: Any, **kwargs: Any) -> Any:
            with suppress(Exception):  # whatever is unlike anything known, the program goes on
                note(own)
            return function(own, *args, **kwargs)

        return noted

    # ---- when to listen: calls of modules are heard only until a training is known

    def _listen(self) -> None:
        if not self._ears:
            hooks, self.depth = self.torch.nn.modules.module, 0
            self._ears = [
                hooks.register_module_forward_pre_hook(self._before_call),
                hooks.register_module_forward_hook(self._after_call, always_call=True),
                Listener(self.torch, self._on_backward),
            ]

    def _deafen(self) -> None:
        for ear in self._ears:
            ear.remove()
        self._ears, self._called = [], None

    def close(self) -> None:
        self._deafen()
        for handle in self._at_steps:
            handle.remove()
        self._patches.undo()
        for pair in self.pairs:
            if pair.watch.open:
                pair.watch.__exit__(None, None, None)

    # ---- what is heard

    def _made(self, optimizer: Any) -> None:
        self.begun, self.steps = True, 0
        self.made = [one for one in self.made if one.optimizer() is not None]
        self.made.append(Made(optimizer, self.places.here()))
        self._listen()

    def _built(self, module: Any) -> None:
        where = self.places.here()
        if where is not None:
            self._where[module] = where

    def _loads(self, loader: Any) -> None:
        where = self.places.here()
        if where is not None:
            self._loaders[loader] = where

    def _fed(self, loader: Any) -> None:
        """A pass over a loader begins; the one that a first step comes after is that of the training."""
        if self._ears and self.torch.is_grad_enabled() and loader in self._loaders:
            self.heard["loader"] = self._loaders[loader]

    def _cleared(self, _: Any) -> None:
        if self._ears and "zero_grad" not in self.heard:
            where = self.places.here()
            if where is not None:
                self.heard["zero_grad"] = where

    def _evaluates(self, module: Any) -> None:
        if not self._quiet() and module.training:
            where = self.places.here()
            for pair in self.pairs:
                if pair.watch.model is module and where is not None:
                    pair.lines["eval"] = where

    def _quiet(self) -> bool:
        """Whether this is none of the program's own doing."""
        elsewhere = threading.current_thread() is not threading.main_thread()
        return elsewhere or any(pair.watch.busy for pair in self.pairs)

    def _before_call(self, module: Any, args: Any) -> None:
        if self._quiet():
            return
        self.depth += 1
        if self.depth > 1 or not self.torch.is_grad_enabled():
            return
        if self._seen.get(module) == len(self.made):
            if next(module.parameters(), None) is not None:
                self._called = module
            return
        with suppress(Exception):
            self._seen[module] = len(self.made)
            if next(module.parameters(), None) is None:
                return
            self.begun, self._called = True, module
            own = {id(one) for one in module.parameters()}
            for made in self.made:
                if own & made.holds():
                    self._open(module, made)

    def _after_call(self, module: Any, args: Any, value: Any) -> None:
        if self._quiet():
            return
        self.depth = max(self.depth - 1, 0)
        if self.depth or not isinstance(value, self.torch.Tensor) or value.numel() != 1:
            return
        if next(module.parameters(), None) is None:  # a loss
            if "loss" not in self.heard:
                with suppress(Exception):
                    where = self.places.here()
                    if where is not None:
                        self.heard["loss"] = where
            for pair in self.pairs:
                if pair.watch.meaning.given is None:
                    pair.watch.meaning.given = module  # a guess, which is held against the value

    def _on_backward(self, tensors: Any) -> None:
        if self._quiet() or "backward" in self.heard:
            return
        self.begun = True
        with suppress(Exception):
            frame = self.places.frame()
            if frame is not None:
                self.heard["backward"] = self.places.at(frame.f_code.co_filename, frame.f_lineno)
                where = self.places.made(frame, "backward")
                if where is not None:
                    self.heard.setdefault("loss", where)

    def _open(self, module: Any, made: Made) -> None:
        """A watch of this pair from here on."""
        optimizer = made.optimizer()
        if optimizer is None or any(p.watch.model is module and p.watch.optimizer is optimizer for p in self.pairs):
            return
        lines = {}
        where = self.places.here()
        if where is not None:
            lines["forward"] = where
        model = self.places.of_class(type(module)) or self._where.get(module)
        if model is not None:
            lines["model"] = model
        activation = self._activation(module)
        if activation is not None:
            lines["activation"] = activation
        try:
            watch = Watch(self.torch, module, None, optimizer)
            watch.quiet = True
            watch.__enter__()
        except Exception as error:  # a module that cannot be copied is trained all the same
            self.refused = getattr(error, "message", "") or f"{type(error).__name__}: {error}"
            return
        self.pairs.append(Pair(watch, lines))
        if len(self.pairs) > MOST:
            old = self.pairs.pop(0)
            if old.watch.open:
                old.watch.__exit__(None, None, None)
            if old.last:
                self.forgotten.append(said_of(old.lines.get("model")))

    def _activation(self, module: Any) -> Where | None:
        """Where its answer is squashed: in its last part, or in its `forward`."""
        leaf = module
        while True:
            parts = list(leaf.children()) if isinstance(leaf, self.torch.nn.Sequential) else []
            if not parts:
                break
            leaf = parts[-1]
        if leaf is not module and type(leaf).__name__ in SQUASHING:
            return self._where.get(leaf)
        return self.places.call_in(type(module).forward, SQUASHING)

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._quiet():
            return
        self.depth = 0
        made = next((one for one in self.made if one.optimizer() is optimizer), None)
        if made is None or (made.stepped and not self._ears):
            return
        with suppress(Exception):
            if not made.stepped:
                where = self.places.here()
                if where is not None:
                    made.lines["step"] = where
            if "backward" in self.heard or "loss" in self.heard:
                made.lines = self.heard | made.lines
            self.heard = {}
            if self._called is not None and not any(pair.watch.optimizer is optimizer for pair in self.pairs):
                self._open(self._called, made)

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self.last = tick = next(self.clock)
        for pair in self.pairs:
            if pair.watch.optimizer is optimizer:
                pair.last = tick
        if self._ears:
            self.steps += 1
            known = True
            for made in self.made:
                made.stepped |= made.optimizer() is optimizer
                known &= made.stepped or made.optimizer() is None
            if (known and self.steps > 1) or self.steps >= LISTENED:
                self._deafen()

    # ---- what it amounts to

    def _chosen(self) -> Pair | None:
        """The pair that was trained last; of several modules of one optimizer, one whose loss is known."""
        if not self.pairs:
            return None
        last = max(pair.last for pair in self.pairs)
        return max((pair for pair in self.pairs if pair.last == last), key=lambda pair: (pair.told, pair.watch.losses))

    def diagnosis(self, asked: dict[str, Any]) -> Diagnosis:
        pair = self._chosen()
        if pair is None:
            reason = self.refused
            if not reason and not self.last:
                reason = "no optimizer took a step in this process"
            gap = Gap("the training", reason or "no module was called whose parameters the optimizer holds")
            return Diagnosis("not-examined", problem=UNKNOWN, not_examined=[gap], wording=Wording("PyTorch"))
        mine = {id(one) for one in pair.watch.model.parameters()}
        held = self._held(pair)
        others = [one for one in self.made if one.optimizer() is not pair.watch.optimizer and one.stepped]
        with self.torch.enable_grad():
            if pair.watch.losses and any(mine & one.holds() - held for one in others):
                found = judged_by_costs(pair.watch, "several optimizers move its parameters; one of them is watched")
                found.verdict = [one for one in found.verdict if one.cause != NOT_HELD]
                return found
            if pair.watch.losses and self._beside(pair):
                why = "the optimizer moves several modules that are called by themselves; in one they would be examined"
                return judged_by_costs(pair.watch, why)
            return pair.watch.diagnosis(**asked)

    def _beside(self, pair: Pair) -> list[Pair]:
        """Other modules that are trained by the same steps."""
        same = [one for one in self.pairs if one.watch.optimizer is pair.watch.optimizer and one is not pair]
        inner = {id(one) for one in pair.watch.model.modules()}
        return [one for one in same if one.last == pair.last and id(one.watch.model) not in inner]

    def _placed(self, model: Any) -> list[tuple[Any, Where]]:
        """The parts of a module that the program made, and where."""
        return [(one, self._where[one]) for one in model.modules() if one in self._where]

    def _held(self, pair: Pair) -> set[int]:
        return {id(one) for group in pair.watch.optimizer.param_groups for one in group["params"]}

    def lines(self) -> dict[str, Where]:
        pair = self._chosen()
        if pair is None:
            return dict(self.heard) | (self.made[-1].lines if self.made else {})
        made = next((one for one in self.made if one.optimizer() is pair.watch.optimizer), None)
        lines = self.heard | (made.lines if made else {}) | pair.lines
        if "optimizer" in lines and any(id(one) not in self._held(pair) for one in pair.watch.model.parameters()):
            lines["not-held"] = lines["optimizer"]
        if pair.watch.cut and "loss" in lines:
            lines["cut"] = lines["loss"]
        dropouts = [(one.p, place) for one, place in self._placed(pair.watch.model) if "Dropout" in type(one).__name__]
        if dropouts and not any(group.get("weight_decay") for group in pair.watch.optimizer.param_groups):
            lines["dropout"] = max(dropouts, key=lambda one: one[0])[1]
        return lines

    def course(self) -> Course | None:
        pair = self._chosen()
        if pair is None or not pair.watch.losses:
            return None
        return Course.of([float(cost) for _, cost in pair.watch.costs.kept], pair.watch.steps)

    def others(self) -> list[Gap]:
        chosen = self._chosen()
        beside = [] if chosen is None else self._beside(chosen)
        rest = [one for one in self.pairs if one is not chosen and one.last and one not in beside]
        places = [*self.forgotten, *(said_of(one.lines.get("model")) for one in rest)]
        if not places:
            return []
        words = f"modules of {', '.join(dict.fromkeys(places))}; the one that was trained last is examined"
        return [Gap(counted(len(places), "other training"), words)]
