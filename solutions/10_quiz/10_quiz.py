# %% [markdown]
# # 10 Quiz: the whole course in twenty-five questions
#
# 25 questions on labs 01 to 09, from prompting to QLoRA and the comparison of all methods; lab 11 is not asked. The first five are the short quiz that the course grew from.
#
# | points | pass mark | time | attempts |
# | --- | --- | --- | --- |
# | {{ points }} | {{ pass_mark }}, which is {{ pass_points }} points | 40 min | {{ attempts }} |
#
# Choose *Run > Run All Cells* now: the questions appear, and nothing counts yet.
#
# **Answering.** Under each question stands a cell with a name such as `answer_01`. Type your answer there and run it and the check below it.
#
# * One choice is right: its letter, `answer_02 = "b"`. It earns all points or none.
# * Two or more choices are right: their letters, `answer_01 = "bd"`. Each choice is judged on its own: you earn an equal part of the
#   points for each right one that you choose and each wrong one that you leave out. Choosing everything, or nothing, earns 0.
# * A number: `answer_07 = 1_000`, or a calculation, `answer_07 = 10 * 100`. It counts within the tolerance that the question states.
#
# The check tells you whether your answer can be read, not whether it is right. That is decided when you hand in: your feedback then gives
# the reason for every choice of each question you answered, and the grade of your latest attempt beside the one that counts.
#
# The reasons end with what to read: a lab of the course and, nearly always, a section of a paper. If your copy of the
# course does not hold that lab, the paper has the answer too.

# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
from lora_utils.checks import lab_10_quiz as check
from lora_utils.checks.lab_10_quiz import overview
from lora_utils.quiz import Question

# %% [markdown]
# ## Your name
#
# The order of the choices depends on your name, so that "b" means something else for your neighbour. Type it **before** you answer, then run all cells again.
# If you change it later, the letters move, and what you have typed means something else. Capitals make no difference, and neither
# do spaces before or after the name, or two instead of one.

# %%
STUDENT = ""  # your name or student number, between the quotes

# %% [markdown]
# ## Methods
#
# Which method does what, and what it adds to a model.

# %% [markdown]
# ### Question 1: what QLoRA combines
#
# {{ points of q01-qlora-techniques }}; two or more choices are right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q01-qlora-techniques", "locked": true, "schema_version": 3, "solution": false, "task": false}
q01 = Question(
    "q01-qlora-techniques",
    STUDENT,
    "Which of these techniques does QLoRA combine when it fine-tunes a large language model?",
    {
        "few-shot": "few-shot inference",
        "four-bit": "4-bit quantisation",
        "lora": "LoRA adaptation",
        "zero-shot": "zero-shot inference",
    },
    several=True,
)
q01

# %% nbgrader={"grade": false, "grade_id": "q01-qlora-techniques", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_01 = ""  # letters between the quotes, without a comma
### BEGIN SOLUTION
answer_01 = q01.letters("four-bit", "lora")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q01-qlora-techniques", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
q01_qlora_techniques_grade = check.choose_several("q01-qlora-techniques")(q01, answer_01, points=0, of=2)
### BEGIN HIDDEN TESTS
q01_qlora_techniques_grade = check.mark(
    q01_qlora_techniques_grade,
    {
        "few-shot": check.wrong(
            "Few-shot inference puts solved examples into the prompt and trains nothing; QLoRA trains."
        ),
        "four-bit": check.right(
            "The frozen base weights are stored in 4 bits and turned back into 16-bit numbers whenever a product "
            "needs them: memory falls, and the product itself is computed in the wider type."
        ),
        "lora": check.right(
            "Low-rank matrices are the only trained weights, in 16 bits in the paper and in 32 in lab 08; gradients "
            "reach them through the frozen 4-bit weights. The paper adds double quantisation and paged optimisers."
        ),
        "zero-shot": check.wrong("Zero-shot inference asks the model as it is, without examples and without training."),
    },
    points=2,
    read="lab 08_qlora; Dettmers et al. 2023, QLoRA, arXiv 2305.14314, section 3",
)
### END HIDDEN TESTS
q01_qlora_techniques_grade

# %% [markdown]
# ### Question 2: low-rank matrices
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q02-low-rank-technique", "locked": true, "schema_version": 3, "solution": false, "task": false}
q02 = Question(
    "q02-low-rank-technique",
    STUDENT,
    "Which technique cuts the number of trainable parameters by adding low-rank matrices to a model's weights?",
    {
        "additive": "additive fine-tuning with adapter modules",
        "full": "full fine-tuning of all weights",
        "lora": "LoRA, a reparameterisation method",
        "soft-prompts": "soft prompts in front of the input",
    },
)
q02

# %% nbgrader={"grade": false, "grade_id": "q02-low-rank-technique", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_02 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_02 = q02.letters("lora")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q02-low-rank-technique", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q02_low_rank_technique_grade = check.choose_one("q02-low-rank-technique")(q02, answer_02, points=0, of=1)
### BEGIN HIDDEN TESTS
q02_low_rank_technique_grade = check.mark(
    q02_low_rank_technique_grade,
    {
        "additive": check.wrong(
            "Adapters are new modules with a nonlinearity inside, put between the existing layers; they do not "
            "change a weight matrix by a low-rank one (Houlsby et al. 2019, arXiv 1902.00751, section 2)."
        ),
        "full": check.wrong("It trains every weight of the model, so it cuts nothing."),
        "lora": check.right(
            "It writes the change of a weight matrix as the product of two thin matrices and trains only these: "
            "r*(d+k) numbers instead of d*k."
        ),
        "soft-prompts": check.wrong(
            "Soft prompts are trained vectors in front of the embedded input; the weights get no addition (Lester "
            "et al. 2021, arXiv 2104.08691, section 2)."
        ),
    },
    points=1,
    read="lab 05_lora_layer; Hu et al. 2021, LoRA, arXiv 2106.09685, section 4.1",
)
### END HIDDEN TESTS
q02_low_rank_technique_grade

# %% [markdown]
# ### Question 3: what is added
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q03-parameter-efficiency", "locked": true, "schema_version": 3, "solution": false, "task": false}
q03 = Question(
    "q03-parameter-efficiency",
    STUDENT,
    (
        "A pretrained model is adapted by adding low-rank matrices to its linear layers. What does this do to its "
        "parameters?"
    ),
    {
        "beside": "A small number of trainable parameters is added beside the existing weights.",
        "large": "Matrices as large as the existing weights are added and trained together with them.",
        "replace": "The existing weights are replaced by smaller matrices, so that the model shrinks.",
        "same": "The number of trainable parameters stays what it was; only their arrangement changes.",
    },
)
q03

