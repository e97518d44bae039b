# %% signs kept message="signs-count"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).amax(0) < threshold).sum())


# %% the same place message="same-place-only"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old * new).sum(0).abs()[:top] < threshold).sum())


# %% the near ones message="the-near-ones"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().amax(0) >= threshold).sum())


# %% the mean message="not-the-largest"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().mean(0) < threshold).sum())


# %% one small cosine is enough message="not-the-largest"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs() < threshold).any(dim=0).sum())


# %% squared message="squared"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).square().amax(0) < threshold).sum())


# %% right singular vectors message="right-vectors"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).Vh for W in (before, after))
    return int(((new[:top] @ old.T).abs().amax(1) < threshold).sum())


# %% of the transposed weights message="right-vectors"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W.T, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% rows of U message="rows-of-U"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((new[:top] @ old.T).abs().amax(1) < threshold).sum())


# %% looked for in the other weight message="roles-exchanged"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((new.T @ old[:, :top]).abs().amax(0) < threshold).sum())


# %% the table read along the other axis message="roles-exchanged"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new).abs().amax(1)[:top] < threshold).sum())


# %% only the top of both message="top-of-before-only"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U[:, :top] for W in (before, after))
    return int(((old.T @ new).abs().amax(0) < threshold).sum())


# %% full matrices message="whole-basis"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W)[0] for W in (before, after))
    new = new[:, : min(top, *after.shape)]
    return int(((old.T @ new).abs().amax(0) < threshold).sum())


# %% of the update message="update-for-weight"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after - before))
    return int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% all of them message="top-ignored"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new).abs().amax(0) < threshold).sum())


# %% ten of them message="top-ignored"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :10]).abs().amax(0) < threshold).sum())


# %% the weakest message="weakest-first"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, -top:]).abs().amax(0) < threshold).sum())


# %% half message="threshold-ignored"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().amax(0) < 0.5).sum())


# %% from one to top message="one-less"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, : top - 1]).abs().amax(0) < threshold).sum())


# %% one more message="one-more"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, : top + 1]).abs().amax(0) < threshold).sum())


# %% a share message="share-returned"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return float(((old.T @ new[:, :top]).abs().amax(0) < threshold).double().mean())


# %% another default of top message="other-default"
def intruder_dimensions(before, after, top=50, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% no defaults message="raised-TypeError"
def intruder_dimensions(before, after, top, threshold):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% a tensor message="not-a-number"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return ((old.T @ new[:, :top]).abs().amax(0) < threshold).sum()


# %% a float message="not-whole"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return float(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% the places message="not-a-number"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return ((old.T @ new[:, :top]).abs().amax(0) < threshold).nonzero().flatten().tolist()


# %% return forgotten message="not-a-number"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% scaled in place message="changes-a-tensor"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    before /= before.norm()
    after /= after.norm()
    old, new = (torch.linalg.svd(W, full_matrices=False).U for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% kept by shape message="kept-from-before"
kept = {}
def intruder_dimensions(before, after, top=10, threshold=0.5):
    if tuple(before.shape) not in kept:
        kept[tuple(before.shape)] = [torch.linalg.svd(W, full_matrices=False).U for W in (before, after)]
    old, new = kept[tuple(before.shape)]
    return int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% the rows of the weight message="wrong-count"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old, new = (W / W.norm(dim=0) for W in (before, after))
    return int(((old.T @ new[:, :top]).abs().amax(0) < threshold).sum())


# %% length of the projection message="projected"
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old = torch.linalg.svd(before, full_matrices=False).U
    new = torch.linalg.svd(after, full_matrices=False).U[:, :top]
    cosines = (old.T @ new).norm(dim=0)
    return int((cosines < threshold).sum())
