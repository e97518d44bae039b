"""What is adapted: a text classifier, a sentence encoder, a language model, and their weights.

May import data and quantization.
"""

from lora_utils.models.classifier import TextClassifier as TextClassifier
from lora_utils.models.decoder import Cache as Cache
from lora_utils.models.decoder import Decoder as Decoder
from lora_utils.models.decoder import DecoderBlock as DecoderBlock
from lora_utils.models.decoder import GroupedAttention as GroupedAttention
from lora_utils.models.decoder import RMSNorm as RMSNorm
from lora_utils.models.decoder import SwiGLU as SwiGLU
from lora_utils.models.decoder import rotary_angles as rotary_angles
from lora_utils.models.decoder import rotate as rotate
from lora_utils.models.generation import generate as generate
from lora_utils.models.generation import generate_ids as generate_ids
from lora_utils.models.minilm import PLACES as PLACES
from lora_utils.models.minilm import EncoderBlock as EncoderBlock
from lora_utils.models.minilm import FeedForward as FeedForward
from lora_utils.models.minilm import MiniLM as MiniLM
from lora_utils.models.minilm import SelfAttention as SelfAttention
from lora_utils.models.minilm import from_bert as from_bert
from lora_utils.models.minilm import load_minilm as load_minilm
from lora_utils.models.minilm import mean_pool as mean_pool
from lora_utils.models.sentence_classifier import SentenceClassifier as SentenceClassifier
from lora_utils.models.sentence_classifier import load_sentence_classifier as load_sentence_classifier
from lora_utils.models.sentence_classifier import trim as trim
from lora_utils.models.smollm2 import from_gguf_name as from_gguf_name
from lora_utils.models.smollm2 import load_smollm2 as load_smollm2
from lora_utils.models.smollm2 import read_decoder as read_decoder
from lora_utils.models.upper_blocks import UpperBlocks as UpperBlocks
from lora_utils.models.upper_blocks import below as below
from lora_utils.models.weights import SHIPPED as SHIPPED
from lora_utils.models.weights import WeightsError as WeightsError
from lora_utils.models.weights import load_weights as load_weights
from lora_utils.models.weights import newsgroups_weights as newsgroups_weights
