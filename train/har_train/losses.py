"""The user-aware supervised contrastive loss of section 3.2.3 (c) and (d)."""

import torch
from torch import Tensor


def user_aware_supcon(
    z: Tensor,
    activity: Tensor,
    user: Tensor,
    temperature: float = 0.1,
    reduction: str = "mean",
    window: Tensor | None = None,
) -> Tensor:
    """Supervised contrastive loss in which other users' same activity attracts and one's own other activities repel.

    For an anchor i, positives P(i) are the samples of the same activity and another user, negatives those of another
    activity and the same user; the sum in the denominator, A(i), runs over both and nothing else.

    What the text leaves open, and how it is read here: the sum over anchors is averaged, as in the SupCon reference, so
    that lambda means the same for any batch size; an anchor without a positive says nothing and is left out; an
    anchor's own second view (same user, same activity) is neither positive nor negative.

    Args:
        z: embeddings of length 1, shape (n, d); both views of a batch stacked.
        activity: class of each, shape (n,).
        user: wearer of each as a number, shape (n,).
        temperature: tau; 0.1 in Table 2.
        reduction: "mean" over the anchors, or "sum", the formula by the letter.
        window: where given, shape (n,), samples with the same number are views of one window and count as positives
            of each other: the other reading of the text.

    Returns:
        A scalar; 0 where no anchor has a positive.
    """
    same_activity = activity[:, None] == activity[None, :]
    same_user = user[:, None] == user[None, :]
    positive = same_activity & ~same_user
    negative = ~same_activity & same_user
    if window is not None:
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
        positive = positive | ((window[:, None] == window[None, :]) & ~itself)
    similarity = z @ z.T / temperature
    denominator = similarity.masked_fill(~(positive | negative), -torch.inf).logsumexp(dim=1, keepdim=True)
    log_probability = torch.where(positive, similarity - denominator, 0.0)
    count = positive.sum(dim=1)
    anchors = count > 0
    if not bool(anchors.any()):
        return (z * 0).sum()
    loss = -log_probability.sum(dim=1)[anchors] / count[anchors]
    return loss.mean() if reduction == "mean" else loss.sum()
