# %% the order of torch, decay first
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    theta = theta * (1 - lr * weight_decay)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps)
    return theta, m, v

# %% lerp and addcmul on copies
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = m.lerp(g, 1 - beta1)
    v = (v * beta2).addcmul(g, g, value=1 - beta2)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% correction as a step size
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    size = lr / (1 - beta1**t)
    root = v.sqrt() / (1 - beta2**t) ** 0.5 + eps
    theta = theta - size * m / root - lr * weight_decay * theta
    return theta, m, v

# %% out-of-place methods and a list
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = torch.add(beta1 * m, g, alpha=1 - beta1)
    v = torch.add(beta2 * v, g.square(), alpha=1 - beta2)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    decayed = theta - lr * weight_decay * theta
    theta = torch.addcdiv(decayed, m_hat, torch.sqrt(v_hat) + eps, value=-lr)
    return [theta, m, v]

# %% torch.optim.AdamW with its state set
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    p = nn.Parameter(theta.clone())
    p.grad = g
    o = torch.optim.AdamW([p], lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=weight_decay)
    o.state[p] = {"step": torch.tensor(float(t - 1)), "exp_avg": m.clone(), "exp_avg_sq": v.clone()}
    o.step()
    return p.detach(), o.state[p]["exp_avg"], o.state[p]["exp_avg_sq"]

# %% lerp with the old mean, pow
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = torch.lerp(g, m, beta1)
    v = torch.lerp(g.pow(2), v, beta2)
    b1, b2 = 1 - pow(beta1, t), 1 - pow(beta2, t)
    upd = (m / b1).div((v / b2).pow(0.5).add(eps)).add(theta, alpha=weight_decay)
    return theta.sub(upd, alpha=lr), m, v

# %% the decay inside the parentheses
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m1, v1 = m * beta1 + g * (1 - beta1), v * beta2 + g * g * (1 - beta2)
    return theta - lr * ((m1 / (1 - beta1 ** t)) / (torch.sqrt(v1 / (1 - beta2 ** t)) + eps) + weight_decay * theta), m1, v1
