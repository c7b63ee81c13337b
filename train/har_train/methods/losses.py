"""The contrastive losses of the paper's ablations (section 3.2.3 and Table 9): one formula, three ways to pair."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize


@dataclass(frozen=True)
class Views:
    """Labels of the samples of a batch; each array has shape (n,)."""

    activity: Tensor
    user: Tensor
    window: Tensor
    """Samples with the same number are views of one window."""
    allowed: Tensor | None = None
    """Whether a sample may be the class of the column, shape (n, classes); None if `activity` is the class."""


def pair_masks(views: Views, pairs: str, own_view: str = "ignored") -> tuple[Tensor, Tensor]:
    """The positives of each anchor, and the samples in its denominator: two boolean masks of shape (n, n).

    - "simclr": the other view of the same window is positive, all others negative (NT-Xent of SimCLR, Chen et al. 2020,
      equation 1). Labels are not used.
    - "activity": the same activity is positive, all others negative (SupCon, Khosla et al. 2020, equation 2).
    - "activity-user": the same activity of *other* users is positive, other activities of the *same* user are negative,
      and the denominator has only these (section 3.2.3 c and d).

    The paper leaves open what an anchor's own second view (same user, same activity) is to "activity-user". Here it is
    neither positive nor negative; with `own_view` "positive" it is positive.

    Samples that may be of one activity or may not (one is labelled "stairs", the other "stairs_up") are neither.
    """
    others = ~torch.eye(len(views.window), dtype=torch.bool, device=views.window.device)
    same_window = _same(views.window) & others
    same_activity, other_activity = _activities(views)
    if pairs == "simclr":
        return same_window, others
    if pairs == "activity":
        return same_activity & others, (same_activity | other_activity) & others
    same_user = _same(views.user)
    positive = same_activity & ~same_user
    if own_view == "positive":
        positive = positive | same_window
    return positive, positive | (other_activity & same_user)


def contrastive_loss(
    z: Tensor, positive: Tensor, among: Tensor, temperature: float = 0.1, reduction: str = "mean"
) -> Tensor:
    """SupCon with summation outside the logarithm, over given pairs.

    For an anchor i: minus the mean over its positives p of log(exp(z_i z_p / tau) / sum over `among` of exp(z_i z_a /
    tau)). Anchors without a positive are skipped. The sum over anchors is averaged, as in the SupCon reference code, so
    that lambda means the same for any batch size; the paper leaves that open.

    Args:
        z: embeddings of length 1, shape (n, d); both views of a batch stacked.
        positive: shape (n, n), true if the column is a positive of the row.
        among: shape (n, n), true if the column is in the row's denominator; includes `positive`.
        temperature: tau; 0.1 in Table 2.
        reduction: "mean" over the anchors, or "sum", as in the paper's formula.

    Returns:
        A scalar; 0 if no anchor has a positive.
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


def nt_xent(embeddings: Tensor, temperature: float, no_negatives: Tensor | None = None) -> Tensor:
    """NT-Xent of SimCLR (Chen et al. 2020, equation 1) over two views of each window.

    Args:
        embeddings: of any length; the first views, then the second ones in the same order, shape (2n, d).
        temperature: tau.
        no_negatives: pairs that do not count as negatives, shape (2n, 2n); the two views of a window stay a positive.
    """
    window = torch.arange(len(embeddings) // 2, device=embeddings.device).repeat(2)
    positive, among = pair_masks(Views(window, window, window), "simclr")
    if no_negatives is not None:
        among = positive | (among & ~no_negatives)
    with torch.autocast(embeddings.device.type, enabled=False):
        return contrastive_loss(normalize(embeddings.float(), dim=1), positive, among, temperature)


def _activities(views: Views) -> tuple[Tensor, Tensor]:
    """Whether two samples are surely of one activity, and surely of two, both of shape (n, n)."""
    same = _same(views.activity)
    if views.allowed is None:
        return same, ~same
    allowed = views.allowed.float()
    certain = allowed.sum(dim=1) == 1
    return same & certain[:, None] & certain, allowed @ allowed.T == 0


def _same(values: Tensor) -> Tensor:
    return values[:, None] == values[None, :]
