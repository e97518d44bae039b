"""What handing in late costs: a plugin of nbgrader's, chosen and set up in nbgrader_config.py as nbgrader documents it.

The course's own follows course.toml, see `LatePenalty`; another may take its place.
"""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

from jupyter_core.application import JupyterApp
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from grader.text.safe_names import one_line

CONFIG = "nbgrader_config"


class LateRulesError(RuntimeError):
    """The course's late rules cannot be read; the message is one sentence."""


class LateRules:
    """nbgrader's late rules; called, it says what lateness costs.

    Args:
        config: as in nbgrader_config.py; default: nbgrader's defaults, by which lateness costs nothing.

    Raises:
        LateRulesError: the plugin cannot be made.
    """

    def __init__(self, config: Config | None = None) -> None:
        try:
            self._nbgrader = AssignLatePenalties(config=config or Config())
            self._nbgrader.init_plugin()
        except Exception as error:
            raise LateRulesError(
                f"the late rules of {CONFIG}.py cannot be used ({_said(error)}); mend them."
            ) from error
        self.fault = ""  # what the plugin raised, if it did

    @property
    def said(self) -> str:
        """The plugin and how it is set up, in words: as nbgrader's configuration names them."""
        plugin = self._nbgrader.plugin_inst
        settings = (f"{name}={getattr(plugin, name):g}" if isinstance(getattr(plugin, name), float)
                    else f"{name}={getattr(plugin, name)}" for name in sorted(plugin.traits(config=True)))  # fmt: skip
        return f"{type(plugin).__name__}({', '.join(settings)})"

    @classmethod
    def of_course(cls, root: Path) -> LateRules:
        """Return the rules of a course: those of the account's Jupyter folders, then of the course's folder.

        Raises:
            LateRulesError: its nbgrader_config.py or the plugin cannot be used.
        """
        app = JupyterApp(config_file_name=CONFIG, raise_config_file_errors=True)
        try:
            app.load_config_file()
            if (root / f"{CONFIG}.py").is_file():
                super(JupyterApp, app).load_config_file(f"{CONFIG}.py", path=str(root))
            rules = app.config.AssignLatePenalties
            if isinstance(rules.get("plugin_class"), str):
                rules.plugin_class = _from_folder(root, rules.plugin_class)
        except Exception as error:
            raise LateRulesError(f"{root / CONFIG}.py cannot be read ({_said(error)}); mend it.") from error
        return cls(app.config)

    def __call__(self, student: str, graded, seconds: float) -> float | None:
        """Return the points that lateness takes from a notebook, from 0 to its score; None for no penalty.

        A plugin that raises takes nothing, since nobody may lose points by a fault of it; `fault` says what it raised.

        Args:
            student: whose it is.
            graded: has `score`, the points before the penalty.
            seconds: how late it was; 0 for in time.
        """
        if seconds <= 0:
            return None
        try:
            penalty = self._nbgrader.plugin_inst.late_submission_penalty(student, graded.score, seconds)
            if penalty is None:
                return None
            if not math.isfinite(penalty):
                raise ValueError(f"a penalty of {penalty!r}")
            return float(self._nbgrader._check_late_penalty(graded, penalty))
        except Exception as error:
            self.fault = f"{type(self._nbgrader.plugin_inst).__name__} raised {_said(error)}"
            return None


def _from_folder(root: Path, name: str) -> object:
    """Return a class of a module that lies in a folder, or its name where the module is to be found elsewhere."""
    module, _, attribute = name.rpartition(".")
    path = root / f"{module.replace('.', '/')}.py"
    if not path.is_file():
        return name
    spec = importlib.util.spec_from_file_location(module, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return getattr(loaded, attribute)


def _said(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}".strip().split("\n")[0])