# %% nbgrader={"grade": false, "grade_id": "q03-parameter-efficiency", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_03 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_03 = q03.letters("beside")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q03-parameter-efficiency", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q03_parameter_efficiency_grade = check.choose_one("q03-parameter-efficiency")(q03, answer_03, points=0, of=1)
### BEGIN HIDDEN TESTS
q03_parameter_efficiency_grade = check.mark(
    q03_parameter_efficiency_grade,
    {
        "beside": check.right(
            "The existing weights stay, frozen, and r*(d+k) numbers a layer are trained beside them: the adapted "
            "model is slightly larger, its training far cheaper."
        ),
        "large": check.wrong(
            "The product A B has the size of the weight, but only its thin factors A and B are stored and trained."
        ),
        "replace": check.wrong("Nothing is replaced: the output is the sum of the frozen layer and the low-rank path."),
        "same": check.wrong(
            "The d*k weights of each adapted layer are frozen; r*(d+k) numbers are trained instead, and r is chosen "
            "small to make that far fewer."
        ),
    },
    points=1,
    read="lab 05_lora_layer; Hu et al. 2021, LoRA, arXiv 2106.09685, section 4.1",
)
### END HIDDEN TESTS
q03_parameter_efficiency_grade

# %% [markdown]
# ### Question 4: code that keeps the linear layer
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q04-keeps-the-linear-layer", "locked": true, "schema_version": 3, "solution": false, "task": false}
q04 = Question(
    "q04-keeps-the-linear-layer",
    STUDENT,
    "Which snippet is the code that stores the original linear layer and creates a `LoRALayer` beside it?",
    {
        "adapt": """
            ```python
            model.fc2 = nn.Linear(128, 2, bias=True)
            model.fc1 = LinearWithLoRA(model.fc1, rank=2, alpha=0.1)
            ```
        """,
        "bare": """
            ```python
            class LoRALayer(nn.Module):
                def __init__(self, in_dim, out_dim, rank, alpha):
                    super().__init__()
                    self.alpha = alpha
                    self.A = nn.Parameter(torch.randn(in_dim, rank) / math.sqrt(rank))
                    self.B = nn.Parameter(torch.zeros(rank, out_dim))

                def forward(self, x):
                    return self.alpha * (x @ self.A @ self.B)
            ```
        """,
        "load": """
            ```python
            model = TextClassifier(num_classes=4, freeze=False)
            buffer = io.BytesIO(urlopen(url).read())
            model.load_state_dict(safetensors.torch.load(buffer.read()))
            ```
        """,
        "wrap": """
            ```python
            class LinearWithLoRA(nn.Module):
                def __init__(self, linear, rank, alpha):
                    super().__init__()
                    self.linear = linear
                    self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)

                def forward(self, x):
                    return self.linear(x) + self.lora(x)
            ```
        """,
    },
)
q04

# %% nbgrader={"grade": false, "grade_id": "q04-keeps-the-linear-layer", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_04 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_04 = q04.letters("wrap")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q04-keeps-the-linear-layer", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q04_keeps_the_linear_layer_grade = check.choose_one("q04-keeps-the-linear-layer")(q04, answer_04, points=0, of=1)
### BEGIN HIDDEN TESTS
q04_keeps_the_linear_layer_grade = check.mark(
    q04_keeps_the_linear_layer_grade,
    {
        "adapt": check.wrong(
            "This calls such code: it puts a new output layer and a wrapped fc1 into a model. What stores the layer "
            "and creates the LoRALayer is the class that it calls."
        ),
        "bare": check.wrong("This is the low-rank path alone: it holds A and B and knows of no linear layer."),
        "load": check.wrong(
            "This builds the classifier and fills it with pretrained weights that were fetched into a buffer; "
            "nothing is adapted yet."
        ),
        "wrap": check.right(
            "It stores the layer it is given as self.linear, builds a LoRALayer of the same sizes, and returns the "
            "sum of both outputs."
        ),
    },
    points=1,
    read="lab 06_linear_with_lora; Hu et al. 2021, LoRA, arXiv 2106.09685, section 4.1",
)
### END HIDDEN TESTS
q04_keeps_the_linear_layer_grade

# %% [markdown]
# ### Question 5: counting a weight matrix
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q05-parameters-of-w0", "locked": true, "schema_version": 3, "solution": false, "task": false}
q05 = Question(
    "q05-parameters-of-w0",
    STUDENT,
    (
        "A layer without bias computes h(x) = x W0. Its weight matrix W0 has d rows and k columns, where d is the size "
        "of the input x, a row, and k the size of the output. How many parameters does W0 have?"
    ),
    {
        "dk": "`d * k`",
        "dw": "`d * W0`",
        "dx": "`d * x`",
        "kx": "`k * x`",
    },
)
q05

# %% nbgrader={"grade": false, "grade_id": "q05-parameters-of-w0", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_05 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_05 = q05.letters("dk")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q05-parameters-of-w0", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q05_parameters_of_w0_grade = check.choose_one("q05-parameters-of-w0")(q05, answer_05, points=0, of=1)
### BEGIN HIDDEN TESTS
q05_parameters_of_w0_grade = check.mark(
    q05_parameters_of_w0_grade,
    {
        "dk": check.right("d rows of k numbers each. Its LoRA pair of rank r has r*(d+k)."),
        "dw": check.wrong(
            "W0 is the whole matrix: d * W0 is that matrix with every entry multiplied by d, not a count."
        ),
        "dx": check.wrong(
            "x is an input, so this is a multiple of that input; the number of parameters does not depend on the input."
        ),
        "kx": check.wrong(
            "x is an input, so this is a multiple of that input; the number of parameters does not depend on the input."
        ),
    },
    points=1,
    read="lab 05_lora_layer; Hu et al. 2021, LoRA, arXiv 2106.09685, section 4.1, where d is the output: h = W0 x",
)
### END HIDDEN TESTS
q05_parameters_of_w0_grade

# %% [markdown]
# ## Baselines, full fine-tuning and memory
#
# What training costs, and what works without any.

# %% [markdown]
# ### Question 6: examples in the prompt
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q06-few-shot", "locked": true, "schema_version": 3, "solution": false, "task": false}
q06 = Question(
    "q06-few-shot",
    STUDENT,
    (
        "To classify a film review with a pretrained language model, you write four reviews with their labels into "
        "the prompt, then the new review. What happens to the model's parameters?"
    ),
    {
        "all": "All of them take one gradient step on the four reviews.",
        "head": "Those of the last layer are fitted to the four labels.",
        "none": "None of them changes; the examples are part of the input only.",
        "prompt": "The embeddings of the prompt's tokens are trained, the others stay.",
    },
)
q06

