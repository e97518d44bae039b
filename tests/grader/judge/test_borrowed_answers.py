"""What the text of a notebook says of where an answer comes from; right answers of the whole course are let be."""

from __future__ import annotations

import ast
import importlib

import jupytext
import pytest
from in_process import LABS, ROOT, answers, cells, grade_id

from grader.judge.borrowed_answers import Bindings
from grader.judge.judging import borrowed_by_text
from grader.text.cell_text import made_by_definition, parsed, used_names

OWN = "class LoRALayer(nn.Module):\n    def forward(self, x):\n        return x\n"


def uses(*sources: str, name: str = "LoRALayer") -> set[str]:
    bindings = Bindings({"LoRALayer", "inject"})
    for source in ("import torch\nfrom torch import nn\nimport lora_utils", *sources):
        bindings.read(source)
    return bindings.uses(name)


@pytest.mark.parametrize(
    "source",
    [
        "from lora_utils import LoRALayer",
        "from lora_utils.methods.lora import LoRALayer as LoRALayer",
        "import lora_utils as l\nLoRALayer = l.LoRALayer",
        "import lora_utils.methods.lora as l\nLoRALayer = l.LoRALayer",
        "class LoRALayer(lora_utils.LoRALayer): pass",
        "Base = lora_utils.LoRALayer\nclass Mine(Base): pass\nclass LoRALayer(Mine):\n    x = 1",
        "def LoRALayer(*a):\n    return lora_utils.LoRALayer(*a)",
        "def f(*a):\n    return lora_utils.LoRALayer(*a)\ndef LoRALayer(*a):\n    '''Mine.'''\n    return f(*a)",
        "LoRALayer = lambda *a: lora_utils.LoRALayer(*a)",
        "LoRALayer, other = lora_utils.LoRALayer, 3",
        "LoRALayer: type = lora_utils.LoRALayer",
        "LoRALayer = getattr(lora_utils, 'LoRALayer')",
        "LoRALayer = getattr(lora_utils, 'LoRA' + 'Layer')",
        "LoRALayer = vars(lora_utils)['LoRALayer']",
        "LoRALayer = lora_utils.__dict__['LoRALayer']",
        "import importlib\nL = importlib.import_module('lora_utils.methods.lora')\nclass LoRALayer(L.LoRALayer): pass",
        "LoRALayer = __import__('lora_utils').LoRALayer",
        "import sys\nLoRALayer = sys.modules['lora_utils'].LoRALayer",
        "import sys\nLoRALayer = sys.modules['lora_' + 'utils'].LoRALayer",
        "from functools import partial\nLoRALayer = partial(lora_utils.LoRALayer)",
        "LoRALayer = type('LoRALayer', (lora_utils.LoRALayer,), {})",
        "from lora_utils import LoRALayer\nLoRALayer = partial(LoRALayer)",
        "Wrapped = type('W', (lora_utils.LoRALayer,), {})\nLoRALayer = Wrapped",
        OWN + "LoRALayer = lora_utils.LoRALayer",
        OWN + "LoRALayer.forward = lora_utils.LoRALayer.forward",
        OWN + "setattr(LoRALayer, 'forward', lora_utils.LoRALayer.forward)",
        OWN + "if True:\n    from lora_utils import LoRALayer",
        OWN + "try:\n    1 / 0\nexcept Exception:\n    from lora_utils import LoRALayer",
        OWN + "for LoRALayer in [lora_utils.LoRALayer]: pass",
        OWN + "print(LoRALayer := lora_utils.LoRALayer)",
        OWN + "globals()['LoRALayer'] = lora_utils.LoRALayer",
        OWN + "globals().update(LoRALayer=lora_utils.LoRALayer)",
        OWN + "def swap():\n    global LoRALayer\n    from lora_utils import LoRALayer\nswap()",
        OWN + "exec('from lora_utils import LoRALayer')",
        OWN + "get_ipython().run_cell('LoRALayer = lora_utils.LoRALayer')",
        OWN + "%matplotlib inline\nfrom lora_utils import LoRALayer",
        "%%time\nfrom lora_utils import LoRALayer",
        "from lora_utils.methods.lora import *",
        "from lora_utils import LoRALayer as reference\n@lambda c: reference\n" + OWN,
        "class LoRALayer(nn.Module):\n    def __new__(cls, *a):\n        return lora_utils.LoRALayer(*a)",
        "class LoRALayer(nn.Module):\n    def __new__(cls, *a):\n        from lora_utils import LoRALayer as L\n"
        "        return L(*a)",
    ],
)  # fmt: skip
def test_the_reference_is_recognised_under_any_name(source):
    assert uses(source)
    assert uses(OWN, source)


