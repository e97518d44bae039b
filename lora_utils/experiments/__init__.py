"""What runs for minutes and ships its results.

May import methods, training and what lies below.
"""

from lora_utils.experiments.bag_of_words import fit_bag_of_words as fit_bag_of_words
from lora_utils.experiments.bag_of_words import majority_class as majority_class
from lora_utils.experiments.comparison_methods import METHODS as METHODS
from lora_utils.experiments.comparison_methods import build as build
from lora_utils.experiments.lora_versus_full import at_best_rate as at_best_rate
from lora_utils.experiments.lora_versus_full import shipped_places as shipped_places
from lora_utils.experiments.method_choice import best_rate as best_rate
from lora_utils.experiments.method_choice import choose_method as choose_method
from lora_utils.experiments.method_choice import paired_difference as paired_difference
from lora_utils.experiments.method_choice import pareto_front as pareto_front
from lora_utils.experiments.method_comparison import BATCH as BATCH
from lora_utils.experiments.method_comparison import EPOCHS as EPOCHS
from lora_utils.experiments.method_comparison import LENGTH as LENGTH
from lora_utils.experiments.method_comparison import TRAIN as TRAIN
from lora_utils.experiments.method_comparison import shipped_comparison as shipped_comparison
from lora_utils.experiments.prompting import CONTENT_FREE as CONTENT_FREE
from lora_utils.experiments.prompting import accuracy_of as accuracy_of
from lora_utils.experiments.prompting import calibrated as calibrated
from lora_utils.experiments.prompting import fit_threshold as fit_threshold
from lora_utils.experiments.prompting import label_scores as label_scores
from lora_utils.experiments.prompting import prompt_of as prompt_of
from lora_utils.experiments.qlora_reviews import ASKED as ASKED
from lora_utils.experiments.qlora_reviews import FITTED as FITTED
from lora_utils.experiments.qlora_reviews import FLOATS as FLOATS
from lora_utils.experiments.qlora_reviews import FOUR_BITS as FOUR_BITS
from lora_utils.experiments.qlora_reviews import TEST_TOKENS as TEST_TOKENS
from lora_utils.experiments.qlora_reviews import TRAINED as TRAINED
from lora_utils.experiments.qlora_reviews import ZERO_SHOT as ZERO_SHOT
from lora_utils.experiments.qlora_reviews import best_runs as best_runs
from lora_utils.experiments.qlora_reviews import paired as paired
from lora_utils.experiments.qlora_reviews import shipped_reviews as shipped_reviews
from lora_utils.experiments.rate_sweep import sweep_rates as sweep_rates
from lora_utils.experiments.review_task import LABELS as LABELS
from lora_utils.experiments.review_task import adapted as adapted
from lora_utils.experiments.review_task import batch_of as batch_of
from lora_utils.experiments.review_task import fit as fit
from lora_utils.experiments.review_task import short as short
from lora_utils.experiments.transfer import mean_vectors as mean_vectors
from lora_utils.experiments.transfer import transfer_classifier as transfer_classifier