# %% nbgrader={"grade": false, "grade_id": "q06-few-shot", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_06 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_06 = q06.letters("none")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q06-few-shot", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q06_few_shot_grade = check.choose_one("q06-few-shot")(q06, answer_06, points=0, of=1)
### BEGIN HIDDEN TESTS
q06_few_shot_grade = check.mark(
    q06_few_shot_grade,
    {
        "all": check.wrong("No loss is computed and no gradient either; the model only reads."),
        "head": check.wrong(
            "That would be training a head, which needs a loss and an optimiser; the prompt is only read."
        ),
        "none": check.right(
            "Few-shot prompting conditions the model on examples without any update of weights. This makes it a "
            "baseline: what does training add to it? Activations change with the prompt, parameters do not."
        ),
        "prompt": check.wrong(
            "That would be close to prompt tuning, which trains vectors in front of the text by gradient descent; a "
            "written prompt is looked up, not trained."
        ),
    },
    points=1,
    read="lab 01_baselines; Brown et al. 2020, arXiv 2005.14165, section 2",
)
### END HIDDEN TESTS
q06_few_shot_grade

# %% [markdown]
# ### Question 7: bytes of full fine-tuning
#
# 1 point; a number.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q07-memory-ledger", "locked": true, "schema_version": 3, "solution": false, "task": false}
q07 = Question(
    "q07-memory-ledger",
    STUDENT,
    (
        "A model of 1,000,000 parameters is trained in full, with everything in 32-bit floating point, by Adam. How "
        "many bytes do the weights, their gradients and Adam's two running averages take together? Leave out the "
        "activations.\n\n"
        "Give the exact number, in bytes."
    ),
)
q07

# %% nbgrader={"grade": false, "grade_id": "q07-memory-ledger", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_07 = None  # a number in the place of None
### BEGIN SOLUTION
answer_07 = 4 * 4 * 10**6
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q07-memory-ledger", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q07_memory_ledger_grade = check.number("q07-memory-ledger")(q07, answer_07, points=0, of=1)
### BEGIN HIDDEN TESTS
q07_memory_ledger_grade = check.mark_number(
    q07_memory_ledger_grade,
    16_000_000,
    within=0,
    why=(
        "Each parameter needs four numbers of 4 bytes: the weight, its gradient, and Adam's averages of the "
        "gradient and of its square; 16 bytes, a million times."
    ),
    read="lab 02_full_fine_tuning; Kingma and Ba 2014, Adam, arXiv 1412.6980, algorithm 1",
    points=1,
    mistakes=(
        check.Mistake("weights-only", 4_000_000, "This counts the weights alone."),
        check.Mistake(
            "no-optimiser", 8_000_000, "This counts weights and gradients, but not the optimiser's two averages."
        ),
        check.Mistake("one-average", 12_000_000, "This counts one number a parameter for Adam; it keeps two."),
        check.Mistake("bits-for-bytes", 128_000_000, "These are bits; a byte has eight."),
        check.Mistake(
            "not-bytes",
            16,
            "This is the number of bytes for one parameter, or the total in megabytes; the total is asked for in bytes.",
        ),
    ),
)
### END HIDDEN TESTS
q07_memory_ledger_grade

# %% [markdown]
# ### Question 8: parameters are not memory
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q08-parameters-and-memory", "locked": true, "schema_version": 3, "solution": false, "task": false}
q08 = Question(
    "q08-parameters-and-memory",
    STUDENT,
    (
        "In a published comparison on Llama-3.2-3B, LoRA of rank 32 trained 9.18 million parameters where full "
        "fine-tuning trained 3.21 billion: 350 times fewer. Peak memory fell only from 36.2 to 20.8 GiB. What kept "
        "it from falling as much?"
    ),
    {
        "activations": "The frozen weights and the activations for the backward pass are still held in memory.",
        "factors": "The low-rank factors take about as much memory as the weights they change.",
        "gradients": (
            "Gradients of all the frozen weights are computed and kept until the optimiser passes over them."
        ),
        "moments": "Adam keeps its two running averages for the frozen weights as well, although they are all zero.",
    },
)
q08

# %% nbgrader={"grade": false, "grade_id": "q08-parameters-and-memory", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_08 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_08 = q08.letters("activations")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q08-parameters-and-memory", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q08_parameters_and_memory_grade = check.choose_one("q08-parameters-and-memory")(q08, answer_08, points=0, of=1)
### BEGIN HIDDEN TESTS
q08_parameters_and_memory_grade = check.mark(
    q08_parameters_and_memory_grade,
    {
        "activations": check.right(
            "Freezing saves gradients and optimiser state. Every product still needs the base weights, and carrying "
            "the gradient back to the lowest LoRA layer still needs the activations above it."
        ),
        "factors": check.wrong("They hold 9.18 million numbers against 3.21 billion, so they take next to nothing."),
        "gradients": check.wrong(
            "Autograd computes no gradient for a parameter with requires_grad=False, so there is none to keep."
        ),
        "moments": check.wrong("PyTorch's optimisers create state only for parameters that have a gradient."),
    },
    points=1,
    read="lab 02_full_fine_tuning; Hugging Face PEFT, method_comparison (MetaMathQA, Llama-3.2-3B)",
)
### END HIDDEN TESTS
q08_parameters_and_memory_grade

# %% [markdown]
# ## Adapters, (IA)³ and soft prompts
#
# Small modules, vectors and virtual tokens added to a frozen model.

# %% [markdown]
# ### Question 9: starting from the pretrained function
#
# {{ points of q09-unchanged-start }}; two or more choices are right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q09-unchanged-start", "locked": true, "schema_version": 3, "solution": false, "task": false}
q09 = Question(
    "q09-unchanged-start",
    STUDENT,
    "Which of these leave the output of a pretrained transformer exactly as it was until the first training step?",
    {
        "adapter": "a bottleneck adapter with a skip connection, the weights and bias of its up-projection zero",
        "head": "a new output layer with PyTorch's default initialisation in the place of the old one",
        "ia3": "(IA)³ vectors of ones that multiply keys, values and feed-forward activations",
        "lora": "LoRA beside the query and value projections, with A random and B zero",
        "prompt": "twenty soft-prompt vectors, copied from embeddings of real words, in front of the text",
    },
    several=True,
)
q09

# %% nbgrader={"grade": false, "grade_id": "q09-unchanged-start", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_09 = ""  # letters between the quotes, without a comma
### BEGIN SOLUTION
answer_09 = q09.letters("adapter", "ia3", "lora")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q09-unchanged-start", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
q09_unchanged_start_grade = check.choose_several("q09-unchanged-start")(q09, answer_09, points=0, of=2)
### BEGIN HIDDEN TESTS
q09_unchanged_start_grade = check.mark(
    q09_unchanged_start_grade,
    {
        "adapter": check.right(
            "It computes x + up(act(down(x))), and up gives zero. Houlsby et al. 2019 (arXiv 1902.00751), section "
            "2.1, start near zero for this reason."
        ),
        "head": check.wrong(
            "Default weights are random, so the outputs are new ones. Such a layer must be trained, and saved along "
            "with the adapter."
        ),
        "ia3": check.right(
            "Multiplying by one changes nothing, and ones are the method's initialisation (Liu et al. 2022, arXiv "
            "2205.05638, section 3.3)."
        ),
        "lora": check.right(
            "A B is zero whatever A is, so each adapted layer gives what it gave before (Hu et al. 2021, section 4.1)."
        ),
        "prompt": check.wrong(
            "The text's positions now also attend to twenty new ones, which changes the output, wherever the "
            "vectors come from."
        ),
    },
    points=2,
    read="lab 03_additive and lab 04_soft_prompts",
)
### END HIDDEN TESTS
q09_unchanged_start_grade