@pytest.mark.parametrize(
    "source",
    [
        "exec(inspect.getsource(lora_utils.methods.lora.LoRALayer))",
        "exec(inspect.getsource(lora_utils.methods.lora))",
        "text = inspect.getsource(lora_utils.methods.lora)\ntext = text.replace('a', 'b')\nexec(text)",
        "from lora_utils import LoRALayer as R\nexec(inspect.getsource(R))\nR = None",
        "from lora_utils import LoRALayer as R\ntext = inspect.getsource(R)\nexec(text)\ntext = ''",
        "exec(inspect.getsource(lora_utils.LoRALayer).replace('LoRALayer', 'Mine'))\nLoRALayer = Mine",
        "exec(inspect.getsource(lora_utils.LoRALayer).replace('LoRALayer', 'M'))\nclass LoRALayer(M): pass",
        "ns = {}\nexec(inspect.getsource(lora_utils.LoRALayer), ns)\nLoRALayer = ns['LoRALayer']",
        "ns = {}\nexec(inspect.getsource(lora_utils.methods.lora), ns)\n"
        "def LoRALayer(*a):\n    f = ns['LoRALayer']\n    return f(*a)",
        "exec(compile(inspect.getsource(lora_utils.LoRALayer), '', 'exec'))",
        "code = compile(inspect.getsource(lora_utils.LoRALayer), '', 'exec')\nexec(code)",
        "LoRALayer = eval('LoRALayer', {}, dict(vars(lora_utils)))",
        "exec(open(lora_utils.methods.lora.__file__).read())",
        "with open(lora_utils.methods.lora.__file__) as file:\n    text = file.read()\nexec(text)",
        "path = '/usr/lib/python3/site-packages/lora_utils/lora.py'\nexec(open(path).read())",
        "exec(importlib.util.find_spec('lora_utils.methods.lora').loader.get_source('lora_utils.methods.lora'))",
        "get_ipython().run_cell(inspect.getsource(lora_utils.LoRALayer))",
        "run = exec\nrun(inspect.getsource(lora_utils.LoRALayer))",
        "run = lambda text: exec(text, globals())\nrun(inspect.getsource(lora_utils.LoRALayer))",
        "def run(x):\n    exec(inspect.getsource(x), globals())\nrun(lora_utils.LoRALayer)",
        "def run():\n    text = inspect.getsource(lora_utils.LoRALayer)\n    exec(text, globals())\nrun()",
        "[exec(inspect.getsource(x), globals()) for x in [lora_utils.LoRALayer]]",
        "for x in [lora_utils.LoRALayer]:\n    exec(inspect.getsource(x), globals())",
        "exec('from lora_' + 'utils import ' + 'LoRALayer' + ' # lora_utils')",
        "class LoRALayer(nn.Module):\n    exec(inspect.getsource(lora_utils.LoRALayer.forward).strip())",
        "R = lora_utils.LoRALayer\nforward = types.FunctionType(R.forward.__code__, globals())\n"
        "class LoRALayer(nn.Module):\n    forward = forward",
        OWN + "LoRALayer.forward.__code__ = lora_utils.LoRALayer.forward.__code__",
        "code = marshal.dumps(lora_utils.LoRALayer.forward.__code__)\n"
        + OWN + "LoRALayer.forward = types.FunctionType(marshal.loads(code), globals())",
        "LoRALayer = copy.deepcopy(lora_utils.LoRALayer)",
        "LoRALayer = type('LoRALayer', (nn.Module,), dict(vars(lora_utils.LoRALayer)))",
        "LoRALayer = runpy.run_path(lora_utils.methods.lora.__file__)['LoRALayer']",
        "spec = importlib.util.spec_from_file_location('m', lora_utils.methods.lora.__file__)\n"
        "m = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(m)\nLoRALayer = m.LoRALayer",
    ],
)  # fmt: skip
def test_the_references_text_and_code_are_the_reference(source):
    imports = "import copy, importlib, inspect, marshal, runpy, types"
    assert uses(imports, source)
    assert uses(imports, OWN, source)


