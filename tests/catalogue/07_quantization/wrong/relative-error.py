# %% norm alone message="not-relative"
def error_of(w, back):
    return (w - back).norm()


# %% mean square error message="not-relative"
def error_of(w, back):
    return F.mse_loss(back, w)


# %% mean absolute error message="not-relative"
def error_of(w, back):
    return (w - back).abs().mean()


# %% largest error message="not-relative"
def error_of(w, back):
    return (w - back).abs().max()


# %% squares message="error-squared"
def error_of(w, back):
    return (w - back).square().sum() / w.square().sum()


# %% signs cancel message="signs-cancel"
def error_of(w, back):
    return (w - back).mean()


# %% divided by back message="divided-by-back"
def error_of(w, back):
    return (w - back).norm() / back.norm()


# %% divided by the standard deviation message="divided-by-spread"
def error_of(w, back):
    return (w - back).square().mean().sqrt() / w.std()


# %% entry by entry message="entrywise"
def error_of(w, back):
    return ((w - back) / w).abs().mean()


# %% difference of norms message="error-of-norms"
def error_of(w, back):
    return (w.norm() - back.norm()).abs() / w.norm()


# %% row by row message="not-one-number"
def error_of(w, back):
    return (w - back).norm(dim=-1) / w.norm(dim=-1)


# %% mean over rows message="mean-over-rows"
def error_of(w, back):
    w, back = w.reshape(-1, w.shape[-1]), back.reshape(-1, w.shape[-1])
    return ((w - back).norm(dim=1) / w.norm(dim=1)).mean()


# %% sums of magnitudes message="magnitudes-summed"
def error_of(w, back):
    return (w - back).abs().sum() / w.abs().sum()


# %% lengths compared, with their sign message="error-of-norms"
def error_of(w, back):
    return (w.norm() - back.norm()) / w.norm()


# %% magnitudes compared message="error-of-magnitudes"
def error_of(w, back):
    return (w.abs() - back.abs()).norm() / w.norm()


# %% largest error over largest number message="largest-only"
def error_of(w, back):
    return (w - back).abs().max() / w.abs().max()


# %% spread of the difference message="divided-by-spread"
def error_of(w, back):
    return (w - back).std() / w.std()


# %% upside down message="inverted"
def error_of(w, back):
    return w.norm() / (w - back).norm()


# %% in per cent message="in-per-cent"
def error_of(w, back):
    return 100 * (w - back).norm() / w.norm()


# %% one root too many message="root-of-all"
def error_of(w, back):
    return ((w - back).norm() / w.norm()).sqrt()


# %% one root forgotten message="root-half-missing"
def error_of(w, back):
    return (w - back).norm() / w.square().sum()


# %% sum of the differences message="signs-cancel"
def error_of(w, back):
    return (w - back).sum().abs() / w.norm()


# %% divided by the largest message="divided-by-largest"
def error_of(w, back):
    return (w - back).norm() / w.abs().max()


# %% rounded message="digits-lost"
def error_of(w, back):
    return round(float((w - back).norm() / w.norm()), 2)


# %% return forgotten message="no-number"
def error_of(w, back):
    error = (w - back).norm() / w.norm()


# %% std true rms message="divided-by-spread"
def error_of(w, back): return (w - back).pow(2).mean().sqrt() / w.std(unbiased=False)


# %% tuple message="not-one-number"
def error_of(w, back): return (w - back).norm(), w.norm()


# %% with epsilon message="small-is-not-zero"
def error_of(w, back): return (w - back).norm() / (w.norm() + 1e-3)


# %% eps 1e-6 tiny weights message="small-is-not-zero"
def error_of(w, back): return (w - back).norm() / w.norm().clamp(min=1e-2)


# %% clamp to 1 message="capped"
def error_of(w, back): return min((w - back).norm() / w.norm(), torch.tensor(1.0))


# %% spectral norms message="spectral"
def error_of(w, back):
    return torch.linalg.matrix_norm(w - back, 2) / torch.linalg.matrix_norm(w, 2)