# %% [markdown]
# ### Question 10: the mask of a soft prompt
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q10-prompt-mask", "locked": true, "schema_version": 3, "solution": false, "task": false}
q10 = Question(
    "q10-prompt-mask",
    STUDENT,
    (
        "Prompt tuning puts p trained vectors in front of the n embeddings of each text (with padding at its end). "
        "The attention mask holds a one for every real token and a zero for padding, n entries a text. What must be "
        "done with it?"
    ),
    {
        "end": "It gets p ones at its end, and then has p + n entries.",
        "front": "It gets p ones in front, and then has p + n entries.",
        "same": "It stays as it is, since the prompt stands for no tokens.",
        "zeros": "It gets p zeros in front, and then has p + n entries.",
    },
)
q10

# %% nbgrader={"grade": false, "grade_id": "q10-prompt-mask", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_10 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_10 = q10.letters("front")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q10-prompt-mask", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q10_prompt_mask_grade = check.choose_one("q10-prompt-mask")(q10, answer_10, points=0, of=1)
### BEGIN HIDDEN TESTS
q10_prompt_mask_grade = check.mark(
    q10_prompt_mask_grade,
    {
        "end": check.wrong(
            "The entries no longer meet their positions: in a padded text the last words are hidden, and padding at "
            "the end is attended to."
        ),
        "front": check.right(
            "The prompt takes the first p positions, and every position must be allowed to attend to it. Whoever "
            "forgets this loses the prompt (see huggingface/peft, issue 54)."
        ),
        "same": check.wrong("Attention needs an entry for each of the p + n positions, tokens or not."),
        "zeros": check.wrong(
            "A zero hides a position: nothing would attend to the prompt, so it could neither act nor learn."
        ),
    },
    points=1,
    read="lab 04_soft_prompts; Lester et al. 2021, arXiv 2104.08691, section 2",
)
### END HIDDEN TESTS
q10_prompt_mask_grade

# %% [markdown]
# ### Question 11: counting a prefix
#
# 1 point; a number.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q11-prefix-count", "locked": true, "schema_version": 3, "solution": false, "task": false}
q11 = Question(
    "q11-prefix-count",
    STUDENT,
    (
        "Prefix tuning is applied to a transformer of 6 layers and width 384, with a prefix of 10 positions. How "
        "many numbers does it train? Keys and values have the model's width, and the prefix is trained directly, "
        "without a network that computes it.\n\n"
        "Give the exact number."
    ),
)
q11

# %% nbgrader={"grade": false, "grade_id": "q11-prefix-count", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_11 = None  # a number in the place of None
### BEGIN SOLUTION
answer_11 = 2 * 6 * 10 * 384
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q11-prefix-count", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q11_prefix_count_grade = check.number("q11-prefix-count")(q11, answer_11, points=0, of=1)
### BEGIN HIDDEN TESTS
q11_prefix_count_grade = check.mark_number(
    q11_prefix_count_grade,
    46_080,
    within=0,
    why="Every layer gets a key and a value for each position of the prefix: 2 * 6 * 10 * 384.",
    read="lab 04_soft_prompts; Li and Liang 2021, Prefix-Tuning, arXiv 2101.00190, section 4",
    points=1,
    mistakes=(
        check.Mistake("prompt-tuning", 3_840, "This is prompt tuning, which adds vectors to the input alone."),
        check.Mistake("one-layer", 7_680, "This is one layer; each of the 6 has a prefix of its own."),
        check.Mistake(
            "keys-only", 23_040, "This counts one vector for each position and layer; there is a key and a value."
        ),
        check.Mistake(
            "square", 17_694_720, "This counts a matrix of width by width for each; a prefix is made of vectors."
        ),
    ),
)
### END HIDDEN TESTS
q11_prefix_count_grade

# %% [markdown]
# ## LoRA
#
# Counting, starting, scaling and merging.

# %% [markdown]
# ### Question 12: counting a LoRA layer
#
# 1 point; a number.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q12-lora-count", "locked": true, "schema_version": 3, "solution": false, "task": false}
q12 = Question(
    "q12-lora-count",
    STUDENT,
    (
        "`fc1` of the course's `TextClassifier` maps 50 numbers to 128. How many trainable numbers does a "
        "`LoRALayer` of rank 2 beside it have?\n\n"
        "Give the exact number."
    ),
)
q12

# %% nbgrader={"grade": false, "grade_id": "q12-lora-count", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_12 = None  # a number in the place of None
### BEGIN SOLUTION
answer_12 = 2 * (50 + 128)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q12-lora-count", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q12_lora_count_grade = check.number("q12-lora-count")(q12, answer_12, points=0, of=1)
### BEGIN HIDDEN TESTS
q12_lora_count_grade = check.mark_number(
    q12_lora_count_grade,
    356,
    within=0,
    why="A is 50 x 2 and B is 2 x 128: r*(d+k) = 2 * (50 + 128).",
    read="lab 05_lora_layer; Hu et al. 2021, LoRA, arXiv 2106.09685, section 4.1",
    points=1,
    mistakes=(
        check.Mistake("product-not-sum", 12_800, "This is r*d*k; the factors stand side by side, so their sizes add."),
        check.Mistake("counts-w0", 6_400, "This is d*k, the frozen weight of fc1."),
        check.Mistake("rank-forgotten", 178, "This is d + k, a LoRA layer of rank 1."),
        check.Mistake("counts-frozen", 6_756, "This adds the frozen weight of fc1 to the two factors."),
        check.Mistake("b-only", 256, "This is B alone."),
        check.Mistake("a-only", 100, "This is A alone."),
    ),
)
### END HIDDEN TESTS
q12_lora_count_grade

# %% [markdown]
# ### Question 13: the first step
#
# {{ points of q13-first-step }}; two or more choices are right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q13-first-step", "locked": true, "schema_version": 3, "solution": false, "task": false}
q13 = Question(
    "q13-first-step",
    STUDENT,
    (
        "`LinearWithLoRA` wraps a pretrained linear layer: A is random, B is zero, alpha is 1, and the wrapped "
        "layer is frozen. A loss has a gradient that is not zero at the layer's output. Which statements hold "
        "before the first optimiser step?"
    ),
    {
        "a-gradient": "The gradient of A is exactly zero.",
        "b-gradient": "The gradient of B is in general not zero.",
        "base-gradient": "The weight of the wrapped layer gets a gradient, too.",
        "both-zero": "With A and B both zero, training would start just the same.",
        "output": "The output is what the layer gave before it was wrapped.",
    },
    several=True,
)
q13

