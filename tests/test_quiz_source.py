"""The quiz itself: its key stays in the source, its questions betray nothing, and its numbers are true."""

import ast
import re
from functools import lru_cache

import in_process
import pytest
import torch
from in_process import ROOT, cells, grade_id, points, run, stub
from torch import nn

from grader.build.source import read_source
from grader.build.twins import student_twin
from lora_utils import LinearWithLoRA, LoRALayer, count_parameters
from lora_utils.quiz.questions import Question, shown_order

LAB = "10_quiz"
SOURCE = ROOT / "solutions" / LAB / f"{LAB}.py"
NAMES = ["", "Ada Lovelace", "ada lovelace ", "李小龙", "Łukasz Żółć", "s1234567", "O'Brien", '"', "x" * 500, "\\n"]
NAMES += [f"student {i}" for i in range(20)]


@lru_cache
def hidden() -> dict[str, str]:
    """The hidden region of each graded cell."""
    found = {}
    for cell in cells(LAB):
        region = re.search(r"### BEGIN HIDDEN TESTS\n(.*)### END HIDDEN TESTS", cell.source, re.DOTALL)
        if region:
            found[grade_id(cell).removeprefix("test-")] = region.group(1)
    return found


def called(text: str, name: str) -> list[ast.Call]:
    """Calls of check.NAME in a text."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == name]


@lru_cache
def keys() -> dict[str, dict[str, bool]]:
    """For each question with choices: whether each choice is right."""
    found = {}
    for question, text in hidden().items():
        for call in called(text, "mark"):
            names, verdicts = call.args[1].keys, call.args[1].values
            found[question] = {n.value: v.func.attr == "right" for n, v in zip(names, verdicts, strict=True)}
    return found


@lru_cache
def numbers() -> dict[str, float]:
    """For each question with a number: the key's."""
    calls = {question: called(text, "mark_number") for question, text in hidden().items()}
    return {q: eval(compile(ast.Expression(c[0].args[1]), q, "eval")) for q, c in calls.items() if c}


@lru_cache
def questions() -> dict[str, Question]:
    """The questions as the notebook makes them."""
    namespace = {"Question": Question, "STUDENT": ""}
    for cell in cells(LAB):
        if grade_id(cell).startswith("ask-"):
            exec(cell.source, namespace)
    return {q.id: q for q in namespace.values() if isinstance(q, Question)}


def strings(text: str) -> set[str]:
    """Sentences in a piece of code: the text that must not be found elsewhere."""
    constants = (node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant))
    return {c for c in constants if isinstance(c, str) and len(c) > 20}


def run_as(student: str, monkeypatch, replaced=None):
    """Run the quiz with a name typed in."""
    typed = [c.copy() for c in cells(LAB)]
    for cell in typed:
        cell.source = re.sub(r'^STUDENT = ""', lambda match: f"STUDENT = {student!r}", cell.source)
    assert typed != cells(LAB) or not student
    monkeypatch.setattr(in_process, "cells", lambda lab: typed)
    return run(LAB, replaced)


# ------------------------------------------------------------------------------------------------------ the whole
def test_the_quiz_has_its_size_and_says_so():
    worth = points(LAB)
    assert 15 <= len(worth) <= 25
    intro = read_source(SOURCE).cells[0].source
    assert f"{len(worth)} questions" in intro
    assert f"| {sum(worth.values()):g} | 80 %, which is {0.8 * sum(worth.values()):g} points |" in intro
    assert set(questions()) == set(hidden()) == set(keys()) | set(numbers())


@pytest.mark.parametrize("student", NAMES)
def test_the_solution_gets_full_marks_under_any_name(student, monkeypatch):
    outcome = run_as(student, monkeypatch)
    assert (outcome.errors, outcome.stderr) == ({}, "")
    assert outcome.grades == points(LAB)


