# %% the weight is kept until the backward pass message="weight-kept"
# What autograd does by itself: a model of 7 billion weights is then in memory in floats after all.
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        weight = dequantize(packed, absmax, shape, x.dtype)
        ctx.save_for_backward(weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx, grad):
        (weight,) = ctx.saved_tensors
        return grad @ weight, None, None, None


# %% the weight is kept as an attribute message="weight-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.things = [dequantize(packed, absmax, shape, x.dtype)]
        return x @ ctx.things[0].T

    @staticmethod
    def backward(ctx, grad):
        return grad @ ctx.things[0], None, None, None


# %% x is kept although nothing needs it message="input-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(x, packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        _, packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% no gradient for x, since the layer is frozen message="no-gradient"
# The layer below stands still: the catalogue of QLoRA mistakes has "gradient through W4 cut" in first place.
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        return None, None, None, None


# %% zeros as the gradient message="zero-gradient"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        return grad.new_zeros(*grad.shape[:-1], ctx.shape[1]), None, None, None


# %% the gradient is passed straight through message="straight-through"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        return grad, None, None, None


# %% backward multiplies by the transpose message="backward-transposed"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype).T, None, None, None


# %% forward without the transpose message="forward-transposed"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype)

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype).T, None, None, None


# %% one gradient for four arguments message="wrong-count"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype)


# %% the scales are left out message="scales-forgotten"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, torch.ones_like(absmax), shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% the scales are left out in the backward pass message="scales-forgotten-backward"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax.new_ones(absmax.shape), ctx.shape, grad.dtype), None, None, None


# %% always float32 message="type-fixed"
# bitsandbytes #1515 and trl #4457: the compute type and the type of x part ways.
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, torch.float32).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, torch.float32), None, None, None


# %% x is cast up and the result left there message="type-not-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x.float() @ dequantize(packed, absmax, shape, torch.float32).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad.float() @ dequantize(packed, absmax, ctx.shape, torch.float32), None, None, None


# %% the codes are unpacked before they are kept message="codes-unpacked"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        codes = torch.stack([packed >> 4, packed & 15], dim=1).flatten()
        ctx.save_for_backward(codes, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        codes, absmax = ctx.saved_tensors
        return grad @ dequantize(codes[0::2] * 16 + codes[1::2], absmax, ctx.shape, grad.dtype), None, None, None


# %% the weight is kept in a function message="weight-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        weight = dequantize(packed, absmax, shape, x.dtype)
        ctx.weight = lambda: weight
        return x @ weight.T

    @staticmethod
    def backward(ctx, grad):
        return grad @ ctx.weight(), None, None, None


# %% the weight is kept in the class message="weight-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        FourBitMatmul.weight = dequantize(packed, absmax, shape, x.dtype)
        return x @ FourBitMatmul.weight.T

    @staticmethod
    def backward(ctx, grad):
        return grad @ FourBitMatmul.weight, None, None, None


# %% the shape goes through save_for_backward message="shape-saved-as-tensor"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax, shape)
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax, shape = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, shape, grad.dtype), None, None, None


# %% backward uses the names of forward message="not-fetched"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        return grad @ dequantize(packed, absmax, shape, grad.dtype), None, None, None


# %% the factors of backward are exchanged message="gradient-shapes"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return dequantize(packed, absmax, ctx.shape, grad.dtype) @ grad, None, None, None


# %% a gradient for the scales too message="gradient-for-scales"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, torch.zeros_like(absmax), None


# %% the output is kept message="output-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        y = x @ dequantize(packed, absmax, shape, x.dtype).T
        ctx.y = y
        return y

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% torch.mm message="needs-2d"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return torch.mm(x, dequantize(packed, absmax, shape, x.dtype).T)

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% nothing returned by forward message="no-tensor"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        y = x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% nothing returned by backward message="wrong-count"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        grad @ dequantize(packed, absmax, ctx.shape, grad.dtype)


# %% the gradient in the last place message="gradient-elsewhere"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return None, None, None, grad @ dequantize(packed, absmax, ctx.shape, grad.dtype)


# %% float32 in the backward pass message="type-fixed"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, torch.float32), None, None, None


# %% a partial function keeps the weight message="weight-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        import functools
        ctx.again = functools.partial(torch.matmul, other=dequantize(packed, absmax, shape, x.dtype))
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% the weight is kept in half precision message="weight-kept"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        ctx.W = dequantize(packed, absmax, shape, torch.float16)
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ ctx.W.to(grad.dtype), None, None, None


# %% the gradient of a vector message="needs-2d"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return torch.mm(grad, dequantize(packed, absmax, ctx.shape, grad.dtype)), None, None, None


# %% global storage message="kept-outside-ctx"
class FourBitMatmul(torch.autograd.Function):
    """x (..., i) -> x W'.T (..., o), W' (o, i) from codes and scales; the gradient goes to x alone."""

    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        FourBitMatmul.kept = (packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = FourBitMatmul.kept
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% shape from class message="kept-outside-ctx"
class FourBitMatmul(torch.autograd.Function):
    """x (..., i) -> x W'.T (..., o), W' (o, i) from codes and scales; the gradient goes to x alone."""

    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        FourBitMatmul.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, FourBitMatmul.shape, grad.dtype), None, None, None


# %% forward requires grad message="records-anyway"
class FourBitMatmul(torch.autograd.Function):
    """x (..., i) -> x W'.T (..., o), W' (o, i) from codes and scales; the gradient goes to x alone."""

    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        x.requires_grad_(True)
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% absmax in half message="wrong-gradient"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax.half()); ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T
    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax.float(), ctx.shape, grad.dtype), None, None, None


# %% cache by id of packed message="kept-outside-ctx"
_c = {}
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax); ctx.shape = shape
        key = tuple(shape)
        if key not in _c: _c[key] = dequantize(packed, absmax, shape, torch.float32)
        return x @ _c[key].to(x.dtype).T
    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% a module with a method apply message="not-a-function"
class FourBitMatmul(nn.Module):
    @staticmethod
    def apply(x, packed, absmax, shape):
        return x @ dequantize(packed, absmax, shape, x.dtype).T


# %% zeros for the codes message="gradient-for-codes"
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), torch.zeros_like(packed), None, None
