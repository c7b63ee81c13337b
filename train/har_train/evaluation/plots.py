"""The plots of a report: confusion matrix, reliability diagram, users, and t-SNE of the features.

Each function returns a new figure, without matplotlib's global state. Colours are those of Okabe and Ito (Color
Universal Design, 2008), which colour-blind readers can tell apart; with more classes than colours, the marker changes.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.scores import Scores
from har_train.evaluation.judgement import BINS, Calibration, Judgement

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, VERMILLION, GREY = "#0072B2", "#D55E00", "#777777"
COLOURS = (BLUE, "#E69F00", "#009E73", "#CC79A7", "#56B4E9", VERMILLION, "#000000")
"""Without Okabe and Ito's yellow, which is hard to see on white."""
MARKERS = "o^sDPv*X"
LAYERS = 12
"""Slices in which the points of a scatter plot are drawn, so that no class covers all others."""
FEW_WINDOWS = 20
"""A bin with fewer windows is not reliable: its point is hollow."""
EMBEDDED = 3000
"""Windows in a t-SNE plot: more take minutes and cover each other."""
MIN_EMBEDDED = 10
"""With fewer windows there is no neighbourhood to show."""


@dataclass(frozen=True)
class Embedding:
    """Features of windows: the output of the encoder.

    Raises:
        DataError: arrays of different lengths, or features that are not finite.
    """

    features: NDArray[np.float32]
    """Shape (n, d)."""
    y: NDArray[np.int64]
    """Class as an index into the labels, shape (n,)."""
    user: NDArray[np.str_]
    """Shape (n,)."""

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or not len(self.features) == len(self.y) == len(self.user):
            raise DataError(
                f"embedding: features {self.features.shape}, y {self.y.shape} and user {self.user.shape} do not fit"
            )
        if not np.isfinite(self.features).all():
            raise DataError("embedding: features with NaN or infinite values")