@pytest.mark.parametrize(
    "source",
    [
        "print(inspect.getsource(lora_utils.LoRALayer))\n" + OWN,
        "exec(inspect.getsource(lora_utils.LoRALayer))\n" + OWN,  # written anew below it
        OWN + "exec(open('helpers.py').read())",
        OWN + "exec(inspect.getsource(LoRALayer))",
        OWN + "model = LoRALayer()\nmodel.eval()\nmodel.eval\nmodel.alpha = lora_utils.alpha",
        OWN + "def score(model):\n    model.eval()\n    return lora_utils.accuracy(model)\nscore(LoRALayer())",
        OWN + "print(eval('1 + ' + '1'))",
        OWN + "text = 'import lora_utils'\nexec(text)",
        OWN + "doubled = [lora_utils.double(x) for x in range(3)]",
    ],
)
def test_text_that_makes_no_answer_of_the_reference_is_let_be(source):
    assert uses("import inspect", source) == set()


@pytest.mark.parametrize(
    "source",
    [
        OWN,
        "from lora_utils import LoRALayer\n" + OWN,
        "from lora_utils import LoRALayer as Reference\n" + OWN + "assert Reference(2, 3, 1, 1.0)",
        OWN + "mine, theirs = LoRALayer(), lora_utils.LoRALayer(2, 3, 1, 1.0)",
        "def LoRALayer(x: lora_utils.LoRALayer) -> 'lora_utils.LoRALayer':\n    'As lora_utils does it.'\n    return x",
        "class LoRALayer(nn.Module):\n    def forward(self, lora_utils):\n        return lora_utils.LoRALayer",
        "from lora_utils.plots import COLORS\ndef LoRALayer(x):\n    return COLORS",
        "def LoRALayer(x):\n    return x.lora_utils.LoRALayer",
        "from lora_utils import freeze\ndef freeze(m): pass\ndef LoRALayer(x):\n    y = freeze(x)\n    return y",
        OWN + "def other():\n    global count\n    count, LoRALayer = 1, lora_utils.LoRALayer",
        "this is no Python\nfrom lora_utils import LoRALayer",
        "from elsewhere import lora_utils, LoRALayer",
        "",
    ],
)
def test_ones_own_answer_is_let_be(source):
    assert uses(source) == set()


def test_names_are_those_of_the_package_so_that_allowed_ones_can_be_told():
    assert uses("from lora_utils import LoRALayer as L, freeze as f\ndef inject(m):\n    f(m)\n    return L()",
                name="inject") == {"LoRALayer", "freeze"}  # fmt: skip
    assert uses("def inject(m):\n    return lora_utils.inject_lora(m)", name="inject") == {"inject_lora"}


def test_an_answer_is_not_charged_with_what_another_answer_uses():
    assert uses("from lora_utils import LoRALayer\ndef inject(m):\n    return LoRALayer(m)", name="inject")
    wraps = "class LoRALayer(nn.Module):\n    inner = lora_utils.LoRALayer"
    assert uses(wraps, "def inject(m):\n    return LoRALayer(m)", name="inject") == set()
    assert uses(wraps, "inject = lambda m: LoRALayer(m)", name="inject") == set()
    assert uses(wraps, "inject = LoRALayer", name="inject") == {"LoRALayer"}


