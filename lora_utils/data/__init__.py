"""Real text from packages, and what turns it into numbers: corpora, tokens, vectors, batches.

On the ground floor.
"""

from lora_utils.data.assets import ASSETS as ASSETS
from lora_utils.data.assets import Asset as Asset
from lora_utils.data.assets import AssetError as AssetError
from lora_utils.data.assets import asset_path as asset_path
from lora_utils.data.assets import cache_dir as cache_dir
from lora_utils.data.assets import fetch as fetch
from lora_utils.data.batches import EncodedCorpus as EncodedCorpus
from lora_utils.data.batches import Examples as Examples
from lora_utils.data.batches import examples as examples
from lora_utils.data.batches import load as load
from lora_utils.data.corpora import Corpus as Corpus
from lora_utils.data.corpora import Split as Split
from lora_utils.data.corpora import imdb as imdb
from lora_utils.data.corpora import newsgroups as newsgroups
from lora_utils.data.corpora import rotten_tomatoes as rotten_tomatoes
from lora_utils.data.corpora import same_text as same_text
from lora_utils.data.corpora import trec as trec
from lora_utils.data.corpora import unique as unique
from lora_utils.data.download import Failure as Failure
from lora_utils.data.minilm_tokens import TokenBatch as TokenBatch
from lora_utils.data.minilm_tokens import encode_texts as encode_texts
from lora_utils.data.minilm_tokens import minilm_tokenizer as minilm_tokenizer
from lora_utils.data.progress_bar import progress as progress
from lora_utils.data.smollm2_tokens import END_OF_TURN as END_OF_TURN
from lora_utils.data.smollm2_tokens import chat as chat
from lora_utils.data.smollm2_tokens import read_tokenizer as read_tokenizer
from lora_utils.data.smollm2_tokens import smollm2_tokenizer as smollm2_tokenizer
from lora_utils.data.text import PAD_ID as PAD_ID
from lora_utils.data.text import Vocab as Vocab
from lora_utils.data.text import basic_english as basic_english
from lora_utils.data.text import build_vocab_from_iterator as build_vocab_from_iterator
from lora_utils.data.text import course_vocab as course_vocab
from lora_utils.data.text import encode as encode
from lora_utils.data.text import get_tokenizer as get_tokenizer
from lora_utils.data.text import own_build_vocab_from_iterator as own_build_vocab_from_iterator
from lora_utils.data.text import own_get_tokenizer as own_get_tokenizer
from lora_utils.data.text import pad_batch as pad_batch
from lora_utils.data.text import write_whole as write_whole
from lora_utils.data.vectors import course_vectors as course_vectors
from lora_utils.data.vectors import glove as glove
