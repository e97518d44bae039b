"""Parameter-efficient fine-tuning by hand: the methods, data, training and checks that the course's labs share."""

from lora_utils.methods.adapter_file import adapter_state as adapter_state
from lora_utils.methods.adapter_file import load_adapter as load_adapter
from lora_utils.methods.adapter_file import save_adapter as save_adapter
from lora_utils.methods.inject import inject_lora as inject_lora
from lora_utils.methods.inject import merge_lora as merge_lora
from lora_utils.methods.inject import unmerge_lora as unmerge_lora
from lora_utils.methods.linear_with_lora import LinearWithLoRA as LinearWithLoRA
from lora_utils.methods.lora import LoRALayer as LoRALayer
from lora_utils.models.classifier import TextClassifier as TextClassifier
from lora_utils.models.weights import load_weights as load_weights
from lora_utils.models.weights import newsgroups_weights as newsgroups_weights
from lora_utils.training.evaluate import accuracy as accuracy
from lora_utils.training.measured_memory import training_memory as training_memory
from lora_utils.training.parameters import count_parameters as count_parameters
from lora_utils.training.parameters import freeze as freeze
from lora_utils.training.parameters import trainable_names as trainable_names
from lora_utils.training.parameters import unfreeze as unfreeze
from lora_utils.training.seeds import seed_everything as seed_everything
from lora_utils.training.significance import mean_and_spread as mean_and_spread