def test_what_counts_is_what_a_name_stands_for_where_it_is_graded():
    cells = [
        {"id": "a", "kind": "own", "source": OWN, "made": ["LoRALayer"]},
        {"id": "t", "kind": "graded", "source": "check(LoRALayer)", "made": ["LoRALayer"], "reads": ["LoRALayer"]},
        {"id": "b", "kind": "own", "source": "from lora_utils import LoRALayer", "made": ["LoRALayer"]},
        {"id": "u", "kind": "graded", "source": "check(LoRALayer)", "made": ["LoRALayer"], "reads": ["LoRALayer"]},
        {"id": "v", "kind": "graded", "source": "check(other)", "made": ["LoRALayer"], "reads": ["other"]},
    ]
    assert borrowed_by_text(cells) == {"t": {}, "u": {"LoRALayer": ["LoRALayer"]}, "v": {}}


def test_only_names_that_the_lab_defines_are_asked_about():
    assert made_by_definition("number = 3\ndef f(): ...\nclass C: ...\nif f:\n    def g(): ...") == {"f", "C"}


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 5_000 + ")" * 5_000,
        "\0",
        "a" + ".b" * 200_000,
        "x = 1\n" * 100_000,
        "".join(f"if 1: x{n} = x{n - 1}\n" for n in range(1, 20_000)),
        "".join(f"def f{n}():\n global x{n}\n x{n} = 1\n" for n in range(10_000)),
        "LoRALayer = x0\n" + "".join(f"x{n} = [x{n + 1}, x{n + 1}]\n" for n in range(10_000)),
        "exec(" * 60 + "'exec(1)'" + ")" * 60,
        "".join(f"exec(a{n} + b)\n" for n in range(10_000)),
        "".join(f"def f{n}(x):\n exec(x + y)\nf{n}(z{n})\n" for n in range(5_000)),
        "x = x + 1\n" * 20_000,
    ],
    ids=["parentheses", "zero", "chain", "lines", "branches", "globals", "names", "exec", "texts", "runners", "again"],
)
def test_hostile_text_is_read_in_reasonable_time_and_raises_nothing(source):
    assert uses(source) == set()


def allowed(lab: str, source: str) -> tuple[str, ...]:
    """What the exercise of a graded cell lets an answer use."""
    call = next(n for n in ast.walk(parsed(source)) if isinstance(n, ast.Call) and ast.unparse(n.func)[:6] == "check.")
    setup = next(c.source for c in cells(lab) if grade_id(c) == "setup")
    imports = [n for n in ast.walk(parsed(setup)) if isinstance(n, ast.ImportFrom) and n.names[0].asname == "check"]
    module = importlib.import_module(f"{imports[0].module}.{imports[0].names[0].name}")
    return getattr(module, call.func.attr).allowed


def charged(lab: str, replaced: dict[str, str]) -> dict[str, set[str]]:
    """Exercises that the text would lose, with what is held against them."""
    wanted = set(answers(lab))
    made = sorted(set().union(*(made_by_definition(c.source) for c in cells(lab) if grade_id(c) in wanted)))
    orders = []
    for number, cell in enumerate(cells(lab)):
        graded = cell.metadata.get("nbgrader", {}).get("grade", False)
        source = replaced.get(grade_id(cell), cell.source)
        kind = "graded" if graded else "own"
        reads = used_names(source) if graded else []
        name = grade_id(cell) or str(number)
        orders.append({"id": name, "kind": kind, "source": source, "made": made, "reads": reads})
    texts = {one["id"]: one["source"] for one in orders}
    found = {}
    for name, by_name in borrowed_by_text(orders).items():
        names = set().union(*by_name.values()) - set(allowed(lab, texts[name])) if by_name else set()
        found |= {name: names} if names else {}
    return found


@pytest.mark.parametrize("lab", [lab for lab in LABS if lab != "10_quiz"])
def test_no_right_answer_and_no_solution_of_the_course_is_charged(lab):
    assert charged(lab, {}) == {}
    for exercise in answers(lab):
        for cell in jupytext.read(ROOT / "tests" / "catalogue" / lab / "right" / f"{exercise}.py").cells:
            if cell.cell_type == "code":
                assert charged(lab, {exercise: cell.source}) == {}, cell.metadata.get("title")
