# Ways to hand in the course's own class as an answer and to hide that from the notebook's check: one percent cell each.
#
# The class is right, so only where it comes from can be held against it. The first trick of each cell blinds the check
# that runs in the student's own process.

# %% blinded check
from lora_utils import LoRALayer
import lora_utils.checks.framework.origin as origin
def uses_of_package(*objects):
    return {"names": []}
uses_of_package.__module__ = origin.__name__
origin.uses_of_package = uses_of_package

# %% blinded helper
import lora_utils as l
LoRALayer = l.LoRALayer
import lora_utils.checks.framework.origin as origin
origin.is_ours = origin.is_module_of_ours = lambda item: False

# %% forged names
import lora_utils, lora_utils.checks.framework.origin as origin
class LoRALayer(lora_utils.LoRALayer):
    pass
def uses_of_package(*objects):
    return {"names": 5}
uses_of_package.__module__ = origin.__name__
origin.uses_of_package = uses_of_package

# %% check that raises
from lora_utils import LoRALayer
import lora_utils.checks.framework.origin as origin
def uses_of_package(*objects):
    raise RuntimeError("nothing to see")
uses_of_package.__module__ = origin.__name__
origin.uses_of_package = uses_of_package

# %% forged module
from lora_utils import LoRALayer
LoRALayer.__module__ = "__main__"

# %% thin wrapper of a wrapper
import lora_utils
def made(*sizes):
    return lora_utils.LoRALayer(*sizes)
def LoRALayer(in_dim, out_dim, rank, alpha):
    return made(in_dim, out_dim, rank, alpha)

# %% found by name at a distance
import importlib
package = importlib.import_module("lora_" + "utils")
LoRALayer = type("LoRALayer", (getattr(package, "LoRALayer"),), {"__module__": "__main__"})
import lora_utils.checks.framework.origin as origin
origin.uses_of_package = lambda *objects: {"names": []}

# %% bound again after the definition
class LoRALayer(nn.Module):
    pass
import lora_utils, lora_utils.checks.framework.origin as origin
globals()["LoRALayer"] = lora_utils.LoRALayer
origin.uses_of_package = lambda *objects: {"names": []}

# %% method of the reference
class LoRALayer(nn.Module):
    pass
import lora_utils, lora_utils.checks.framework.origin as origin
LoRALayer.__init__, LoRALayer.forward = lora_utils.LoRALayer.__init__, lora_utils.LoRALayer.forward
origin.uses_of_package = lambda *objects: {"names": []}

# %% patched checks of the notebook
from lora_utils import LoRALayer
from lora_utils.checks import Subject
import lora_utils.checks.framework.exercise as exercise
exercise.borrowed = lambda subject, allowed: []
Subject.probe, keep = (lambda self, f, **k: {"names": []} if f.__name__ == "uses_of_package" else keep(self, f, **k)), Subject.probe

# %% source run as text
import inspect, lora_utils.methods.lora
exec(inspect.getsource(lora_utils.methods.lora.LoRALayer))

# %% source with another name
import inspect
from lora_utils import LoRALayer as Reference
text = inspect.getsource(Reference)
text = text.replace("class LoRALayer", "class Mine")
exec(compile(text, "mine", "exec"))
LoRALayer = Mine

# %% file of the package run in a namespace
import lora_utils.methods.lora
with open(lora_utils.methods.lora.__file__) as file:
    text = file.read()
names = {"__name__": "mine"}
exec(text, names)
def LoRALayer(*sizes):
    make = names["LoRALayer"]
    return make(*sizes)

# %% function that runs the source of what it is given
import inspect, lora_utils
def again(thing):
    exec(inspect.getsource(thing), globals())
again(lora_utils.LoRALayer)

# %% code of the reference in functions of its own
import types, lora_utils
def made(function):
    return types.FunctionType(function.__code__, globals(), closure=function.__closure__)
class LoRALayer(nn.Module):
    pass
cell = (lambda: LoRALayer).__closure__
start, run = lora_utils.LoRALayer.__init__, made(lora_utils.LoRALayer.forward)
LoRALayer.forward = run
LoRALayer.__init__ = types.FunctionType(start.__code__, globals(), closure=(types.CellType(LoRALayer),))

# %% class made of the reference's parts
import lora_utils
parts = dict(vars(lora_utils.LoRALayer), __module__="__main__")
LoRALayer = type("LoRALayer", (nn.Module,), parts)