def test_letters_copied_from_a_neighbor_do_not_pass(monkeypatch):
    ada = {id: shown_order("Ada", id, key) for id, key in keys().items()}
    copied = {
        id: f'answer_{id[1:3]} = "{"".join("abcdefgh"[i] for i, name in enumerate(ada[id]) if key[name])}"'
        for id, key in keys().items()
    }
    assert sum(run_as("Ada", monkeypatch, copied).grades.values()) == sum(points(LAB).values())
    for neighbor in ("Bob", "Cem", "Dana"):
        marks = run_as(neighbor, monkeypatch, copied).grades
        earned = sum(marks[f"test-{id}"] for id in keys())
        assert earned < 0.8 * sum(points(LAB)[f"test-{id}"] for id in keys())


def test_an_untouched_quiz_runs_through():
    outcome = run(LAB, stub(LAB))
    assert (outcome.errors, outcome.stderr) == ({}, "")
    assert all(re.fullmatch(r'answer_\d\d = (""|None)  # .*', text) for text in stub(LAB).values())


# ---------------------------------------------------------------------------------------------------- the secret
def test_neither_key_nor_reasons_are_in_what_students_get():
    secret = set().union(*(strings(text) for text in hidden().values()))
    assert len(secret) > 100
    twin = "\n".join(cell.source for cell in student_twin(read_source(SOURCE)).cells)
    assert "Which of these techniques does QLoRA combine" in twin  # it is the quiz, and complete
    places = {"the student twin": twin}
    for folder in ("lora_utils", "notebooks"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in (".py", ".ipynb", ".json", ".md", ".txt"):
                places[str(path)] = path.read_text(encoding="utf-8")
    for place, text in places.items():
        assert [s for s in secret if s in text or s.replace('"', '\\"') in text] == [], place
    assert "HIDDEN" not in twin
    assert not re.search(r"\.letters\(|check\.(right|wrong|mark)", twin)
    for name, value in numbers().items():
        assert not re.search(rf"answer_{name[1:3]} = {value}\b", twin)


# --------------------------------------------------------------------------------------------------- the questions
@pytest.mark.parametrize("id", sorted(keys()))
def test_key_and_question_agree_and_the_order_of_writing_tells_nothing(id):
    names = list(questions()[id].choices)
    assert set(names) == set(keys()[id])
    assert names == sorted(names)
    assert len(set(questions()[id].choices.values())) == len(names)
    right = sum(keys()[id].values())
    assert (right > 1) == questions()[id].several
    assert not re.search(r"right|wrong|true|false|correct", " ".join(names))


def test_the_right_choice_is_seldom_the_longest_or_the_shortest():
    single = [id for id in keys() if not questions()[id].several]
    longest = shortest = 0
    for id in single:
        lengths = {name: len(text) for name, text in questions()[id].choices.items()}
        right = next(name for name, is_right in keys()[id].items() if is_right)
        longest += lengths[right] == max(lengths.values())
        shortest += lengths[right] == min(lengths.values())
    assert longest <= len(single) / 3
    assert shortest <= len(single) / 2


def test_unnamed_readers_find_right_choices_under_every_letter():
    letters = [shown_order("", id, key).index(name) for id, key in keys().items() for name in key if key[name]]
    assert set(range(4)) <= set(letters)


def test_every_reason_is_a_sentence_and_every_question_says_where_to_read_again():
    for id, text in hidden().items():
        for call in called(text, "right") + called(text, "wrong"):
            assert re.match(r"[A-Zrdx(].*[.?]$", call.args[0].value, re.DOTALL), (id, call.args[0].value)
        [mark] = called(text, "mark") + called(text, "mark_number")
        assert "lab 0" in next(k.value.value for k in mark.keywords if k.arg == "read"), id


# ------------------------------------------------------------------------------------- the key, found another way
def test_the_memory_ledger_is_what_adam_holds():
    layer = nn.Linear(10, 100, bias=False)
    optimizer = torch.optim.Adam(layer.parameters())
    layer(torch.ones(10)).sum().backward()
    optimizer.step()
    held = [layer.weight, layer.weight.grad, *(t for t in optimizer.state[layer.weight].values() if t.numel() > 1)]
    assert numbers()["q07-memory-ledger"] == sum(t.nbytes for t in held) * 1000


def test_the_prefix_is_keys_and_values_of_every_layer():
    prefix = torch.zeros(6, 2, 10, 384)  # layer, key or value, position, width
    assert numbers()["q11-prefix-count"] == prefix.numel()


def test_the_lora_count_is_that_of_the_layer():
    assert numbers()["q12-lora-count"] == count_parameters(LoRALayer(50, 128, 2, 0.1)).trainable


def test_alpha_in_pefts_convention_gives_the_same_map():
    x, layer = torch.randn(3, 6), LoRALayer(6, 5, rank=8, alpha=2)
    nn.init.normal_(layer.B)
    peft = numbers()["q14-alpha-in-peft"] / 8 * nn.functional.linear(nn.functional.linear(x, layer.A.T), layer.B.T)
    torch.testing.assert_close(layer(x), peft)


def test_absmax_stores_that_integer():
    codes = torch.arange(-127, 128)
    values = codes / 127 * 0.8  # what each code is read back as
    assert numbers()["q16-absmax"] == codes[(values - 0.3).abs().argmin()]


def test_constants_cost_that_many_bits():
    weights = 64 * 256 * 5
    first, second = torch.zeros(weights // 64, dtype=torch.uint8), torch.zeros(weights // 64 // 256)
    bits = 8 * (first.nbytes + second.nbytes) / weights
    assert numbers()["q18-double-quantisation"] == pytest.approx(bits)


def test_what_holds_before_the_first_step():
    base, x = nn.Linear(7, 5), torch.randn(3, 7)
    before = base(x).detach()
    layer = LinearWithLoRA(base, rank=2, alpha=1)
    layer(x).square().sum().backward()
    held = {
        "a-gradient": bool((layer.lora.A.grad == 0).all()),
        "b-gradient": bool((layer.lora.B.grad != 0).any()),
        "base-gradient": base.weight.grad is not None,
        "output": torch.equal(layer(x), before),
    }
    nn.init.zeros_(layer.lora.A)
    layer.zero_grad()
    layer(x).square().sum().backward()
    held["both-zero"] = bool(any((p.grad != 0).any() for p in layer.lora.parameters()))
    assert held == keys()["q13-first-step"]


def test_what_holds_after_merging():
    layer, x = LinearWithLoRA(nn.Linear(7, 5), rank=2, alpha=0.7), torch.randn(3, 7)
    nn.init.normal_(layer.lora.B)
    weight, before = layer.linear.weight.clone(), layer(x).detach()
    with torch.no_grad():
        update = 0.7 * (layer.lora.A @ layer.lora.B).T
        merged = weight + update
    plain = nn.functional.linear(x, merged, layer.linear.bias)  # one product
    assert keys()["q15-merge"] == {
        "cost": torch.allclose(plain, before, atol=1e-5),
        "mixed": False,  # one weight serves every row of the batch
        "output": torch.allclose(plain, before, atol=1e-5),
        "smaller": merged.numel() < weight.numel(),
        "undo": torch.equal(merged - update, weight),
    }


def test_what_leaves_the_output_as_it_was():
    torch.manual_seed(0)
    attention, x = nn.MultiheadAttention(8, 2, batch_first=True).eval(), torch.randn(1, 5, 8)
    output = attention(x, x, x)[0].detach()
    prompt = torch.cat([torch.randn(1, 3, 8), x], dim=1)
    down, up = nn.Linear(8, 2), nn.Linear(2, 8)
    nn.init.zeros_(up.weight)
    nn.init.zeros_(up.bias)
    head, new_head = nn.Linear(8, 2), nn.Linear(8, 2)
    same = {
        "adapter": torch.equal(output + up(torch.relu(down(output))), output),
        "head": torch.allclose(head(output), new_head(output)),
        "ia3": torch.equal(output * torch.ones(8), output),
        "lora": torch.equal(output + LoRALayer(8, 8, 2, 1.0)(output), output),
        "prompt": torch.allclose(attention(prompt, prompt, prompt)[0][:, 3:], output),
    }
    assert same == keys()["q09-unchanged-start"]