# %% nbgrader={"grade": false, "grade_id": "q13-first-step", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_13 = ""  # letters between the quotes, without a comma
### BEGIN SOLUTION
answer_13 = q13.letters("a-gradient", "b-gradient", "output")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q13-first-step", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
q13_first_step_grade = check.choose_several("q13-first-step")(q13, answer_13, points=0, of=2)
### BEGIN HIDDEN TESTS
q13_first_step_grade = check.mark(
    q13_first_step_grade,
    {
        "a-gradient": check.right(
            "dL/dA = alpha * x.T (dL/dy) B.T, and B is zero. A starts to move at the second step, when B no longer is."
        ),
        "b-gradient": check.right(
            "dL/dB = alpha * (x A).T (dL/dy), which holds the random A and not B. So B moves at the first step."
        ),
        "base-gradient": check.wrong(
            "It is frozen (requires_grad is False), so autograd computes none; gradients only pass through it to "
            "the layers below."
        ),
        "both-zero": check.wrong(
            "Each gradient holds the other factor: with both zero, both gradients are zero, and stay so for ever."
        ),
        "output": check.right("The low-rank path adds alpha * (x A B) = 0."),
    },
    points=2,
    read="lab 05_lora_layer; Hu et al. 2021, LoRA, arXiv 2106.09685, section 4.1",
)
### END HIDDEN TESTS
q13_first_step_grade

# %% [markdown]
# ### Question 14: two conventions for alpha
#
# 1 point; a number.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q14-alpha-in-peft", "locked": true, "schema_version": 3, "solution": false, "task": false}
q14 = Question(
    "q14-alpha-in-peft",
    STUDENT,
    (
        "This course's `LoRALayer` computes `alpha * (x @ A @ B)`. The PEFT library, with its default settings, "
        "multiplies the product of its factors by `lora_alpha / r`. A layer of this course has rank 8 and alpha 2. "
        "With which `lora_alpha` does PEFT compute the same from the same factors?\n\n"
        "Give the exact number."
    ),
)
q14

# %% nbgrader={"grade": false, "grade_id": "q14-alpha-in-peft", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_14 = None  # a number in the place of None
### BEGIN SOLUTION
answer_14 = 2 * 8
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q14-alpha-in-peft", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q14_alpha_in_peft_grade = check.number("q14-alpha-in-peft")(q14, answer_14, points=0, of=1)
### BEGIN HIDDEN TESTS
q14_alpha_in_peft_grade = check.mark_number(
    q14_alpha_in_peft_grade,
    16,
    within=0,
    why=(
        "lora_alpha / 8 must be 2, so lora_alpha = alpha * rank = 16. Before comparing two alphas, find out which "
        "convention each follows."
    ),
    read="lab 05_lora_layer; Hu et al. 2021, LoRA, arXiv 2106.09685, section 4.1",
    points=1,
    mistakes=(
        check.Mistake("not-converted", 2, "This is the course's alpha as it is; PEFT would divide it by the rank."),
        check.Mistake("divided", 0.25, "This divides by the rank, which PEFT does once more."),
        check.Mistake("rank-only", 8, "This is the rank; PEFT would multiply by 1."),
    ),
)
### END HIDDEN TESTS
q14_alpha_in_peft_grade

# %% [markdown]
# ### Question 15: after merging
#
# {{ points of q15-merge }}; two or more choices are right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q15-merge", "locked": true, "schema_version": 3, "solution": false, "task": false}
q15 = Question(
    "q15-merge",
    STUDENT,
    (
        "The update of one `LinearWithLoRA` is merged into its weight, which becomes `W + alpha * (A @ B).T`. What "
        "holds for the merged layer?"
    ),
    {
        "cost": "It costs one matrix product, as the layer did before it was adapted.",
        "mixed": "It can serve a batch that mixes tasks, each with an adapter of its own.",
        "output": "Its output is that of the wrapped layer before, up to rounding.",
        "smaller": "It holds fewer numbers than the layer did before it was adapted.",
        "undo": "Subtracting the update again always restores W bit for bit.",
    },
    several=True,
)
q15

# %% nbgrader={"grade": false, "grade_id": "q15-merge", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_15 = ""  # letters between the quotes, without a comma
### BEGIN SOLUTION
answer_15 = q15.letters("cost", "output")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q15-merge", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
q15_merge_grade = check.choose_several("q15-merge")(q15, answer_15, points=0, of=2)
### BEGIN HIDDEN TESTS
q15_merge_grade = check.mark(
    q15_merge_grade,
    {
        "cost": check.right(
            "The update stands inside the weight, so nothing is left to compute beside it: no added latency (Hu et "
            "al. 2021, section 4.1)."
        ),
        "mixed": check.wrong(
            "It holds one update for every input. Mixing tasks in a batch needs adapters that are not merged (Hu et "
            "al. 2021, section 4.2)."
        ),
        "output": check.right(
            "x (W.T + alpha A B) and x W.T + alpha x A B are equal; computed in another order, they differ by rounding."
        ),
        "smaller": check.wrong(
            "The merged weight has the size of W, d*k numbers; what got smaller is the file that an adapter needs, "
            "as long as it is not merged."
        ),
        "undo": check.wrong(
            "Adding and then subtracting leaves rounding behind, the more the fewer bits W has. Keep W if you need "
            "it back."
        ),
    },
    points=2,
    read="lab 06_linear_with_lora; Hu et al. 2021, LoRA, arXiv 2106.09685, sections 4.1 and 4.2",
)
### END HIDDEN TESTS
q15_merge_grade

# %% [markdown]
# ## Quantisation and QLoRA
#
# Fewer bits for the frozen weights.

# %% [markdown]
# ### Question 16: absmax quantisation
#
# 1 point; a number.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q16-absmax", "locked": true, "schema_version": 3, "solution": false, "task": false}
q16 = Question(
    "q16-absmax",
    STUDENT,
    (
        "The block [0.1, -0.8, 0.3, 0.4] is stored by absmax quantisation in signed 8-bit integers, from -127 to "
        "127, rounded to the nearest. Which integer stands for 0.3?\n\n"
        "Give the exact integer."
    ),
)
q16

# %% nbgrader={"grade": false, "grade_id": "q16-absmax", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_16 = None  # a number in the place of None
### BEGIN SOLUTION
answer_16 = round(0.3 / 0.8 * 127)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q16-absmax", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q16_absmax_grade = check.number("q16-absmax")(q16, answer_16, points=0, of=1)
### BEGIN HIDDEN TESTS
q16_absmax_grade = check.mark_number(
    q16_absmax_grade,
    48,
    within=0,
    why="The largest absolute value of the block is 0.8: 0.3 / 0.8 * 127 = 47.6, which rounds to 48.",
    read="lab 07_quantization; Dettmers et al. 2023, QLoRA, arXiv 2305.14314, section 2",
    points=1,
    mistakes=(
        check.Mistake("not-scaled", 38, "This is 0.3 * 127, without dividing by the block's largest absolute value."),
        check.Mistake(
            "sign-ignored", 95, "This divides by 0.4, the largest value; the largest absolute value is that of -0.8."
        ),
        check.Mistake("cut-off", 47, "This cuts the decimals off instead of rounding to the nearest."),
        check.Mistake(
            "two-sided-range",
            96,
            "This multiplies by 255, the length of the whole range; zero lies in its middle, so the factor is 127.",
        ),
        check.Mistake("not-an-integer", 0.375, "This is 0.3 / 0.8; it still has to be multiplied by 127 and rounded."),
    ),
)
### END HIDDEN TESTS
q16_absmax_grade

