"""From a finding to new texts of a program: a few lines are changed, the rest stays to the letter."""

import pytest

from whynet.subjects.program.guests.edits import About, candidates
from whynet.subjects.program.guests.edits.source import Source
from whynet.subjects.program.guests.heal import healed, mends

LOOP = """\
for epoch in range(10):
    for x, y in loader:  # batches
        {first}loss = criterion(net(x), y)
        loss.backward()
        {last}

"""


LIST = "[nn.Linear(2, 2) for _ in range(3)]"
LAYERS = f"class A(nn.Module):\n    def __init__(self):\n        self.parts = {LIST}"
STEPS = LOOP.format(first="", last="opt.step()")


@pytest.mark.parametrize(
    ("cause", "text", "old", "new"),
    [
        ("gradient-buffer-not-reset", STEPS, "loss.backward()", "opt.zero_grad()\n        loss.backward()"),
        ("gradient-buffer-not-reset", STEPS.replace("loss =", "# opt.zero_grad()\n        loss ="), "# opt", "opt"),
        (
            "update-order-wrong",
            LOOP.format(first="opt.zero_grad()\n        opt.step()\n        ", last="n += 1"),
            "opt.step()\n        loss = criterion(net(x), y)\n        loss.backward()",
            "loss = criterion(net(x), y)\n        loss.backward()\n        opt.step()",
        ),
        ("update-order-wrong", "o = optim.SGD()\nloss.backward()\nn = 1", "n =", "o.step()\nn ="),
        ("update-order-wrong", "o = optim.SGD()\ns = StepLR(o, 9)\nf.backward()\ns.step()", "s.", "o.step()\ns."),
        ("wrong-output-activation", "x = torch.sigmoid(x)\nreturn x", "x = torch.sigmoid(x)\n", ""),
        ("wrong-output-activation", "return x.softmax(-1)", ".softmax(-1)", ""),
        ("wrong-output-activation", "y = softmax(x, 1) if self.last else x", "softmax(x, 1) if self.last else x", "x"),
        ("wrong-output-activation", "Sequential(Linear(3, 2), Softmax(dim=1))  # mine", ", Softmax(dim=1)", ""),
        ("wrong-output-activation", "add(Dense(5))\nadd(Activation('softmax'))\n", None, "add(Dense(5))\n"),
        ("wrong-output-activation", "self.act = nn.Softmax(dim=1)", "nn.Softmax(dim=1)", "nn.Identity()"),
        ("wrong-output-activation", "f = BCEWithLogitsLoss()", "BCEWithLogitsLoss", "BCELoss"),
        ("wrong-output-activation", "f = BCEWithLogitsLoss(net(x).sigmoid())\na = o > 0.5", "WithLogits", ""),
        ("missing-output-activation", "n = Sequential(Linear(3, 1))\nround(BCELoss(n(x)))", ", 1)", ", 1), Sigmoid()"),
        ("softmax-single-unit", "Dense(1, activation='softmax')", "softmax", "sigmoid"),
        ("missing-output-activation", "from torch.nn import NLLLoss\nf = NLLLoss()", "NLLLoss", "CrossEntropyLoss"),
        ("loss-broadcast", "loss = ((net(x) - y) ** 2).mean()", "- y", "- y.unsqueeze(1)"),
        ("label-encoding-mismatch", "loss = criterion(out, labels)", "labels", "labels - 1"),
        ("layer-not-updated", LAYERS, LIST, f"nn.ModuleList({LIST})"),
        ("layer-not-updated", "for p in a.parameters():\n    p.requires_grad = False\nx = 1", None, "x = 1"),
        ("gradient-cut", "def forward(self, x):\n    return self.b(self.a(x).detach())", ".detach()", ""),
        ("gradient-cut", "p = torch.round(net(x))\nf(p, y).backward()", "torch.round(net(x))", "net(x)"),
        ("gradient-cut", "p = (net(x) > 0.5).float()\nf(p, y).backward()", "(net(x) > 0.5).float()", "net(x)"),
        (
            "wrong-time-step",
            "def forward(self, x):\n    return self.fc(self.rnn(x)[0][:, 0])",
            "[:, 0]",
            "[:, -1]",
        ),
        (
            "gradient-cut",
            "def forward(self, x):\n    with torch.no_grad():\n        x = self.a(x)  # fast\n    return x",
            "    with torch.no_grad():\n        x",
            "    x",
        ),
        (
            "label-order-mismatch",
            "loss = f(net(X), y)\nX, y = load()\nnp.random.shuffle(X)\nn.fit(X, y)",
            "np.random.shuffle(X)",
            "order = np.random.permutation(len(X))\nX, y = X[order], y[order]",
        ),
        ("label-order-mismatch", "X, y = load()\nX = X[mix]\nn.fit(X, y)", "X[mix]\n", "X[mix]\ny = y[mix]\n"),
        (
            "validation-unlike-training",
            "x_train, x_test = load()\nx_train = s.fit_transform(x_train)\nn.fit(x_train, y)",
            "load()\n",
            "load()\nx_test = s.transform(x_test)\n",
        ),
        (
            "target-not-scaled",
            "yTrain, yTest = load()\nn.fit(x, yTrain)",
            "load()\n",
            "load()\nyTrain_mean, yTrain_std = yTrain.mean(), yTrain.std()\n"
            "yTrain = (yTrain - yTrain_mean) / yTrain_std\nyTest = (yTest - yTrain_mean) / yTrain_std\n",
        ),
        ("symmetric-init", "nn.init.zeros_(net[0].weight)\nx = 1", None, "x = 1"),
    ],
)  # fmt: skip
def test_a_few_lines_are_changed(cause, text, old, new):
    expected = new if old is None else text.replace(old, new)
    assert expected in list(candidates(text, About(cause, "Keras" if "fit(" in text else "")))[:3]


