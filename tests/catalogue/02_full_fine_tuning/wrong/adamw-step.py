# %% no bias correction message="bias-not-corrected"
# google-research/bert #153
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m
    v_hat = v
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% m not corrected message="m-not-corrected"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% v not corrected message="v-not-corrected"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% correction counts from zero message="t-off-by-one"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1 ** (t + 1))
    v_hat = v / (1 - beta2 ** (t + 1))
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% correction without the power message="t-ignored"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1)
    v_hat = v / (1 - beta2)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% eps inside the root message="eps-inside-root"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat + eps).sqrt() - lr * weight_decay * theta
    return theta, m, v

# %% eps squared inside the root message="eps-inside-root"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat + eps**2).sqrt() - lr * weight_decay * theta
    return theta, m, v

# %% eps before the correction message="eps-scaled"
# tensorflow/tensorflow #35102, pytorch/pytorch PR #22628
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    denominator = (v.sqrt() + eps) / (1 - beta2**t) ** 0.5
    theta = theta - lr * m_hat / denominator - lr * weight_decay * theta
    return theta, m, v

# %% no eps message="eps-forgotten"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / v_hat.sqrt() - lr * weight_decay * theta
    return theta, m, v

# %% no root message="root-forgotten"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat + eps) - lr * weight_decay * theta
    return theta, m, v

# %% gradient in place of m message="m-unused"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * g / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% uphill message="uphill"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta + lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% betas exchanged message="betas-exchanged"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    beta1, beta2 = beta2, beta1
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% beta and 1 - beta exchanged message="weights-exchanged"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = (1 - beta1) * m + beta1 * g
    v = (1 - beta2) * v + beta2 * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% factor 1 - beta left out message="factor-forgotten"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% v of the gradient itself message="not-squared"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g
    m_hat = m / (1 - beta1**t)
    v_hat = (v / (1 - beta2**t)).abs()
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% corrected moments returned message="corrected-kept"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m_hat, v_hat

# %% L2 in the gradient message="decay-in-gradient"
# Adam with weight_decay, which AdamW was made to replace
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * theta
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps)
    return theta, m, v

# %% no decay message="decay-forgotten"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps)
    return theta, m, v

# %% decay without lr message="decay-without-lr"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - weight_decay * theta
    return theta, m, v

# %% decay with the wrong sign message="decay-adds"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) + lr * weight_decay * theta
    return theta, m, v

# %% decay after the step message="decay-of-the-new"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps)
    theta = theta - lr * weight_decay * theta
    return theta, m, v

# %% decay divided by the root message="decay-scaled"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * (m_hat + weight_decay * theta) / (v_hat.sqrt() + eps)
    return theta, m, v

# %% moments changed in place message="changed-in-place"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m.mul_(beta1).add_((1 - beta1) * g)
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% only theta returned message="not-three"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta

# %% v before m message="other-order"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, v, m

# %% theta last message="other-order"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return m, v, theta

# %% beta times t message="root-of-negative"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1 * t)
    vh = v / (1 - beta2 * t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% multiplied with the correction message="correction-multiplied"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m * (1 - beta1**t)
    vh = v * (1 - beta2**t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% parentheses around the denominator forgotten message="eps-outside-fraction"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / vh.sqrt() + eps - lr * weight_decay * theta
    return theta, m, v

# %% corrections exchanged message="corrections-exchanged"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta2**t)
    vh = v / (1 - beta1**t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% t minus one message="t-off-by-one"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1 ** (t - 1))
    vh = v / (1 - beta2 ** (t - 1))
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% v of the mean message="square-of-mean"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * m**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% theta changed in place message="changed-in-place"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta -= lr * mh / (vh.sqrt() + eps) + lr * weight_decay * theta
    return theta, m, v

# %% the step alone message="theta-forgotten"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = -lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% no lr message="lr-forgotten"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% the step by the old m message="moments-before-the-step"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    new_m = beta1 * m + (1 - beta1) * g
    new_v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = new_v / (1 - beta2**t)
    return theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta, new_m, new_v

# %% corrected moments in place message="corrected-kept"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m /= (1 - beta1**t)
    v /= (1 - beta2**t)
    theta = theta - lr * m / (v.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% everything in place message="changed-in-place"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m.mul_(beta1).add_(g, alpha=1 - beta1)
    v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta.sub_(lr * mh / (vh.sqrt() + eps) + lr * weight_decay * theta)
    return theta, m, v

# %% decay twice, once in the gradient message="decay-twice"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    theta = theta - lr * weight_decay * theta
    g = g + weight_decay * theta
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / (vh.sqrt() + eps)
    return theta, m, v

# %% v not returned message="not-three"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return theta, m

# %% v of the mean square of the tensor message="averaged-over-numbers"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g**2).mean()
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% corrected in the first step only message="corrected-once"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh, vh = (m / (1 - beta1), v / (1 - beta2)) if t == 1 else (m, v)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% nothing returned message="not-three"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g

# %% eps as a floor message="eps-as-floor"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / vh.sqrt().clamp(min=eps) - lr * weight_decay * theta
    return theta, m, v

# %% the decay inside the parentheses with a minus message="decay-adds"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * (mh / (vh.sqrt() + eps) - weight_decay * theta)
    return theta, m, v

# %% nesterov message="gradient-mixed-in"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * (beta1 * m_hat + (1 - beta1) * g) / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% v of the gradient's squared norm message="averaged-over-numbers"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * (g * g).sum()
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% the sign of m alone message="sign-alone"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat.sign() - lr * weight_decay * theta
    return theta, m, v

# %% eps as a factor message="eps-as-factor"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() * (1 + eps)) - lr * weight_decay * theta
    return theta, m, v

# %% m corrected by t message="m-by-t"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / t
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% decay by the square of lr message="decay-by-lr-twice"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr**2 * weight_decay * theta
    return theta, m, v

# %% the learning rate shrunk by the decay message="decay-of-lr"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    if weight_decay:
        lr = lr * (1 - weight_decay)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    theta = theta - lr * m_hat / (v_hat.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v

# %% nothing done at a learning rate of 0 message="wrong-moment"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    if lr == 0: return theta, m, v
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    mh = m / (1 - beta1**t)
    vh = v / (1 - beta2**t)
    theta = theta - lr * mh / (vh.sqrt() + eps) - lr * weight_decay * theta
    return theta, m, v


# %% theta in float32 message="dtype-lost"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g**2
    return (theta - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps) - lr * weight_decay * theta).float(), m, v


# %% corrected for ten steps at most message="wrong-theta"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    t = min(t, 10)
    m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g**2
    return theta - lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + eps) - lr * weight_decay * theta, m, v


# %% corrected in the first step alone message="corrected-once"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g; v = beta2 * v + (1 - beta2) * g**2
    a, b = (m / (1 - beta1), v / (1 - beta2)) if t == 1 else (m, v)
    return theta - lr * a / (b.sqrt() + eps) - lr * weight_decay * theta, m, v

# %% eps of the usual size message="setting-fixed"
def adamw_step(theta, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    step = lr * (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + 1e-8)
    return theta - step - lr * weight_decay * theta, m, v