# %% [markdown]
# ### Question 17: NF4
#
# {{ points of q17-nf4 }}; two or more choices are right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q17-nf4", "locked": true, "schema_version": 3, "solution": false, "task": false}
q17 = Question(
    "q17-nf4",
    STUDENT,
    "Which statements about NF4, the data type in which QLoRA stores the base weights, are right?",
    {
        "blocks": "Before coding, weights are divided by the largest absolute value of their block.",
        "even": "Its 16 values are spaced evenly between -1 and 1.",
        "multiply": "Matrix products are computed in 4 bits, with the codes themselves.",
        "quantiles": "Its 16 values come from quantiles of the normal distribution.",
        "zero": "One of its 16 values is exactly zero.",
    },
    several=True,
)
q17

# %% nbgrader={"grade": false, "grade_id": "q17-nf4", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_17 = ""  # letters between the quotes, without a comma
### BEGIN SOLUTION
answer_17 = q17.letters("blocks", "quantiles", "zero")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q17-nf4", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
q17_nf4_grade = check.choose_several("q17-nf4")(q17, answer_17, points=0, of=2)
### BEGIN HIDDEN TESTS
q17_nf4_grade = check.mark(
    q17_nf4_grade,
    {
        "blocks": check.right(
            "This brings each block into [-1, 1], where NF4's values lie; the divisor is stored with the block."
        ),
        "even": check.wrong(
            "They lie closer together near zero, where most weights are; even spacing is what integers have."
        ),
        "multiply": check.wrong(
            "NF4 only stores: the weights are turned back into 16-bit numbers before each product."
        ),
        "quantiles": check.right(
            "Pretrained weights are close to normal, and values at quantiles of what is coded are used equally often. "
            "Only roughly here: a block is divided by its largest number, and what is left is not quite normal "
            "(Yoshida 2023, arXiv 2306.06965)."
        ),
        "zero": check.right(
            "Zeros such as padding are kept without error. To have it, the negative and the positive half are built "
            "apart, with 8 and 9 quantiles that share the zero."
        ),
    },
    points=2,
    read="lab 07_quantization; Dettmers et al. 2023, QLoRA, arXiv 2305.14314, section 3",
)
### END HIDDEN TESTS
q17_nf4_grade

# %% [markdown]
# ### Question 18: the cost of constants
#
# 1 point; a number.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q18-double-quantisation", "locked": true, "schema_version": 3, "solution": false, "task": false}
q18 = Question(
    "q18-double-quantisation",
    STUDENT,
    (
        "QLoRA stores one scaling constant for each block of 64 weights. With double quantisation these constants "
        "take 8 bits each, and each group of 256 of them shares one 32-bit constant of the second level. How many "
        "bits a weight do the constants of both levels take?\n\n"
        "Give it to three decimals or more; answers within 0.0006 are accepted."
    ),
)
q18

# %% nbgrader={"grade": false, "grade_id": "q18-double-quantisation", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_18 = None  # a number in the place of None
### BEGIN SOLUTION
answer_18 = 8 / 64 + 32 / (64 * 256)
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q18-double-quantisation", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q18_double_quantisation_grade = check.number("q18-double-quantisation")(q18, answer_18, points=0, of=1)
### BEGIN HIDDEN TESTS
q18_double_quantisation_grade = check.mark_number(
    q18_double_quantisation_grade,
    8 / 64 + 32 / (64 * 256),
    within=0.0006,
    why="8 / 64 + 32 / (64 * 256) = 0.127 bits a weight; without double quantisation it would be 32 / 64 = 0.5.",
    read="lab 07_quantization; Dettmers et al. 2023, QLoRA, arXiv 2305.14314, section 3",
    points=1,
    mistakes=(
        check.Mistake("first-level-only", 0.125, "This is 8 / 64, without the constants of the second level."),
        check.Mistake("not-doubled", 0.5, "This is 32 / 64, what the constants take without double quantisation."),
        check.Mistake("the-saving", 0.373, "This is what double quantisation saves, 0.5 - 0.127."),
        check.Mistake("with-the-weight", 4.127, "This includes the 4 bits of the weight itself."),
        check.Mistake("bytes-for-bits", 0.0159, "These are bytes; a byte has eight bits."),
        check.Mistake(
            "block-forgotten",
            0.25,
            "This is 8 / 64 + 32 / 256; a second-level constant serves 256 blocks of 64 weights each.",
        ),
    ),
)
### END HIDDEN TESTS
q18_double_quantisation_grade

# %% [markdown]
# ## Comparing methods
#
# What is lost, and what makes a comparison fair.

# %% [markdown]
# ### Question 19: getting the old task back
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q19-forgetting", "locked": true, "schema_version": 3, "solution": false, "task": false}
q19 = Question(
    "q19-forgetting",
    STUDENT,
    (
        "A classifier of four newsgroup topics is adapted to film reviews. Later the old task is needed again, with "
        "exactly its old outputs, and no copy of the whole old model was kept. After which adaptation is that "
        "possible?"
    ),
    {
        "early": "full fine-tuning that stopped when accuracy on the old task began to fall",
        "lora": "LoRA that was left unmerged, with the old output layer saved",
        "merged": "LoRA that was merged, its factors then deleted",
        "slow": "full fine-tuning with a learning rate a hundred times smaller than usual",
    },
)
q19

# %% nbgrader={"grade": false, "grade_id": "q19-forgetting", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_19 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_19 = q19.letters("lora")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q19-forgetting", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q19_forgetting_grade = check.choose_one("q19-forgetting")(q19, answer_19, points=0, of=1)
### BEGIN HIDDEN TESTS
q19_forgetting_grade = check.mark(
    q19_forgetting_grade,
    {
        "early": check.wrong("Stopping early forgets less, but the weights have moved, and nothing tells from where."),
        "lora": check.right(
            "The base never moved: take the low-rank path away, put the old output layer back. While the path is in "
            "use, a LoRA model forgets too: in the PEFT comparison on Llama-3.2-3B, its loss on other text rose by "
            "0.050 at rank 32, against 0.030 after full fine-tuning."
        ),
        "merged": check.wrong("Without the factors, nothing tells what was added to the weights."),
        "slow": check.wrong("Small steps forget less, but the weights have moved, and nothing tells from where."),
    },
    points=1,
    read=(
        "lab 02_full_fine_tuning and lab 06_linear_with_lora; Hugging Face PEFT, method_comparison (MetaMathQA, "
        "Llama-3.2-3B)"
    ),
)
### END HIDDEN TESTS
q19_forgetting_grade

