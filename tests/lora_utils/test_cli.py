"""The command line: lists, fetches, and its exit codes."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from lora_utils import cli
from lora_utils.cli import app
from lora_utils.data.assets import ASSETS, AssetError
from lora_utils.experiments import pretraining as pretrain


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_the_list_names_every_asset(cache):
    result = run("assets")
    assert result.exit_code == 0
    assert all(name in result.stdout for name in ASSETS)
    assert "yes" not in result.stdout  # nothing is in an empty cache


def test_the_list_as_json(cache):
    asset = ASSETS["trec"]
    asset.folder.mkdir(parents=True)
    asset.files[0].write_text("")
    listed = json.loads(run("assets", "--json").stdout)
    assert listed["cache"] == str(cache)
    assert {row["name"]: row["cached"] for row in listed["assets"]} == {name: name == "trec" for name in ASSETS}
    assert listed["assets"][0]["sha256"] == ASSETS["reviews"].sha256


def test_fetch_takes_the_named_ones_or_all(monkeypatch):
    fetched = []
    monkeypatch.setattr(cli, "fetch", lambda name: fetched.append(name) or f"/cache/{name}")
    result = run("assets", "fetch", "glove", "trec")
    assert (result.exit_code, result.stdout) == (0, "glove: /cache/glove\ntrec: /cache/trec\n")
    run("assets", "fetch")
    assert fetched == ["glove", "trec", *ASSETS]


def test_a_failure_is_one_sentence_and_the_others_are_still_fetched(monkeypatch):
    def fetch(name):
        if name == "glove":
            raise AssetError("No network.")
        return name

    monkeypatch.setattr(cli, "fetch", fetch)
    result = run("assets", "fetch", "glove", "trec")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "trec: trec\n", "No network.\n")


def test_an_unknown_name(monkeypatch):
    monkeypatch.setattr(cli, "fetch", None)
    result = run("assets", "fetch", "trec", "imbd")
    assert result.exit_code == 2
    assert result.stderr.startswith("There is no asset 'imbd'. Choose from reviews, ")


def test_pretrain_prints_what_it_made(monkeypatch):
    fields = dict.fromkeys(pretrain.Pretrained.__dataclass_fields__, 0)
    monkeypatch.setattr(pretrain, "pretrain", lambda: replace(pretrain.Pretrained(**fields), test_accuracy=0.5))
    result = run("pretrain")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["test_accuracy"] == 0.5


def test_pretrain_without_assets(monkeypatch):
    def fail():
        raise AssetError("No network.")

    monkeypatch.setattr(pretrain, "pretrain", fail)
    result = run("pretrain")
    assert (result.exit_code, result.stderr) == (1, "No network.\n")


@pytest.mark.parametrize("arguments", [("--help",), ("assets", "--help"), ("assets", "fetch", "--help")])
def test_help(arguments):
    assert run(*arguments).exit_code == 0


def test_a_schematic_is_written_as_a_file(tmp_path):
    out = tmp_path / "new" / "nf4.svg"
    result = run("schematic", "nf4_levels", "--out", str(out))
    assert (result.exit_code, result.output) == (0, f"wrote {out}\n")
    assert ElementTree.parse(out).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_a_schematic_that_there_is_not_writes_nothing(tmp_path):
    result = run("schematic", "nf5", "--out", str(tmp_path / "a.svg"))
    assert result.exit_code == 2
    assert "name must be one of " in result.output
    assert list(tmp_path.iterdir()) == []
