# %% einsum over both bases
def intruder_dimensions(before, after, top=10, threshold=0.5):
    U0, U1 = (torch.linalg.svd(W, full_matrices=False)[0] for W in (before, after))
    table = torch.einsum("oi,oj->ij", U0, U1[:, :top]).abs()
    return (table.max(dim=0).values < threshold).sum().item()


# %% a loop over vectors
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old = torch.linalg.svd(before, full_matrices=False).U.T
    new = torch.linalg.svd(after, full_matrices=False).U.T
    count = 0
    for y in new[:top]:
        if max(abs(float(y @ u)) for u in old) < threshold:
            count += 1
    return count


# %% all far away
def intruder_dimensions(before, after, top=10, threshold=0.5):
    old = torch.linalg.svd(before, full_matrices=False).U
    new = torch.linalg.svd(after, full_matrices=False).U
    far = (new.T @ old).abs() < threshold
    return int(far.all(dim=1)[:top].sum())


# %% right vectors of the transposes, in float64
def intruder_dimensions(before, after, top=10, threshold=0.5):
    V0 = torch.linalg.svd(before.double().T, full_matrices=False).Vh
    V1 = torch.linalg.svd(after.double().T, full_matrices=False).Vh[:top]
    return int(((V1 @ V0.T).square().amax(1) < threshold**2).sum())


# %% eigenvectors of W W.T, strongest last
def intruder_dimensions(before, after, top=10, threshold=0.5):
    m = min(before.shape)
    old, new = (torch.linalg.eigh(W.double() @ W.double().T).eigenvectors[:, -m:] for W in (before, after))
    new = new.flip(1)[:, :top]
    return int(((old.T @ new).abs().max(0)[0] < threshold).sum())


# %% cosine similarity by name
def intruder_dimensions(before, after, top=10, threshold=0.5):
    U0 = torch.svd(before)[0]
    U1 = torch.svd(after)[0]
    k = min(top, U1.shape[1])
    best = [torch.nn.functional.cosine_similarity(U0, U1[:, [j]], dim=0).abs().max() for j in range(k)]
    return len([value for value in best if value < threshold])


# %% what is near, taken away
def intruder_dimensions(before, after, top=10, threshold=0.5):
    U0 = torch.linalg.svd(before, full_matrices=False).U
    U1 = torch.linalg.svd(after, full_matrices=False).U[:, :top]
    return U1.shape[1] - int(((U0.mT @ U1).abs() >= threshold).any(dim=0).sum())
