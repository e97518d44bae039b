"""Schematics: what a method puts where, with which shapes, drawn from the modules themselves as SVG.

Imports methods, models, quantization, training and plots, each drawing what it draws; nothing above.
"""

from lora_utils.schematics.drawing import Drawing as Drawing
from lora_utils.schematics.gallery import SCHEMATICS as SCHEMATICS
from lora_utils.schematics.gallery import schematic as schematic
