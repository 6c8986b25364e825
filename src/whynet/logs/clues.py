"""Clues: settings that a text names beside its figures, and which causes they speak for or clear.

Only what is bad by itself speaks for a cause (a rate of a millionth, pixels up to 255); a usual setting says nothing,
or clears what needs another one. The thresholds are wide: what some sound network has is no clue.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from whynet.logs.languages import in_english

N = r"(\d+(?:[.,]\d+)?(?:e[-+]?\d+)?|\.\d+)"
IS = r"[\"'*$\\]*\s*(?:[:=]|\bis\b|\bwas\b|\bof\b|\bto\b|\bat\b|\s)\s*"
RATE = (
    r"(?:\blr|\blearning[ _-]?rate(?:_init)?|\b(?:base|init)_lr|\b(?-i:eta)|η|\bstep size)\b"
    rf"{IS}{N}(?![\d.]*(?::|\s?[smh]\b))"  # but for a time to go
)
PENALTY = rf"(?:\b|__)(?:weight[ _]?decay|lambda|λ|l2|l2_reg|reg(?:ulari[sz]ation)?(?:[ _]strength)?)\b{IS}{N}"
WEIGHTS = r"\b(?:W|w\d*|weights?|theta|syn)"
MISSING = r"\b(?:isna|isnull|isnan|is\.na)\b"
BROKEN = ("non-finite", "diverged")
STILL = ("constant-answer", "not-started", "stalled", "underfits", "classes-missing")
SLOW = ("not-started", "stalled", "underfits", "undertrained", "constant-answer")
GAP = ("overfits", "bad-data")
ANY = (*BROKEN, *STILL, "undertrained", *GAP)
NOT_LEARNING = (*STILL, "undertrained")
BACKPROP = (
    "gradient-sign-flipped", "gradient-missing-derivative", "gradient-wrong-derivative", "gradient-wrong-term",
    "gradient-wrong-transpose",
)  # fmt: skip
LONGEST = 100_000  # characters at the beginning, and at the end, of a text that are looked at
LINE = 2_000  # characters of a line that are looked at
COUNTS = re.compile(  # `Counter({0: 950, 1: 50})`, `[(0, 950), (1, 50)]`, `rows per class: 0: 950, 1: 50`
    r"(?:Counter\(\{|\[\(|(?:per|each|of) class(?:es)?\b\D{0,3}|distribution\b\D{0,4}|labels\b[^\d\[]{0,4})"
    r"(?P<counts>\d+(?:: |, )\d+(?:[,)( ]+\d+(?:: |, )\d+)+)"
)
GRADIENTS = re.compile(r"\bgrad\w*(?:\.?norm)?(?:\(\))?\W{1,4}(\d+\.?\d*(?:e[-+]?\d+)?)\s*$", re.I | re.M)
COMPARED = re.compile(  # `W1  264  18  0.003788  0.015410`
    r"^\W*([A-Za-z]\w*)(?:\[[\d, ]*\]|[\s:|,]+\d+)*"
    r"[\s:|]+(-?\d*\.\d+(?:e[-+]?\d+)?)[\s|,]+(-?\d*\.\d+(?:e[-+]?\d+)?)\b",
    re.I | re.M,
)
NORMS = re.compile(r"((?:\b|\|)\|?(?:W|w|weights?|theta|fc|layer|hidden|dense)[\w.]*\|{0,2})\s*[=:]\s*(\d+\.\d{3,})")
ANSWERS = re.compile(r"pred|answer|output|guess", re.I)
SIZES = re.compile(  # `784-30-10`, `784 -> 30 -> 10`, `Network([784, 30, 10])`, `784:B->SIGMOID->2:B->SIGMOID->10`
    r"(?<![\d.,:/-])(?P<sizes>\d{1,5}(?:\s?(?:[-\u2013]{1,2}>?|_|=>|"
    r"\u2192)\s?(?:[A-Za-z]+->)?\d{1,5}(?::[A-Z])?){2,})(?![\d.:])|"
    r"(?:Net\w*|sizes|layers?\w*|MLP)\W{1,4}[\[(](?P<listed>\d+(?:,\s*\d+){2,})[\])]",
    re.I,
)
HIDDEN = re.compile(
    r"\bhidden(?:[_ ]?(?:layers?|layer_sizes|units|size|nodes|neurons|dim))?\s*[=:(\s]\s*[\[(]?(\d{1,4})\b"
    r"(?!\s*(?:hidden )?layers|[.,]\d)|"
    r"\b(\d{1,4}) (?:sigmoid |tanh |relu )?(?:hidden (?:units|neurons|nodes|sigmoid)|hidden\b(?! layer))",
    re.I,
)
LAYERS = re.compile(r"\b(\d{1,3})[ -](?:hidden |fully connected |dense )*layers?\b", re.I)


def any_of(*patterns: str) -> str:
    """A pattern that fits where one of these does.

    >>> any_of("a", "b")
    'a|b'
    """
    return "|".join(patterns)


@dataclass(frozen=True)
class Clue:
    """One kind of setting: where it is read, when it is bad, and in which states it then explains something.

    A number in the pattern has to lie within the limits wherever it is found: a rate that is let down to 0 is no clue.

    >>> clue = Clue(RATE, ("lr-too-high",), least=5, most=1e9)
    >>> clue.found("eta = 75, batch 10"), clue.found("eta = 3")
    ('eta = 75', '')
    """

    pattern: str
    speaks: tuple[str, ...] = ()
    states: tuple[str, ...] = ANY
    clears: tuple[str, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    only: str = ""
    never: str = ""

    def found(self, text: str) -> str:
        """The words of the text that it is found in; nothing if it is not."""
        if (self.only and not re.search(self.only, text, re.I)) or (self.never and re.search(self.never, text, re.I)):
            return ""
        matches = list(re.finditer(self.pattern, text, re.I | re.M))
        if not matches:
            return ""
        if math.isfinite(self.least) or math.isfinite(self.most):
            numbers = [float(one.replace(",", ".")) for match in matches for one in match.groups() if one]
            if not all(self.least <= one <= self.most for one in numbers):
                return ""
        return " ".join(matches[0][0].split())[:70]


CLUES = (
    # the steps
    Clue(RATE, ("lr-too-low",), SLOW, ("lr-too-high", "gradient-not-averaged"), least=1e-12, most=3e-5),
    Clue(RATE, ("input-not-scaled", "gradient-not-averaged"), BROKEN, least=1e-12, most=3e-4),
    Clue(RATE, (), ANY, ("lr-too-high",), least=1e-12, most=3e-4, never=r"raw|\b255\b|not (?:scaled|normali)"),
    Clue(RATE, ("lr-too-high",), (*BROKEN, *STILL), ("lr-too-low",), least=5, most=1e9),
    Clue(RATE, ("lr-too-high",), (*BROKEN, *STILL), ("lr-too-low",), least=0.9, most=1e9,
         only=r"relu|softmax|cross.?entropy|\bnll\b"),
    Clue(RATE, ("lr-too-high",), (*BROKEN, *STILL), ("lr-too-low",), least=0.02, most=1e9, only=r"\badamw?\b|rmsprop"),
    Clue(RATE, ("lr-too-high",), (*BROKEN, *STILL), ("lr-too-low",), least=4e-4, most=1e9,
         only=r"\b(?:pre-?trained|fine-?tun\w*|imagenet|bert|roberta|distilbert|gpt-?2|llama|t5|vit)\b"),
    Clue(r"(?:\blr|\blearning[ _-]?rate|\bmy rate|\bprint the rate)\b[^\n\d]{0,12}0(?:\.0+)?(?:e[-+]\d+)?(?![\d.])",
         ("layer-not-updated", "lr-too-low", "schedule-exhausted"), STILL, ("lr-too-high",)),
    Clue(r"\bConvergenceWarning\b|\bhasn't converged yet\b|\bMaximum iterations \(\d+\) reached",
         ("undertrained",), SLOW),
    Clue(r"\b(?:lr|eta|learning[ _]rate|momentum|weight_decay)\b[\"']?\s*[:=]\s*[-+]?(?:nan|inf)\w*",
         ("nan-hyperparameter",)),
    Clue(rf"\bmomentum\b{IS}{N}", ("momentum-unscaled",), (*BROKEN, *STILL), least=0.985, most=10),
    Clue(r"\b(?:loss|cost)\b[^\n.]{0,12}\b(?:includes?|with|plus) (?:the )?(?:penalty|regulari[sz]\w+|weight decay)",
         ("regularisation-too-strong",), NOT_LEARNING),
    Clue(r"\b(?:implement\w*|wrote|my own) momentum\b", ("momentum-unscaled",), (*BROKEN, *NOT_LEARNING)),
    Clue(r"\b(?:add(?:ed|ing)|since I use|with(?:out)?(?: the)?) momentum\b(?! 0)", ("momentum-unscaled",),
         (*BROKEN, *NOT_LEARNING)),
    Clue(rf"\b(?:mini-?)?batch(?:es)?(?:[ _-]size| of)?\b{IS}{N}\b(?! (?:test|val))",
         ("batch-too-large", "undertrained"), SLOW,
         least=2000, most=1e7),
    Clue(any_of(r"full[- ]batch",
                r"batch[_ ]?size\s*=\s*(?:len|n_samples|\w+\.shape)\b.*",
                r"\b(?:all|whole|alle)\b[^\n.]{0,40}\b(?:in one go|at once|every (?:step|iteration)|auf einmal)",
                r"\b(?:uses?|over) (?:all of (?:it|them)|the whole (?:training )?set)",
                r"\ball (?:m = )?\d+ (?:examples|images|rows) in (?:each|every|one)\b",
                r"\bone (?:\w+[ .])?(?:step|update)\w*(?:\(\))? per (?:epoch|it\b|pass)"),
         ("batch-too-large", "undertrained"), SLOW),
    Clue(rf"(?:\btol\s*[=:]\s*|\bnot improve\w*\D{{0,24}}|\bam[ée]lior\w+\D{{0,4}}){N}",
         ("stops-on-plateau", "undertrained"), SLOW, least=0.001, most=10),
    Clue(any_of(r"\bearly[ _]?stopping\b(?!.*(?:disabled|off|false|patience\s*=\s*(?:[5-9]|\d\d)))",
                r"\bstop(?:s|ped) (?:by itself|automatically)",
                r"\bs'arr[êe]te tout seul",
                r"\bpatience\s*=\s*[012]\b"),
         ("stops-on-plateau",), ("undertrained", "not-started")),
    # the penalty
    Clue(PENALTY, ("regularisation-too-strong",), NOT_LEARNING, least=0.05, most=1e9, never="octave|fmincg"),
    Clue(PENALTY, ("regularisation-too-strong",), NOT_LEARNING, least=30, most=1e9, only="octave|fmincg"),
    Clue(PENALTY, (), ANY, ("regularisation-too-strong",), least=0, most=1e-5),
    Clue(rf"\blmbda{IS}{N}", ("regularisation-too-strong",), NOT_LEARNING, least=50, most=1e9),
    Clue(rf"\bl2\(\s*{N}", ("regularisation-too-strong",), NOT_LEARNING, least=0.01, most=1e9),
    Clue(rf"\balpha\s*=\s*{N}", ("regularisation-too-strong",), NOT_LEARNING, least=5, most=1e9),
    Clue(rf"\b(?:p_)?drop(?:[ _]?(?:rate|prob|out))*\b\s*[=:(]?\s*(?:p\s*=\s*)?{N}", ("regularisation-too-strong",),
         (*NOT_LEARNING, "bad-data"), least=0.85, most=0.99),
    Clue(rf"\bkeep_?prob\w*\b\s*[=:]\s*{N}", ("regularisation-too-strong",), (*NOT_LEARNING, "bad-data"),
         least=0.001, most=0.25),
    # the start
    Clue(any_of(WEIGHTS + r"\w*\s*=[^\n]{0,20}\b(?:zeros|ones|full)\(\s*[\[(]*[\w.]+\s*,\s*(?!1\))\w+\D",
                r"\bweights?\b[^\n.]{0,30}\b(?:to|with|at|are|all|as) (?:zeros?|0(?![.\d])|ones?\b|the same)",
                r"initiali[sz](?:er|ed?|ing)\b\W{0,3}(?:to |with |= ?)?(?:[\"'](?:zeros|ones)|zeros?\b|ones\b)",
                r"\b(?:zero|constant)[- ]initiali[sz]\w+",
                r"\bweights?\w*\s*=[^\n]{0,30}\bfill\(\s*-?[\d.]+\s*\)",
                r"\brand\w*\b[^\n]{0,12}\b(?:by|with|to|for) (?:np\.)?(?:zeros|ones)\b",
                r"\binit\w*\b[^\n.]{0,20}\b(?:zeros|ones)\(",
                r"(?:\bW\d?\b|weights?|coefs_)[^\n]{0,60}\n?[^\n]{0,20}\[\s*-?\d*\.\d+(?P<same>,?\s+-?0?\.\d{3,})(?P=same){2,}"),
         ("symmetric-init",), NOT_LEARNING),
    Clue(any_of(WEIGHTS + r"\w*\s*=[^\n]{0,20}\brandom\.(?:rand|random|random_sample)\("
                r"(?![^\n]{0,40}(?:-\s*\d|-\s*\.|\*\s*2|/))[^\n]{0,20}",
                r"\bnp\.random\.rand(?:om)?\b(?!n|\s*\(|_)",
                r"\bMath\.random\(\)(?![^\n]{0,12}(?:-|\*\s*0?\.))",
                r"\buniform\(\s*0(?:\.0?)?\s*,\s*1(?:\.0?)?\s*\)",
                r"\bweights?\b[^\n.]{0,40}\bbetween 0 and 1\b",
                r"\brand(?:\(\))? (?:instead of|for|not) randn\b",
                r"\brandn (?:for|by|with) rand\b"),
         ("init-positive-saturation",), STILL),
    Clue(any_of(r"\brandom\s*/\s*\d{3,}",
                r"(?:\b|_)(?:std(?:dev)?|sigma|scale)[ =_]*(?:1e-[3-9]|0?\.00\d)",
                r"\brandn?\w*\([^\n)]*\)\s*\*\s*(?:1e-[3-9]|0?\.00\d+)\b",
                r"\b(?:1e-[3-9]|0?\.00\d+)\s*\*\s*(?:np\.)?(?:random|randn)"),
         ("init-too-small",), SLOW),
    Clue(any_of(r"\bstd(?:dev)?\s*=\s*[1-9]\d*(?:\.\d*)?\b",
                r"\bnormal\(\s*0(?:\.0?)?\s*,\s*[1-9]\d*(?:\.0?)?\b",
                r"\bN\(0, ?1\)",
                r"\bstandard normal\b"),
         ("init-too-large",), (*NOT_LEARNING, "diverged")),
    # the data
    Clue(any_of(r"\b(?:raw|unscaled|unnormali[sz]ed)\b[^\n.]{0,12}\b(?:pixel|input|data|byte|image|feature|value)\w*",
                r"\bpixels?\b[^\n.]{0,25}\b(?:uchar|bytes?)\b",
                r"\b0 ?(?:\.\.+|-|to|and) ?255\b",
                r"\b(?:not|dropped|without|never|forgot to)\b(?! forg)[^\n.;]{0,20}"
                r"\b(?:scal|normali|rescal|standardi|divid|ToTen)\w*",
                r"\bmax\w*\b[^\n\d]{0,12}255\b",
                r"\bMax\.[^\S\n]*\n\s*(?:-?[\d.]+\s+){5}\d{3,}"),
         ("input-not-scaled",), (*BROKEN, *NOT_LEARNING)),
    Clue(any_of(r"/ ?255",
                r"\b(?:rescaled?|ToTensor|standardi[sz](?:ed|ing|e)|StandardScaler|MinMaxScaler|z-?scores?)\b",
                r"\bNormalize\(",
                r"\bscale\(",
                r"\bdivided by 255\b",
                r"\bnormali[sz](?:ed|ation)\b"),
         (), ANY, ("input-not-scaled",)),
    Clue(any_of(r"\bsorted by (?:class|label|digit)\w*",
                r"\b(?:are|is|was|were|come) sorted\b(?! out|[^\n]*shuffl)",
                r"\bin (?:that|class|label) order\b",
                r"\bone (?:class|digit|label) after (?:the other|another)\b",
                r"\b(?:no|not|without|never)\b[ \w]{0,12}\bshuffl\w+",
                r"^(?!.*(?:test|val)).*\bshuffle\s*=\s*False"),
         ("not-shuffled",), ANY, never=r"shuffle\s*=\s*True"),
    Clue(r"\bshuffle\s*=\s*True|\b(?:I|we) shuffled?\b|\bpermutation\(|\bshuffled (?:the|every|each|before)\b",
         (), ANY, ("not-shuffled",)),
    Clue(any_of(r"\b(?:im|un)balanced?\b",
                r"\bskewed\b",
                r"\bfraud\b",
                r"\b9\d(?:\.\d+)? ?% (?:of\b[^\n.]{0,30})?\b(?:are|is|negativ|zero|one class)\w*"),
         ("class-imbalance",), (*NOT_LEARNING, "overfits")),
    Clue(r"\baccuracy_baseline\s*[=:]\s*(\d\.\d+)", ("class-imbalance",), STILL, least=0.85, most=1),
    Clue(r"\bbalanced\b|\b\d+ (?:each|per class)\b|\bequal\w* (?:number|many)", (), ANY, ("class-imbalance",)),
    Clue(rf"{MISSING}[^\n\d]{{0,80}}\n?(?:[^\n\d]{{0,80}}\n)?[^\n\d]{{0,20}}(?:\[\d+\]\s*)?{N}", ("bad-inputs",),
         least=1),
    Clue(rf"{MISSING}[^\n\d>]{{0,80}}\n?(?:\[1\]\s*)?0\s", (), ANY, ("bad-inputs",)),
    Clue(r"\blabell?ed\b[^.\n]{0,40}\b(?:ourselves|by hand|by us|students|people)\b", ("label-noise",),
         ("overfits", "underfits", "stalled", "undertrained")),
    Clue(r"\b(?:crowd|volunteers?|annotators?|mechanical turk|labell?ed by)\b[^\n]{0,30}", ("label-noise",),
         ("overfits", "underfits", "stalled", "undertrained")),
    Clue(any_of(r"\btrain\w*\[:(\d+)\]",
                r"\btrain on (\d+) samples",
                r"\b(\d+) (?:labell?ed |training |measured |train )*"
                r"(?:images?|samples?|examples?|rows?|points?|pictures?)\b(?! (?:each|per))"),
         ("too-little-data",), ("overfits", "undertrained"), least=14, most=1500),
    Clue(r"\b(?:idx|index|i|item)\s*%\s*\d{1,4}\b", ("data-index-bug",)),
    Clue(any_of(r"\b(?:two|both) sets are (?:identical|the same)",
                r"\bval_?(?:im|lab|lbl|data|set|x|loader)\w*\s*=\s*train\w*",
                r"\bsame (?:data|images|set) for (?:both|train\w* and)"),
         ("preprocess-mismatch", "metric-wrong"), GAP, ("overfit", "too-little-data")),
    Clue(any_of(r"\b(?:oversampl|duplicat|augment|SMOTE)\w*\b[^\n]{0,60}\b(?:then|before)\b[^\n]{0,30}\bsplit\w*",
                r"\b(?:same|identical) (?:images|examples|rows)\b[^\n.]{0,30}\bboth\b"), ("train-test-leak",), GAP),
    Clue(r"\bunique\([^)]*label\w*\)\s*=?\s*(?:array\()?\[\d\]|\bCounter\(\{\d+: \d+\}\)", ("labels-corrupted",)),
    Clue(any_of(r"\b(?:prices?|targets?|labels?|values?|salar\w+|sales)\b[^\n.]{0,25}"
                r"\b(?:in (?:dollars|euros?|thousands)|"
                r"as they are|not scaled|unscaled|raw|up to \d{3,})", r"\bin dollars\b"),
         ("target-not-scaled",), (*BROKEN, *NOT_LEARNING), ("wrong-hidden-activation",)),
    Clue(r"\b(?:features?|inputs?|columns?|values?|data)\b[^\n.]{0,60}\b(?:up to|max\w*|between 0 and|range\w*)\D{0,12}"
         r"\d{1,3}(?:,\d{3}|\d{2,})", ("input-not-scaled",), (*BROKEN, *NOT_LEARNING)),
    Clue(r"\b[5-9]\d(?:\.\d+)? ?% (?:of (?:them|the \w+|all|my \w+) )?(?:are|is|were|belong)\b[^\n.]*",
         ("class-imbalance",),
         STILL),
    Clue(r"\b\d+ (?:frauds?|positives?|sick|defects?)\b[^\n.]{0,20}\b(?:in|of|out of) \d{4,}", ("class-imbalance",),
         (*STILL, *GAP)),
    Clue(r"\bUsing a (?:target|input) size\b[^\n]*", ("loss-broadcast",)),
    Clue(r"\bsorted by \w+[^\n]{0,40}(?:csv|file|rows)|\b(?:rows|csv|file|data)\b[^\n.]{0,25}\bsorted\b",
         ("not-shuffled", "validation-unlike-training"), GAP),
    Clue(r"\b(?:sorted\(\s*)?os\.listdir\b[^\n]*|\bown label list\b", ("label-order-mismatch",), GAP),
    # the outputs and the cost
    Clue(r"\bactivation\s*=\s*[\"'](?:sigmoid|softmax)[\"'][^\n]{0,30}\bloss\s*=\s*[\"'](?:mse|mae|mean_)",
         ("output-range-mismatch", "wrong-output-activation"), NOT_LEARNING, never=r"\bmnist|digits|\bclasses\b"),
    Clue(r"\bDense\(\s*1\s*,\s*activation\s*=\s*[\"']softmax", ("softmax-single-unit",), STILL),
    Clue(r"\b(?:mae|l1loss|mean absolute error|mean_absolute_error)\b", ("cost-mismatch",), NOT_LEARNING,
         never="weka|kappa|regression|price"),
    Clue(r"\bsoftmax\b(?=[\s\S]{0,300}binary_crossentropy)", ("softmax-single-unit",), STILL),
    Clue(r"\bsoftmax\b(?=[\s\S]{0,400}(?:CrossEntropyLoss|logitcrossentropy|from_logits\s*=\s*True))",
         ("wrong-output-activation",), NOT_LEARNING, never="log_?softmax"),
    Clue(r"\bCrossEntropyLoss\b(?=[\s\S]{0,200}\bnn\.Softmax\()", ("wrong-output-activation",), NOT_LEARNING),
    Clue(any_of(r"\bsoftmax\b(?=[^.!?]{0,80}(?:mean[_ ]squared|\bmse|quadratic|squared error))",
                r"(?:mean[_ ]squared\w*|\bmse\w*|quadratic|squared error)\b(?=[^.!?]{0,80}\bsoftmax\b)"),
         ("cost-mismatch",), NOT_LEARNING),
    Clue(r"\brelu\b[^\n.]{0,12}\boutputs?\b|\boutput\w*[^\n.]{0,20}\brelu\b|-O relu",
         ("wrong-output-activation",), (*STILL, *BROKEN)),
    Clue(r"\bDense\(\s*1\b[^\n]*", ("output-shape-mismatch",), STILL, only=r"mnist|digits|\b10 classes"),
    Clue(r"\breduction\s*=\s*[\"']sum\b|\bsize_average\s*=\s*False", ("gradient-not-averaged",),
         (*BROKEN, *NOT_LEARNING)),
    Clue(r"\breduce_sum\([^\n]*log\([^\n]*", ("log-of-zero", "gradient-not-averaged"), BROKEN),
    Clue(r"\bdivide by zero encountered in log\b", ("log-of-zero",), BROKEN),
    Clue(r"\boverflow encountered in exp\b|\bexp\([^()\n]*\)\s*/\s*(?:np\.)?sum", ("unstable-softmax",), BROKEN),
    Clue(r"\bregression\b|\bprices?\b", ("metric-wrong",), ("stalled", "underfits"), only=r"\bacc\w*\b"),
    Clue(any_of(r"\b(?:units_out|n_out|n_outputs)\W{1,4}1\b",
                r"\b(?:one|a single|1|ein) (?:linear )?(?:output|Ausgang)\w*",
                r"\blabels?\W{1,4}(?:0-9 )?as (?:float|number)s?\b",
                r"\b(?:target|Ziel)\b[^\n.]{0,12}\b(?:digit|Ziffer|class number)\b"),
         ("output-shape-mismatch", "cost-mismatch"), ANY, only=r"mnist|digit|ziffer|0-9|10 classes", never=r"\bxor\b"),
    # the layers
    Clue(r"\bdead\w*\s*[:=]\s*(?:0?\.[5-9]\d*|1(?:\.0+)?)\b", ("dead-relu",), NOT_LEARNING),
    Clue(any_of(r"\bpurelin\b",
                r"\bactivation\w*\s*[=:(]\s*[\"']?(?:linear|identity|None)\b",
                r"\b(?:without|no|forgot the) (?:an? )?activation\w*(?! (?:on|at|in|for) the (?:out|last))"),
         ("missing-activation",), (*NOT_LEARNING, "diverged")),
    Clue(any_of(r"\bLinear\(\d+, ?\d+\), ?(?:nn\.)?Linear\([^\n]*", r"\bDense\(\d+ ?=> ?\d+\), ?Dense\(\d+ ?=>[^\n]*"),
         ("missing-activation",), (*NOT_LEARNING, "diverged"), never="relu|tanh|sigmoid|gelu|\u03c3"),
    Clue(r"\b(?:one|two|three|[123]) (?:hidden )?(?:units|neurons|nodes)\b(?! out)", ("bottleneck",), NOT_LEARNING,
         never="xor|moons|circles"),
    Clue(r"\b(?:sigmo[ïi]de?s?|tanh|logistic|logsig|tansig)\b", (), ANY, ("dead-relu",), never=r"relu"),
    Clue(r"\bbias\s*=\s*False|\bno bias(?:es)?\b|\bwithout bias(?:es)?\b", ("no-bias",), NOT_LEARNING),
    Clue(any_of(r"\bhidden (?:layers?|units) (?:uses? |are |is |with |of )?softmax\b",
                r"\bhidden\w*\s*[=:]\s*[\"']?softmax\b",
                r"\bsoftmax (?:in|on|for|as) (?:the |every |all )*hidden\b"), ("wrong-hidden-activation",), SLOW),
    Clue(any_of(r"\b(?:requires_grad|trainable)\s*=\s*False",
                r"\bdetach\(\)",
                r"\|?d[Ww]_?\d\|?\s*[=:]?\s*0\.0+(?:e[+-]?0+)?\b"), ("layer-not-updated",), NOT_LEARNING),
    # the gradient
    Clue(rf"\bRelative Difference:?\s*{N}", (), ANY, (*BACKPROP, "bias-not-updated"), least=0, most=1e-6),
    Clue(rf"\bRelative Difference:?\s*{N}", ("gradient-wrong-term", "gradient-missing-derivative"), ANY, least=1e-3),
    Clue(r"\bgradi?ent\w*\b[^\n.]{0,40}\b(?:check\w*|numeri\w*|geprüft|verified)\b"
         r"(?![^\n.]*(?:not|n't|wrong|fail))[^\n.]{0,40}"
         r"\b(?:ok|okay|pass\w*|fine|correct|agrees?|match\w*|stimmt|right|good)\b",
         (), ANY, (*BACKPROP, "bias-not-updated")),
    Clue(r"\b(?:keras|pytorch|tensorflow|sklearn|MLPClassifier|lightning|fastai|caffe|weka|tf\.train|nn\.Linear)\b",
         (), ANY, BACKPROP, never=r"\b(?:my own|clone|from scratch|hand-?written)\b"),
    Clue(r"\bbackward\(\)[^\n]*", ("gradient-buffer-not-reset",), ANY, only=r"\bstep\(\)", never="zero_grad"),
    Clue(r"\bzero_grad\b", (), ANY, ("gradient-buffer-not-reset",)),
    Clue(r"\+=\s*(?:self\.)?(?:lr|eta|learning_rate|alpha)\s*\*\s*(?:np\.)?(?:d[WwbB]\d?|grad\w*|nabla\w*)",
         ("gradient-sign-flipped",), ("diverged", "constant-answer")),
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """Words of a text that speak for causes, in some states, and clear others.

    >>> Said("shuffle=True", clears=("not-shuffled",)).speaks
    ()
    """

    words: str
    speaks: tuple[str, ...] = ()
    states: tuple[str, ...] = ANY
    clears: tuple[str, ...] = ()


def clues_in(text: str) -> list[Said]:
    """What the text says of the network, its data and its settings.

    >>> clues_in("lr = 1e-6, but the loss stays")[0].speaks
    ('lr-too-low',)
    >>> clues_in("784-30-10, learning rate 0.1, epoch 1 loss 2.30")[0].clears
    ('bottleneck', 'vanishing-gradients', 'too-deep')
    """
    text = in_english(text if len(text) < 2 * LONGEST else text[:LONGEST] + "\n" + text[-LONGEST:])
    text = "\n".join(line[:LINE] for line in text.split("\n"))
    found = [(clue, clue.found(text)) for clue in CLUES]
    said = [Said(words, clue.speaks, clue.states, clue.clears) for clue, words in found if words]
    return said + _gradients(text) + _compared(text) + _frozen(text) + _shares(text) + _sizes(text)


def _compared(text: str) -> list[Said]:
    """A table of gradients, numeric ones beside those of backpropagation, each with the name of its array."""
    off: dict[str, list[float]] = {}
    if not re.search(r"\bnum\w*\b[^\n]{0,40}\b(?:backprop|analytic|grad|bp|mine|ours)\w*|"
                     r"\b(?:backprop|analytic|grad|bp|mine)\w*[^\n]{0,40}\bnum", text, re.I):  # fmt: skip
        return []
    for name, one, other in COMPARED.findall(text):
        first, second = float(one), float(other)
        off.setdefault(name, []).append(abs(first - second) / max(abs(first), abs(second), 1e-12))
    wrong = [name for name, ratios in off.items() if max(ratios) > 0.01]
    if sum(map(len, off.values())) < 3:
        return []
    if not wrong:
        return [Said("its table of gradients", clears=(*BACKPROP, "bias-not-updated"))]
    words = f"its gradients of {', '.join(wrong)} differ"
    return [Said(words, ("gradient-missing-derivative", "gradient-wrong-derivative", "gradient-wrong-term"))]


def _gradients(text: str) -> list[Said]:
    """Sizes of the layers' gradients that differ by a factor of a thousand: `fc1.weight.grad.norm() = 1.37e-05`."""
    sizes = [float(size) for size in GRADIENTS.findall(text)]
    if len(sizes) < 3 or min(sizes) <= 0 or max(sizes) < 1000 * min(sizes) or sizes.index(min(sizes)) > len(sizes) // 2:
        return []
    return [Said(f"gradients from {min(sizes):g} to {max(sizes):g}", ("vanishing-gradients", "too-deep"), SLOW)]


