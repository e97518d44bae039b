# %% functional linear
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return F.linear(x, dequantize(packed, absmax, shape, x.dtype))

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return F.linear(grad, dequantize(packed, absmax, ctx.shape, grad.dtype).T), None, None, None


# %% codes and scales as attributes
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.stored = packed, absmax, shape
        return x @ dequantize(*ctx.stored, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        return grad @ dequantize(*ctx.stored, grad.dtype), None, None, None


# %% einsum, and a look at which gradients are wanted
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape, ctx.kind = shape, x.dtype
        return torch.einsum("...i,oi->...o", x, dequantize(packed, absmax, shape, x.dtype))

    @staticmethod
    def backward(ctx, grad):
        if not ctx.needs_input_grad[0]:
            return None, None, None, None
        weight = dequantize(*ctx.saved_tensors, ctx.shape, ctx.kind)
        return torch.einsum("...o,oi->...i", grad, weight), None, None, None


# %% computed in float32 and cast back
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return (x.float() @ dequantize(packed, absmax, shape, torch.float32).T).to(x.dtype)

    @staticmethod
    def backward(ctx, grad):
        weight = dequantize(*ctx.saved_tensors, ctx.shape, torch.float32)
        return (grad.float() @ weight).to(grad.dtype), None, None, None


# %% its own lookup instead of dequantise
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return torch.matmul(x, dequantize_4bit(FourBit(packed, absmax, torch.Size(shape), x.dtype)).t())

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        weight = dequantize_4bit(FourBit(packed, absmax, torch.Size(ctx.shape), grad.dtype))
        return torch.matmul(grad, weight), None, None, None


# %% what is kept is chosen in setup_context
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(x, packed, absmax, shape):
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def setup_context(ctx, inputs, output):
        _, packed, absmax, ctx.shape = inputs
        ctx.save_for_backward(packed, absmax)

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% other names and a tuple
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, inputs, codes, scales, size):
        ctx.save_for_backward(codes, scales)
        ctx.size = tuple(size)
        return inputs @ dequantize(codes, scales, size, dtype=inputs.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.size, grad.dtype), None, None, None


# %% a 4-bit object is kept
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.four = FourBit(packed, absmax, torch.Size(shape), torch.float32)
        return torch.tensordot(x, dequantize_4bit(ctx.four, x.dtype), dims=([x.dim() - 1], [1]))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, grad):
        dx = grad.matmul(dequantize_4bit(ctx.four, grad.dtype)) if ctx.needs_input_grad[0] else None
        return dx, None, None, None


# %% rows flattened and put back
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape, ctx.dtype, ctx.given = shape, x.dtype, x.shape
        rows = x.reshape(-1, shape[1]).mm(dequantize(packed, absmax, shape, x.dtype).t())
        return rows.reshape(*x.shape[:-1], shape[0])

    @staticmethod
    def backward(ctx, grad):
        weight = dequantize(*ctx.saved_tensors, ctx.shape, ctx.dtype)
        return (grad.reshape(-1, ctx.shape[0]).mm(weight).reshape(ctx.given),) + (None,) * 3


# %% needs_input_grad
class FourBitMatmul(torch.autograd.Function):
    """x (..., i) -> x W'.T (..., o), W' (o, i) from codes and scales; the gradient goes to x alone."""

    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        gx = grad.matmul(dequantize(packed, absmax, ctx.shape, grad.dtype)) if ctx.needs_input_grad[0] else None
        return gx, None, None, None


# %% linear
class FourBitMatmul(torch.autograd.Function):
    """x (..., i) -> x W'.T (..., o), W' (o, i) from codes and scales; the gradient goes to x alone."""

    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return F.linear(x, dequantize(packed, absmax, shape, x.dtype))

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad @ dequantize(packed, absmax, ctx.shape, grad.dtype), None, None, None


# %% backward in float32
class FourBitMatmul(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, packed, absmax, shape):
        ctx.save_for_backward(packed, absmax)
        ctx.shape = shape
        return x @ dequantize(packed, absmax, shape, x.dtype).T

    @staticmethod
    def backward(ctx, grad):
        packed, absmax = ctx.saved_tensors
        return grad.float() @ dequantize(packed, absmax, ctx.shape, torch.float32), None, None, None
