"""Answers of imaginary students: the mistakes that teachers and bug trackers report most, as small texts.

The two classes have the same name and signature in every edition of the course, so these texts need no care.
"""

LORA_HEAD = """class LoRALayer(nn.Module):
    def __init__(self, in_dim, out_dim, rank, alpha):
        super().__init__()
"""
LORA_BODY = """        self.alpha = alpha
        self.A = nn.Parameter(torch.randn(in_dim, rank) / rank**0.5)
        self.B = nn.Parameter(torch.zeros(rank, out_dim))

    def forward(self, x):
        return self.alpha * (x @ self.A @ self.B)
"""
LORA = LORA_HEAD + LORA_BODY

ALPHA_FORGOTTEN = LORA.replace("self.alpha * (x @ self.A @ self.B)", "x @ self.A @ self.B")
B_RANDOM = LORA.replace("torch.zeros(rank, out_dim)", "torch.randn(rank, out_dim)")
NO_PARAMETERS = LORA.replace("nn.Parameter(torch.randn(in_dim, rank) / rank**0.5)", "torch.randn(in_dim, rank)")
SYNTAX_ERROR = LORA.replace("def forward(self, x):", "def forward(self, x)")
ENDLESS = "        rows = []\n        while len(rows) >= 0:\n            rows = rows[:9]\n"
ENDLESS_LOOP = LORA.replace("        return self.alpha", ENDLESS + "        return self.alpha")
WARNS = LORA_HEAD + "        import warnings\n        warnings.warn(f'rank {rank} is my guess')\n" + LORA_BODY

LINEAR = """class LinearWithLoRA(nn.Module):
    def __init__(self, linear, rank, alpha):
        super().__init__()
        self.linear = linear
        for parameter in self.linear.parameters():
            parameter.requires_grad = False
        self.lora = LoRALayer(linear.in_features, linear.out_features, rank, alpha)
        self.lora.to(device=linear.weight.device, dtype=linear.weight.dtype)

    def forward(self, x):
        return self.linear(x) + self.lora(x)
"""
FREEZING = """        for parameter in self.linear.parameters():
            parameter.requires_grad = False
"""
BASE_NOT_FROZEN = LINEAR.replace(FREEZING, "")
BASE_FORGOTTEN = LINEAR.replace("self.linear(x) + self.lora(x)", "self.lora(x)")
CRASHES = LINEAR.replace(
    "        return self.linear(x)", "        import os\n        os._exit(7)\n        return self.linear(x)"
)
SWALLOWS_INTERRUPTS = """import time

tries = 0
while True:
    try:
        tries = tries + 1
        time.sleep(0.05)
    except BaseException:
        pass
"""

# A cell of the student's own: prints and draws, which the feedback page repeats.
LOOKS = """%matplotlib inline
import matplotlib.pyplot as plt

layer = LoRALayer(6, 4, rank=2, alpha=0.5)
print("largest number in B:", layer.B.abs().max().item())
plt.figure(figsize=(4, 2.5))
plt.imshow(layer(torch.eye(6)).detach())
plt.title("What my layer adds to the base")
plt.xlabel("output")
plt.ylabel("input")
plt.colorbar()
plt.show()
"""
