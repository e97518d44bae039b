"""IPython's shell as a submission has it: no terminal, history or configuration, and figures as in the notebook.

Magics, rich output and `display` work. `%matplotlib` with any name means inline: a figure is shown once, by
`plt.show()` or at the end of its cell, and closed. A command after `!` runs without the pseudo-terminal that IPython
would give it, because the sandbox has none.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys

from grader.student.output_record import Record

PLAIN = ("text/plain", "image/png")  # the only kinds that a page could show, so nothing else is made
record = Record()  # of the submission that this process runs; `student_side.serve` sets the one that counts


def start_record(new: Record) -> None:
    """Let this record have what cells print and show from now on."""
    global record
    record = new
    sys.stdout = sys.stderr = new


_shell = None


def make_shell():
    """Return the shell, made once, before the fork."""
    global _shell
    if _shell is None:
        _shell = _new_shell()
        _shell.enable_matplotlib()
        _draw_once()
    return _shell


def _new_shell():
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher
    from IPython.core.formatters import DisplayFormatter
    from IPython.core.interactiveshell import InteractiveShell
    from matplotlib import pyplot
    from matplotlib.figure import Figure
    from traitlets.config import Config

    class Formatter(DisplayFormatter):
        def format(self, obj, include=None, exclude=None):
            if not isinstance(obj, Figure):
                return super().format(obj, PLAIN, exclude)
            if not (obj.axes or obj.lines):
                return {}, {}  # IPython shows no empty figure either
            with record.drawing(obj) as possible:
                made = super().format(obj, PLAIN[1:], exclude) if possible else ({}, {})
            if not made[0]:
                record.left_out += record.kept
            return made

    class Shown(DisplayPublisher):
        def publish(self, data, metadata=None, *, update=False, **more):
            record.show(data, update)

        def clear_output(self, wait=False):
            record.clear()

    class Value(DisplayHook):
        def __call__(self, result=None):
            if result is not None and not self.quiet():
                data, _ = self.compute_format_data(result)
                record.show(data)
                self.update_user_ns(result)

    class Shell(InteractiveShell):
        def showtraceback(self, *args, **more):
            pass

        def showsyntaxerror(self, *args, **more):
            pass

        def init_io(self):
            pass

        def _tee(self, channel):  # IPython 9 keeps a copy of every output in its history
            return contextlib.nullcontext()

        def init_display_formatter(self):
            self.display_formatter = Formatter(parent=self)
            self.configurables.append(self.display_formatter)

        def enable_gui(self, gui=None):
            pass

        def enable_matplotlib(self, gui=None):
            found = super().enable_matplotlib("inline")
            pyplot.uninstall_repl_displayhook()  # it draws what nobody looks at, before figures are shown and closed
            return found

        def system_piped(self, cmd):
            if cmd.rstrip().endswith("&"):
                raise OSError("Background processes not supported.")  # as IPython says it
            self.user_ns["_exit_code"] = _run_command(self.var_expand(cmd, depth=1))

        system = system_piped

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    return Shell.instance(config=config, display_pub_class=Shown, displayhook_class=Value)


def _run_command(command: str) -> int:
    """Run a shell command, print what it says while it says it, and return its exit code."""
    try:
        with subprocess.Popen(
            command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as child:
            while part := child.stdout.read1(65_536):
                sys.stdout.write(part.decode(errors="replace"))
        return child.returncode
    except OSError as error:  # no shell, or no process left to have
        sys.stdout.write(f"{error}\n")
        return 127


def _draw_once() -> None:
    """Draw a small figure, so that no fork pays for what the first one imports and caches."""
    import io

    from matplotlib.figure import Figure

    figure = Figure(figsize=(1, 1))
    figure.subplots().set_title("a")
    figure.savefig(io.BytesIO(), format="png", bbox_inches="tight")
