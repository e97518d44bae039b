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


# %% mean over rows message="wrong-error"
def error_of(w, back):
    w, back = w.reshape(-1, w.shape[-1]), back.reshape(-1, w.shape[-1])
    return ((w - back).norm(dim=1) / w.norm(dim=1)).mean()


# %% sums of magnitudes message="wrong-error"
def error_of(w, back):
    return (w - back).abs().sum() / w.abs().sum()