def _frozen(text: str) -> list[Said]:
    """Sizes of weights that stay the same in every print while others change: `|W1|=3.98  |W2|=4.84`."""
    found: dict[str, set[str]] = {}
    for name, value in NORMS.findall(text):
        found.setdefault(name.lower(), set()).add(value)
    often = [name for name in found if len(re.findall(re.escape(name), text, re.I)) > 3]
    still = [name for name in often if len(found[name]) == 1]
    if not still or not any(len(found[name]) > 3 for name in often):
        return []
    return [Said(f"{still[0]} is always {min(found[still[0]])}", ("layer-not-updated",), (*NOT_LEARNING, "overfits"))]


def _shares(text: str) -> list[Said]:
    """How many examples each class has."""
    said = []
    for match in COUNTS.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        counts = [int(count) for count in re.findall(r"\d+(?:: |, )(\d+)", match["counts"])]
        if ANSWERS.search(line) or len(counts) < 2:
            continue
        words = " ".join(match[0].split())[:70]
        if max(counts) > 7 * min(counts):
            said.append(Said(words, ("class-imbalance",), (*STILL, *GAP, "undertrained")))
        elif max(counts) < 2 * min(counts):
            said.append(Said(words, clears=("class-imbalance",)))
    return said


def layers_in(text: str) -> Iterator[tuple[str, list[int]]]:
    """The sizes of layers that a text names, each with its words.

    >>> list(layers_in("a 784-30-10 network"))
    [('784-30-10', [784, 30, 10])]
    """
    for match in SIZES.finditer(text):
        sizes = [int(size) for size in re.findall(r"\d+", match["sizes"] or match["listed"])]
        dated = sizes[0] in range(1990, 2040)
        if len(sizes) > 2 and not dated and sorted(sizes) != list(range(min(sizes), max(sizes) + 1)):
            yield " ".join(match[0].split()), sizes


def _sizes(text: str) -> list[Said]:
    """How many layers there are, and how wide the narrowest hidden one is."""
    said = []
    for words, sizes in layers_in(text):
        hidden = sizes[1:-1]
        said += _hidden(words, min(hidden), len(hidden), sizes[0] < 4)
    for match in HIDDEN.finditer(text):
        said += _hidden(" ".join(match[0].split()), int(match[1] or match[2]), 0, bool(re.search("xor", text, re.I)))
    for match in LAYERS.finditer(text):
        said += _hidden(match[0], 0, int(match[1]), False)
    return said


def _hidden(words: str, width: int, layers: int, tiny: bool) -> list[Said]:
    speaks: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    if tiny and 0 < width < 4:
        speaks = ("capacity-minimal",)
    elif not tiny and 0 < width < 5:
        speaks = ("bottleneck",)
    elif width > 9:
        clears = ("bottleneck",)
    if layers > 4:
        return [Said(words, ("vanishing-gradients", "too-deep", *speaks), SLOW, clears)]
    if layers in (1, 2):
        clears += ("vanishing-gradients", "too-deep")
    return [Said(words, speaks, (*STILL, "undertrained"), clears)] if speaks or clears else []