# %% [markdown]
# ### Question 20: choosing a learning rate
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q20-learning-rate", "locked": true, "schema_version": 3, "solution": false, "task": false}
q20 = Question(
    "q20-learning-rate",
    STUDENT,
    (
        "The reference results of a university assignment, means over ten seeds on one validation set: full "
        "fine-tuning 0.411, LoRA 0.275. Both used the learning rate 2e-5, which suits full fine-tuning. What should "
        "come before concluding that LoRA is worse?"
    ),
    {
        "rank": "Raise LoRA's rank, at this learning rate, until both train equally many parameters.",
        "seeds": "Repeat both runs at this learning rate with many more seeds, and compare the means.",
        "sweep": "Choose the learning rate of each method by validation accuracy, and compare on test data.",
        "test": "Try several learning rates for each method, and report the best accuracy each has on test data.",
    },
)
q20

# %% nbgrader={"grade": false, "grade_id": "q20-learning-rate", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_20 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_20 = q20.letters("sweep")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q20-learning-rate", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q20_learning_rate_grade = check.choose_one("q20-learning-rate")(q20, answer_20, points=0, of=1)
### BEGIN HIDDEN TESTS
q20_learning_rate_grade = check.mark(
    q20_learning_rate_grade,
    {
        "rank": check.wrong(
            "A higher rank does not mend a learning rate that is too small; and LoRA with as many parameters would "
            "no longer be what is compared."
        ),
        "seeds": check.wrong(
            "More seeds measure the same unfair comparison more precisely; the means already differ by more than "
            "their spread."
        ),
        "sweep": check.right(
            "Methods need different rates: for GPT-3, Hu et al. 2021 trained LoRA at 2e-4 and everything at 5e-6, a "
            "factor of 40. Each method gets a search of its own, and data that took no part in it decide."
        ),
        "test": check.wrong(
            "Each gets its own rate, but test data that chose the rate no longer say how well it does on new data."
        ),
    },
    points=1,
    read="lab 09_capstone; Hu et al. 2021, LoRA, arXiv 2106.09685, appendix D",
)
### END HIDDEN TESTS
q20_learning_rate_grade

# %% [markdown]
# ## For those who built it
#
# These five are easier for those who have done the labs than for those who have read about the methods.

# %% [markdown]
# ### Question 21: a second forward pass
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q21-checkpointing", "locked": true, "schema_version": 3, "solution": false, "task": false}
q21 = Question(
    "q21-checkpointing",
    STUDENT,
    (
        "A decoder of frozen blocks with LoRA layers is trained with gradient checkpointing: of each block, only its input is "
        "kept for the backward pass. What is true of one training step?"
    ),
    {
        "doubled": "Each block runs forward twice, so its LoRA layers receive their gradients twice and need half the rate.",
        "frozen": "Each block runs forward once, because a frozen block needs no activations for its backward pass.",
        "offload": "Each block runs forward once, and what it computes waits in a lower precision for the backward pass.",
        "twice": "Each block runs forward twice, and its dropout must draw the same mask both times.",
    },
)
q21

# %% nbgrader={"grade": false, "grade_id": "q21-checkpointing", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_21 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_21 = q21.letters("twice")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q21-checkpointing", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q21_checkpointing_grade = check.choose_one("q21-checkpointing")(q21, answer_21, points=0, of=1)
### BEGIN HIDDEN TESTS
q21_checkpointing_grade = check.mark(
    q21_checkpointing_grade,
    {
        "doubled": check.wrong(
            "Nothing is recorded in the first run, so gradients come from the second alone, once, with their ordinary values."
        ),
        "frozen": check.wrong(
            "A frozen weight needs no gradient, but the LoRA layers inside and below the block do, and theirs pass through its activations."
        ),
        "offload": check.wrong(
            "That would be compressed activations. Checkpointing keeps nothing of the inside of a block: it computes it again."
        ),
        "twice": check.right(
            "The second run makes the activations that were not kept. They have to be those of the first run, so the random state is kept with the input and put back."
        ),
    },
    points=1,
    read="lab 08_qlora; Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, arXiv 1604.06174, section 4",
)
### END HIDDEN TESTS
q21_checkpointing_grade

# %% [markdown]
# ### Question 22: two relatives of LoRA
#
# 1 point; two or more choices are right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q22-dora-and-rslora", "locked": true, "schema_version": 3, "solution": false, "task": false}
q22 = Question(
    "q22-dora-and-rslora",
    STUDENT,
    (
        "DoRA gives each output of a layer a trained length besides LoRA's direction; rsLoRA scales the path by alpha over the "
        "root of the rank. Which statements hold?"
    ),
    {
        "more": "At equal rank, rsLoRA trains more numbers than LoRA, one more for each unit of the rank.",
        "no-merge": "A trained DoRA layer cannot be merged into one weight, since its output is divided by a length.",
        "rank-one": "At rank 1, rsLoRA and LoRA scaled by alpha over the rank compute the same for equal factors.",
        "start": "Before training, DoRA's trained lengths are those of the frozen weight, so the layer's outputs are unchanged.",
    },
    several=True,
)
q22

# %% nbgrader={"grade": false, "grade_id": "q22-dora-and-rslora", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_22 = ""  # letters between the quotes, without a comma
### BEGIN SOLUTION
answer_22 = q22.letters("rank-one", "start")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q22-dora-and-rslora", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q22_dora_and_rslora_grade = check.choose_several("q22-dora-and-rslora")(q22, answer_22, points=0, of=1)
### BEGIN HIDDEN TESTS
q22_dora_and_rslora_grade = check.mark(
    q22_dora_and_rslora_grade,
    {
        "more": check.wrong(
            "It trains the same factors. Only the fixed number that their product is multiplied by differs."
        ),
        "no-merge": check.wrong(
            "Length and direction are numbers of the layer, not of the input: their product is one weight, which a plain linear layer can hold."
        ),
        "rank-one": check.right("The root of 1 is 1. The two part from rank 2 on, the more the higher the rank."),
        "start": check.right(
            "B is zero at first, so direction and length are those of the frozen weight, and their product is the weight itself."
        ),
    },
    points=1,
    read="lab 06_linear_with_lora; lab 09_capstone; Liu et al. 2024, DoRA, arXiv 2402.09353, section 4; Kalajdzievski 2023, rsLoRA, arXiv 2312.03732, section 3",
)
### END HIDDEN TESTS
q22_dora_and_rslora_grade