def test_another_activation_of_the_last_layer_makes_probabilities():
    text = "o = Dense(10, activation='relu')(x)\nmodel.compile(loss='categorical_crossentropy')\n"
    first = next(candidates(text, About("missing-output-activation", "Keras", where=1)))
    assert first == text.replace("relu", "softmax")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("parser.add_argument('--lr', default=0.5)\nSGD(w, lr=args.lr)", "parser.add_argument('--lr', default=0.005)"),
        ("config = {'lr': 0.5}\nSGD(w, lr=config['lr'])", "config = {'lr': 0.005}"),
        ("def make(rate):\n    return SGD(w, rate)\nmake(0.5)", "make(0.005)"),
        ("def make(rate=0.5):\n    return SGD(w, rate)\nmake()", "def make(rate=0.005):"),
        ("class C:\n    rate = 0.5\nSGD(w, lr=C.rate)", "    rate = 0.005"),
        ("SGD(w, lr=5e-1)", "SGD(w, lr=0.005)"),
        ("model.compile(optimizer='adam')", "model.compile(optimizer=keras.optimizers.Adam(learning_rate=1e-5))"),
    ],
)
def test_a_rate_is_changed_where_it_is_written(text, line):
    library = "Keras" if "compile" in text else "PyTorch"
    about = About("lr-too-high", library, numbers={"times": 0.01})
    new = next(candidates(f"import keras\n{text}\n" if library == "Keras" else f"{text}\n", about))
    assert line in new.splitlines()


def test_epochs_are_those_of_the_outermost_loop():
    text = "def train(n):\n    for epoch in range(n):\n        for b in range(9):\n            opt.step()\ntrain(20)\n"
    assert "train(200)" in next(candidates(text, About("undertrained", "PyTorch", lines={"step": 4})))


@pytest.mark.parametrize(
    ("text", "about", "lines"),
    [
        (
            "from sklearn.datasets import load_wine\nX_train, X_test, y_train, y_test = split(load_wine())\n"
            "model.fit(X_train, y_train)\n",
            About("input-not-scaled", "Keras"),
            [
                "scaler = StandardScaler()",
                "X_train = scaler.fit_transform(X_train)",
                "X_test = scaler.transform(X_test)",
            ],
        ),
        (
            "x_train = x_train.astype('float32')\nx_test = x_test.astype('float32')\nmodel.fit(x_train, y)\n",
            About("input-not-scaled", "Keras", facts={"largest-input": 255.0}),
            ["x_train = x_train.astype('float32') / 255.0", "x_test = x_test.astype('float32') / 255.0"],
        ),
        (
            "(a, y), (b, z) = load()\nx_train, x_test = a, b\nmodel.fit(x_train, y)\n",
            About("input-not-scaled", "Keras"),
            ["x_train = (x_train - mean) / std", "x_test = (x_test - mean) / std"],
        ),
        (
            "from sklearn.neural_network import MLPClassifier\nclf = MLPClassifier()\nclf.fit(X, y)\n",
            About("input-not-scaled", "scikit-learn"),
            [
                "from sklearn.preprocessing import StandardScaler",
                "clf = make_pipeline(StandardScaler(), MLPClassifier())",
            ],
        ),
    ],
)
def test_inputs_are_scaled_where_they_are_made_and_the_test_set_with_them(text, about, lines):
    new = next(candidates(text, about)).splitlines()
    assert all(line in new for line in lines)


def test_what_is_not_changed_stays_to_the_letter():
    text = "# -*- é\r\nx = {  'a':1 ,}   # odd\r\n\r\nif x :\r\n\tloss.backward( ) ; n = 1\r\n\topt.step()"
    new = next(candidates(text, About("gradient-buffer-not-reset")))
    assert new == text.replace("\tloss", "\topt.zero_grad()\r\n\tloss")