def subsample(embedding: Embedding, seed: int, limit: int = EMBEDDED) -> Embedding:
    """At most about `limit` windows, with every class in proportion and at least one of each."""
    if len(embedding.y) <= limit:
        return embedding
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    for index in np.unique(embedding.y):
        own = np.flatnonzero(embedding.y == index)
        chosen += rng.choice(own, max(1, limit * len(own) // len(embedding.y)), replace=False).tolist()
    keep = np.sort(chosen)
    return replace(embedding, features=embedding.features[keep], y=embedding.y[keep], user=embedding.user[keep])


def embed(features: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Two t-SNE coordinates (van der Maaten and Hinton 2008) of each row, shape (n, d) to (n, 2)."""
    from sklearn.manifold import TSNE

    tsne = TSNE(perplexity=min(30.0, (len(features) - 1) / 3), init="pca", random_state=seed, n_jobs=1)
    return np.asarray(tsne.fit_transform(features), np.float32)


def confusion_matrix(scores: Scores) -> "Figure":
    """Percent of each true class, as Figure 8 of the paper: rows are the truth, columns the prediction.

    Colour follows the square root of the share, so that an error of 3 % can be seen; an empty cell is exactly 0.
    """
    labels = [_plain(row.label) for row in scores.classes]
    counts = np.array(scores.confusion, np.int64)
    support = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, support, out=np.zeros(counts.shape), where=support > 0)
    side = 2.2 + 0.62 * len(labels)
    figure = _figure(side + 0.9, side)
    axes = figure.add_subplot()
    axes.imshow(np.sqrt(share), cmap="Blues", vmin=0, vmax=1)
    for row, column in np.argwhere(counts > 0):
        value = 100 * share[row, column]
        text = "100" if value == 100 else f"{value:.1f}"
        colour = "white" if value > 30 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
    axes.set_xticks(range(len(labels)), labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(labels)), [f"{label} ({n:,})" for label, n in zip(labels, support[:, 0], strict=True)])
    axes.set_xlabel("predicted")
    axes.set_ylabel("truth (windows)")
    axes.set_title(f"Windows of each class, %; macro-F1 {100 * scores.macro_f1:.2f} %", fontsize=11)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(len(labels) - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(labels) - 1) + 0.5, minor=True)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.tick_params(which="minor", length=0)
    return figure


def reliability_diagram(calibration: Calibration) -> "Figure":
    """Accuracy against confidence by bin (Guo et al. 2017, figure 1), and the number of windows in each bin."""
    figure = _figure(5.6, 7.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    filled = [entry for entry in calibration.bins if entry.confidence is not None and entry.accuracy is not None]
    x = np.array([entry.confidence for entry in filled], np.float64)
    y = np.array([entry.accuracy for entry in filled], np.float64)
    few = np.array([entry.count < FEW_WINDOWS for entry in filled], bool)
    upper.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1, label="perfectly calibrated")
    upper.vlines(x, np.minimum(x, y), np.maximum(x, y), color=VERMILLION, linewidth=1.5, label="gap")
    upper.plot(x[~few], y[~few], "o", color=BLUE, markersize=7, label="windows of one bin")
    if few.any():
        upper.plot(
            x[few], y[few], "o", color=BLUE, mfc="white", markersize=7, label=f"fewer than {FEW_WINDOWS} windows"
        )
    upper.set_ylabel("accuracy")
    upper.set_ylim(-0.02, 1.02)
    upper.legend(frameon=False, loc="upper left")
    upper.set_title(f"Expected calibration error {100 * calibration.ece:.2f} %", fontsize=11)
    counts = np.array([entry.count for entry in calibration.bins])
    centres = (np.arange(BINS) + 0.5) / BINS
    lower.bar(centres, counts / counts.sum(), width=0.9 / BINS, color=BLUE)
    for centre, count in zip(centres, counts, strict=True):
        if count:
            lower.text(centre, count / counts.sum(), f"{count:,}", ha="center", va="bottom", fontsize=7)
    lower.set_ylabel("share of windows")
    lower.set_ylim(0, 1.15 * counts.max() / counts.sum())
    lower.set_xlim(-0.02, 1.02)
    lower.set_xlabel("confidence")
    for axes in (upper, lower):
        _quiet(axes)
    return figure


def user_scores(judgement: Judgement) -> "Figure":
    """Macro-F1 of each user, worst at the top, beside that of all users with its interval."""
    from matplotlib.ticker import MaxNLocator

    names = sorted(judgement.users, key=lambda name: (judgement.users[name].macro_f1, name))
    values = np.array([100 * judgement.users[name].macro_f1 for name in names])
    rows = np.arange(len(names))
    figure = _figure(6.4, 1.5 + 0.24 * len(names))
    axes = figure.add_subplot()
    axes.axvline(100 * judgement.scores.macro_f1, color=GREY, linewidth=1, label="all users together")
    if judgement.interval is not None:
        low, high = (100 * end for end in judgement.interval)
        axes.axvspan(low, high, color=GREY, alpha=0.2, linewidth=0, label="its 95 % interval")
    axes.scatter(values, rows, s=36, color=[VERMILLION, *[BLUE] * (len(names) - 1)], zorder=3, clip_on=False)
    for row, value in enumerate(values):
        axes.text(1.02, row, f"{value:.1f}", transform=axes.get_yaxis_transform(), va="center", fontsize=9)
    axes.set_yticks(rows, names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(max(0, 5 * np.floor((values.min() - 1) / 5)), 100)
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
    axes.set_xlabel("macro-F1, %")
    axes.set_title(f"Each user, {names[0]} worst", fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, frameon=False)
    _quiet(axes)
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.7)
    axes.set_axisbelow(True)
    return figure


def embedding_plots(embedding: Embedding, labels: tuple[str, ...], seed: int) -> dict[str, "Figure"]:
    """The same t-SNE points coloured by "activity" and by "user", as in Figures 9 to 11 of the paper.

    Empty with fewer than ten windows.
    """
    if len(embedding.y) < MIN_EMBEDDED:
        return {}
    shown = subsample(embedding, seed)
    points = embed(shown.features, seed)
    present = np.unique(shown.y)
    people, person = np.unique(shown.user, return_inverse=True)
    activities = [_plain(labels[index]) for index in present]
    return {
        "activity": _scatter(points, np.searchsorted(present, shown.y), activities, "Features by activity", seed),
        "user": _scatter(points, person, people.tolist(), "The same features by user", seed),
    }


def _scatter(points: NDArray[np.float32], group: NDArray[np.intp], names: list[str], title: str, seed: int) -> "Figure":
    columns = 1 + (len(names) - 1) // 20
    figure = _figure(6.0 + 1.3 * columns, 5.6)
    axes = figure.add_subplot()
    order = np.random.default_rng(seed).permutation(len(points))
    styles: list[dict[str, Any]] = [
        {"color": COLOURS[n % len(COLOURS)], "marker": MARKERS[n // len(COLOURS) % len(MARKERS)]}
        for n in range(len(names))
    ]
    for layer in np.array_split(order, LAYERS):
        for index, style in enumerate(styles):
            x, y = points[layer[group[layer] == index]].T
            axes.scatter(x, y, s=12, alpha=0.7, linewidths=0, **style)
    handles = [
        axes.scatter([], [], s=40, linewidths=0, label=name, **style) for name, style in zip(names, styles, strict=True)
    ]
    figure.legend(handles=handles, loc="outside right upper", ncols=columns, frameon=False, fontsize=9)
    axes.set_title(f"{title}: t-SNE of {len(points):,} windows", fontsize=11)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="datalim")
    axes.spines[:].set_color("#CCCCCC")
    return figure


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=150)


def _quiet(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)


def _plain(label: str) -> str:
    return label.replace("_", " ")
