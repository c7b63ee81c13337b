"""The contrastive losses of the paper's ablations (section 3.2.3 and Table 9): one formula over three ways to pair."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Views:
    """What is known of the samples of a batch; each array has shape (n,)."""

    activity: Tensor
    user: Tensor
    window: Tensor
    """Samples with the same number are views of one window."""


def pair_masks(views: Views, pairs: str, own_view: str = "ignored") -> tuple[Tensor, Tensor]:
    """Who attracts whom, and over whom the denominator runs: two boolean masks of shape (n, n).

    - "simclr": the other view of the same window attracts, everybody else repels (NT-Xent of SimCLR, Chen et al. 2020,
      equation 1). Labels are not used.
    - "activity": the same activity attracts, everybody else repels (SupCon, Khosla et al. 2020, equation 2).
    - "activity-user": the same activity of *other* users attracts, other activities of the *same* user repel, and the
      denominator runs over these alone (section 3.2.3 c and d).

    What the text leaves open for "activity-user", and how it is read here: an anchor's own second view (same user, same
    activity) is neither positive nor negative; `own_view` "positive" makes it one, the other reading.
    """
    others = ~torch.eye(len(views.window), dtype=torch.bool, device=views.window.device)
    same_window = _same(views.window) & others
    same_activity = _same(views.activity)
    if pairs == "simclr":
        return same_window, others
    if pairs == "activity":
        return same_activity & others, others
    same_user = _same(views.user)
    positive = same_activity & ~same_user
    if own_view == "positive":
        positive = positive | same_window
    return positive, positive | (~same_activity & same_user)


def contrastive_loss(
    z: Tensor, positive: Tensor, among: Tensor, temperature: float = 0.1, reduction: str = "mean"
) -> Tensor:
    """SupCon with summation outside the logarithm, over given pairs.

    For an anchor i: minus the mean over its positives p of log(exp(z_i z_p / tau) / sum over `among` of exp(z_i z_a /
    tau)). An anchor without a positive says nothing and is left out. The sum over anchors is averaged, as in the SupCon
    reference, so that lambda means the same for any batch size; the paper's text leaves that open.

    Args:
        z: embeddings of length 1, shape (n, d); both views of a batch stacked.
        positive: shape (n, n), true where column attracts row.
        among: shape (n, n), true where column counts in row's denominator; holds `positive`.
        temperature: tau; 0.1 in Table 2.
        reduction: "mean" over the anchors, or "sum", the formula by the letter.

    Returns:
        A scalar; 0 where no anchor has a positive.
    """
    similarity = z @ z.T / temperature
    denominator = similarity.masked_fill(~among, -torch.inf).logsumexp(dim=1, keepdim=True)
    log_probability = torch.where(positive, similarity - denominator, 0.0)
    count = positive.sum(dim=1)
    anchors = count > 0
    if not bool(anchors.any()):
        return (z * 0).sum()
    loss = -log_probability.sum(dim=1)[anchors] / count[anchors]
    return loss.mean() if reduction == "mean" else loss.sum()


def _same(values: Tensor) -> Tensor:
    return values[:, None] == values[None, :]
