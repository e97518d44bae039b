"""How models are trained and measured: steps, accuracy, memory, forgetting.

May import models and what lies below.
"""

from lora_utils.training.evaluate import accuracy as accuracy
from lora_utils.training.gpu_memory import ALPACA as ALPACA
from lora_utils.training.gpu_memory import CONTEXT as CONTEXT
from lora_utils.training.gpu_memory import MEASURED as MEASURED
from lora_utils.training.gpu_memory import METHODS as METHODS
from lora_utils.training.gpu_memory import MODELS as MODELS
from lora_utils.training.gpu_memory import ModelSizes as ModelSizes
from lora_utils.training.gpu_memory import StepBytes as StepBytes
from lora_utils.training.gpu_memory import smallest_gpu as smallest_gpu
from lora_utils.training.gpu_memory import step_bytes as step_bytes
from lora_utils.training.instruction_tuning import InstructionBatch as InstructionBatch
from lora_utils.training.instruction_tuning import answer_loss as answer_loss
from lora_utils.training.instruction_tuning import instruction_batch as instruction_batch
from lora_utils.training.measured_memory import TrainingMemory as TrainingMemory
from lora_utils.training.measured_memory import training_memory as training_memory
from lora_utils.training.memory_ledger import parameter_memory as parameter_memory
from lora_utils.training.memory_ledger import predicted_memory as predicted_memory
from lora_utils.training.nearest_neighbors import head_inputs as head_inputs
from lora_utils.training.nearest_neighbors import nearest_neighbor_accuracy as nearest_neighbor_accuracy
from lora_utils.training.parameters import ParameterCount as ParameterCount
from lora_utils.training.parameters import count_parameters as count_parameters
from lora_utils.training.parameters import freeze as freeze
from lora_utils.training.parameters import trainable_names as trainable_names
from lora_utils.training.parameters import unfreeze as unfreeze
from lora_utils.training.second_task import forgetting as forgetting
from lora_utils.training.second_task import old_head as old_head
from lora_utils.training.seeds import seed_everything as seed_everything
from lora_utils.training.significance import mean_and_spread as mean_and_spread
from lora_utils.training.significance import sign_test as sign_test
from lora_utils.training.training_loop import History as History
from lora_utils.training.training_loop import train as train