def test_what_is_no_python_has_no_candidates():
    assert not list(candidates("print 'hello'", About("gradient-buffer-not-reset")))
    assert Source("x = 1").but() == "x = 1"


def seen(state="stalled", causes=(), last=2.0, quality=None, how="ended"):
    return {
        "state": state, "library": "PyTorch", "program": {"how": how}, "quality": quality, "lines": {},
        "course": {"first": 2.3, "last": last, "steps": 100},
        "verdict": [{"cause": cause, "status": status} for cause, status in causes],
    }  # fmt: skip


CUT = ("gradient-cut", "found")


@pytest.mark.parametrize(
    ("after", "taken"),
    [
        (seen("healthy", last=0.1), True),
        (seen(last=1.9), True),
        (seen("healthy", [CUT], last=0.1), False),
        (seen("healthy", [("loss-broadcast", "found")], last=0.1), False),
        (seen("healthy", last=0.1, how="crashed"), False),
        (seen("not-examined", last=0.1), False),
        (seen("diverged", last=9.0), False),
        (seen(last=float("nan")), False),
        (None, False),
    ],
)
def test_a_text_is_taken_if_the_finding_is_gone_and_nothing_new_is_found(after, taken):
    assert bool(mends(seen(causes=[CUT]), after, "gradient-cut")) is taken


@pytest.mark.parametrize(
    ("quality", "last", "taken"), [(0.5, 2.0, True), (0.21, 0.1, False), (None, 0.1, True), (None, 1.95, False)]
)
def test_against_a_cause_that_only_a_trial_tells_the_program_must_learn_better(quality, last, taken):
    before = seen(causes=[("lr-too-low", "proved")], quality=None if quality is None else 0.2)
    after = seen(last=last, quality=quality)
    assert bool(mends(before, after, "lr-too-low")) is taken


def test_targets_in_a_column_are_made_a_row_where_the_outputs_are_one():
    about = About("loss-broadcast", detail="outputs (50,) against targets (50, 1): `y = y.reshape(outputs.shape)`")
    assert next(candidates("loss = my_loss(net(x), y)", about)) == "loss = my_loss(net(x), y.squeeze(-1))"


def test_a_shape_that_only_hides_what_is_compared_with_everything_is_not_taken():
    crossed = seen(causes=[("loss-broadcast", "proved")], quality=0.1)
    assert not mends(crossed, seen(last=2.0), "loss-broadcast")
    assert mends(crossed, seen("healthy", quality=0.9), "loss-broadcast")


def test_where_no_loss_was_kept_a_text_is_taken_by_its_quality():
    """Of scikit-learn's linear models, and of solvers without epochs."""
    raw = seen(causes=[("input-not-scaled", "proved")], quality=0.6) | {"course": None}
    assert mends(raw, seen("healthy", quality=0.9) | {"course": None}, "input-not-scaled")
    assert not mends(raw, seen(quality=0.61) | {"course": None}, "input-not-scaled")
    assert not mends(raw, seen("healthy") | {"course": None}, "input-not-scaled")


def test_findings_are_mended_one_after_the_other():
    text = "optimizer.step()\nx = a(x).detach()\nloss.backward()\n"
    stale = ("gradient-buffer-not-reset", "found")

    def examine(texts):
        (new,) = texts.values()
        causes = [stale] if "zero_grad" not in new else []
        return seen("healthy" if not causes else "stalled", causes + ([CUT] if "detach" in new else []), last=0.1)

    found = seen(causes=[stale, CUT])
    found["lines"] = {"backward": {"file": "train.py", "line": 3}}
    whole = healed(found, {"train.py": text}, "train.py", examine)
    assert whole.causes == (stale[0], CUT[0]) and "detach" not in whole.after and "zero_grad" in whole.after
    assert whole.diff().startswith("--- train.py\n+++ train.py\n@@")


def test_what_is_proved_together_is_mended_together():
    text = "nn.init.zeros_(net.weight)\noptimizer = SGD(w, lr=1e-7)\nx = 1\n"
    found = seen(causes=[("symmetric-init", "proved"), ("lr-too-low", "proved")], quality=0.1)
    found["verdict"][0]["with"], found["verdict"][1]["with"] = ["lr-too-low"], ["symmetric-init"]

    def examine(texts):
        (new,) = texts.values()
        well = "zeros_" not in new and "1e-7" not in new
        return seen("healthy", quality=0.9) if well else found

    whole = healed(found, {"train.py": text}, "train.py", examine)
    assert set(whole.causes) == {"symmetric-init", "lr-too-low"} and "zeros_" not in whole.after