# %% [markdown]
# ### Question 23: what BitFit trains
#
# 1 point; answer with a number.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q23-bitfit-count", "locked": true, "schema_version": 3, "solution": false, "task": false}
q23 = Question(
    "q23-bitfit-count",
    STUDENT,
    (
        "A block of a transformer has width 384: four projections of 384 to 384 (query, key, value, output), a feed-forward "
        "network of 384 to 1,536 and back to 384, and two layer normalisations. Each of the six linear layers has a bias. How "
        "many numbers does BitFit train in the block, counting the biases of the normalisations and no head?\n\n"
        "Give the exact number."
    ),
)
q23

# %% nbgrader={"grade": false, "grade_id": "q23-bitfit-count", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_23 = None  # a number in the place of None
### BEGIN SOLUTION
answer_23 = 4 * 384 + 1536 + 384 + 2 * 384
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q23-bitfit-count", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q23_bitfit_count_grade = check.number("q23-bitfit-count")(q23, answer_23, points=0, of=1)
### BEGIN HIDDEN TESTS
q23_bitfit_count_grade = check.mark_number(
    q23_bitfit_count_grade,
    4 * 384 + 1536 + 384 + 2 * 384,
    within=0.5,
    why="4 * 384 + 1,536 + 384 = 3,456 in the linear layers, and 2 * 384 in the normalisations: 4,224, one number for each output.",
    read="lab 02_full_fine_tuning; lab 03_additive; Ben Zaken et al. 2021, BitFit, arXiv 2106.10199, section 3",
    points=1,
    mistakes=(
        check.Mistake(
            "without-normalizations",
            3456,
            "These are the biases of the linear layers; the two normalisations have 384 each.",
        ),
        check.Mistake(
            "normalizations-whole", 4992, "This counts the normalisations' weights too; BitFit trains biases alone."
        ),
        check.Mistake(
            "inputs-counted",
            5376,
            "A bias has one number for each output: of the feed-forward network's second layer 384, not 1,536.",
        ),
        check.Mistake("one-normalization", 3840, "There are two normalisations in the block."),
        check.Mistake("one-projection", 3072, "This counts one of the four projections; each has a bias of its own."),
    ),
)
### END HIDDEN TESTS
q23_bitfit_count_grade

# %% [markdown]
# ### Question 24: scores that lean to one label
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q24-calibration", "locked": true, "schema_version": 3, "solution": false, "task": false}
q24 = Question(
    "q24-calibration",
    STUDENT,
    (
        'A language model that scores the labels "positive" and "negative" after a prompt says "negative" of nearly every '
        'review. The scores of content-free inputs such as "N/A" are measured with the same prompt. What does calibration do '
        "with them?"
    ),
    {
        "example": "It puts the content-free input into the prompt as one more example, with both of the labels after it.",
        "subtract": "It takes each label's content-free score off that label's score, which moves the border between the labels.",
        "temperature": "It divides all scores by one number that makes the content-free input come out as likely as not.",
        "train": "It trains the output layer on the content-free inputs until both of the labels are equally likely there.",
    },
)
q24

# %% nbgrader={"grade": false, "grade_id": "q24-calibration", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_24 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_24 = q24.letters("subtract")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q24-calibration", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q24_calibration_grade = check.choose_one("q24-calibration")(q24, answer_24, points=0, of=1)
### BEGIN HIDDEN TESTS
q24_calibration_grade = check.mark(
    q24_calibration_grade,
    {
        "example": check.wrong(
            "The prompt stays as it was. Content-free inputs are scored like any other, and only their scores are used."
        ),
        "subtract": check.right(
            "In logarithms this is one number for each label. The order of two reviews by how negative they look stays; where the border lies is what changes."
        ),
        "temperature": check.wrong(
            "That is temperature scaling. Dividing both scores by one number leaves the larger one larger, so no answer changes."
        ),
        "train": check.wrong("Nothing is trained: calibration needs no gradient and no labelled example."),
    },
    points=1,
    read="lab 01_baselines; Zhao et al. 2021, Calibrate Before Use, arXiv 2102.09690, section 5",
)
### END HIDDEN TESTS
q24_calibration_grade

# %% [markdown]
# ### Question 25: merging into four bits
#
# 1 point; one choice is right.

# %% jupyter={"source_hidden": true} nbgrader={"grade": false, "grade_id": "ask-q25-merge-four-bit", "locked": true, "schema_version": 3, "solution": false, "task": false}
q25 = Question(
    "q25-merge-four-bit",
    STUDENT,
    (
        "A layer holds its frozen weight in NF4 and a trained LoRA path beside it. The path is merged, and the result is stored "
        "in NF4 again. How do the outputs compare with those of the unmerged layer?"
    ),
    {
        "codes": "They are equal: the codes of the update are added to the codes of the weight, block by block.",
        "rounded": "They differ: the sum is rounded to NF4's levels, and an update smaller than half a step can vanish there.",
        "same": "They are equal: the update is of low rank, and for that the levels that are not used have room.",
        "scaled": "They differ by one factor for each block, which double quantisation takes out of its constants again.",
    },
)
q25

# %% nbgrader={"grade": false, "grade_id": "q25-merge-four-bit", "locked": false, "schema_version": 3, "solution": true, "task": false}
answer_25 = ""  # one letter between the quotes
### BEGIN SOLUTION
answer_25 = q25.letters("rounded")
### END SOLUTION

# %% nbgrader={"grade": true, "grade_id": "test-q25-merge-four-bit", "locked": true, "points": 1, "schema_version": 3, "solution": false, "task": false}
q25_merge_four_bit_grade = check.choose_one("q25-merge-four-bit")(q25, answer_25, points=0, of=1)
### BEGIN HIDDEN TESTS
q25_merge_four_bit_grade = check.mark(
    q25_merge_four_bit_grade,
    {
        "codes": check.wrong("Codes are places in a table of unequal steps. Weights can be added, codes cannot."),
        "rounded": check.right(
            "Sixteen levels a block are coarse beside a trained update. Merge into 16 bits, or leave the path beside the weight."
        ),
        "same": check.wrong(
            "Rank says nothing about rounding: each entry of the sum has to be one of the block's sixteen levels."
        ),
        "scaled": check.wrong(
            "The error differs from weight to weight. Double quantization stores constants in fewer bits; it corrects nothing."
        ),
    },
    points=1,
    read="lab 07_quantization; lab 08_qlora; Dettmers et al. 2023, QLoRA, arXiv 2305.14314, section 3",
)
### END HIDDEN TESTS
q25_merge_four_bit_grade

# %% [markdown]
# ## Before you hand in
#
# Run the next cell. It lists which questions are answered, unanswered or cannot be read; it does not know which answers are right.

# %% tags=["skip-when-grading"]
overview(globals())

# %% [markdown]
# Save the notebook and hand it in. If you did not reach {{ pass_points }} points, read the reasons in the feedback, go back to the labs they name, and try again.
#
# **Clicking instead of typing.** `q01.widget()` in a cell of your own shows the choices as check boxes (Tab moves between them, the space bar
# sets them) and prints the line to type. Only the line in the answer's cell counts.
