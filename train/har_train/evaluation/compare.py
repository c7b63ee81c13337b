"""Compares two evaluations of the same users: is the difference larger than chance in who was measured?"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from har_runtime.errors import DataError
from har_runtime.tables import TableError, read_json
from har_train.evaluation.judgement import (
    FEW_USERS,
    REPLICATES,
    Judgement,
    drawn_users,
    interval_of,
    judgement_from_dict,
    macro_f1,
)
from har_train.evaluation.report import FORMAT, REPORT, percent


@dataclass(frozen=True)
class Comparison:
    """The difference B - A over the same windows of the same users."""

    macro_f1_a: float
    macro_f1_b: float
    """Over the windows of all users together."""
    interval: tuple[float, float] | None
    """95 % interval of B - A over users; None with one user.

    Both sides use the same resampled users, so that a user who is hard for both does not widen it. It says how far the
    difference depends on which people were measured; two trainings of one recipe differ as well, which is not in it.
    """
    users: dict[str, float]
    """Macro-F1 of B minus that of A, by user."""
    replicates: int = REPLICATES
    seed: int = 0

    @property
    def difference(self) -> float:
        """Macro-F1 of B minus that of A."""
        return self.macro_f1_b - self.macro_f1_a

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval is on one side of 0."""
        return self.interval is not None and (self.interval[0] > 0 or self.interval[1] < 0)

    @property
    def better(self) -> int:
        """Users for whom B has the higher macro-F1."""
        return sum(value > 0 for value in self.users.values())

    @property
    def worse(self) -> int:
        """Users for whom A has the higher macro-F1."""
        return sum(value < 0 for value in self.users.values())

    @property
    def equal(self) -> int:
        """Users for whom both have the same."""
        return sum(value == 0 for value in self.users.values())

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        found = {name: getattr(self, name) for name in ("difference", "excludes_zero", "better", "worse", "equal")}
        return {**found, **asdict(self)}


MAX_REPORT_BYTES = 50_000_000
"""Of a report.json; one of 46 users has 300,000."""


@dataclass(frozen=True)
class StoredEvaluation:
    """The content of a report.json."""

    document: dict[str, Any]
    """Everything except the judgement: recipe, data set, protocol, ..."""
    judgement: Judgement


def compare(a: Judgement, b: Judgement, seed: int = 0, replicates: int = REPLICATES) -> Comparison:
    """The paired difference B - A of the macro-F1, with its interval by resampling users.

    Raises:
        DataError: the two sides differ in users, labels or windows.
    """
    _check_paired(a, b)
    first, second = (macro_f1(drawn_users(side.user_confusions(), seed, replicates)) for side in (a, b))
    return Comparison(
        macro_f1_a=a.scores.macro_f1,
        macro_f1_b=b.scores.macro_f1,
        interval=interval_of(second - first) if len(a.users) > 1 else None,
        # Rounded, so that F1 scores summed in another order make no difference.
        users={name: round(b.users[name].macro_f1 - a.users[name].macro_f1, 12) for name in a.users},
        replicates=replicates,
        seed=seed,
    )


def _check_paired(a: Judgement, b: Judgement) -> None:
    """Make sure that both sides have the same users with as many windows of each class: counts cannot tell more."""
    if a.labels != b.labels:
        raise DataError(f"A has the labels {', '.join(a.labels)}, B {', '.join(b.labels)}: they cannot be compared")
    for name, mine, other in (("A", a, b), ("B", b, a)):
        alone = [user for user in mine.users if user not in other.users]
        if alone:
            raise DataError(f"only {name} was tested on {', '.join(alone)}: compare evaluations of the same users")
    supports = zip(sorted(a.users), a.user_confusions().sum(axis=2), b.user_confusions().sum(axis=2), strict=True)
    for user, in_a, in_b in supports:
        for label, count_a, count_b in zip(a.labels, in_a.tolist(), in_b.tolist(), strict=True):
            if count_a != count_b:
                raise DataError(
                    f"user {user} has {count_a} windows of {label} in A and {count_b} in B: compare evaluations of the "
                    "same windows"
                )


def read_evaluation(path: Path) -> StoredEvaluation:
    """Read the report.json of `har-train evaluate` or `cross-validate`, given as a file or its folder.

    Raises:
        DataError: missing, not JSON, not an evaluation, or damaged.
    """
    file = path / REPORT if path.is_dir() else path
    try:
        document = read_json(file, MAX_REPORT_BYTES)
    except FileNotFoundError as error:
        raise DataError(f"{file}: no such file; give the {REPORT} of har-train evaluate or its folder") from error
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror or error})") from error
    except TableError as error:
        raise DataError(f"{file}: not a JSON file ({error}); give the {REPORT} of har-train evaluate") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DataError(
            f"{file}: not an evaluation (format {FORMAT} is missing); give the {REPORT} of har-train evaluate"
        )
    judgement = judgement_from_dict(document.get("judgement"), str(file))
    rest = {key: value for key, value in document.items() if key not in ("format", "judgement")}
    return StoredEvaluation(rest, judgement)


def comparison_lines(result: Comparison, a: str = "A", b: str = "B") -> list[str]:
    """The comparison as text; `a` and `b` are the names of the two."""
    width = max(len(user) for user in result.users)
    lines = [f"{'user':{width}}   B - A, macro-F1 in points"]
    lines += [
        f"{user:{width}} {100 * value:+9.2f}"
        for user, value in sorted(result.users.items(), key=lambda item: (item[1], item[0]))
    ]
    difference = f"{100 * result.difference:+.2f} points"
    lines += [
        "",
        f"A: {a}: macro-F1 {percent(result.macro_f1_a)} %",
        f"B: {b}: macro-F1 {percent(result.macro_f1_b)} %",
        f"users for whom B is better {result.better}, worse {result.worse}, equal {result.equal}",
    ]
    if result.interval is None:
        return [*lines, f"B - A: {difference}; an interval needs more than one user"]
    low, high = (100 * end for end in result.interval)
    few = f" (too narrow with fewer than {FEW_USERS} users)" if len(result.users) < FEW_USERS else ""
    lines.append(f"B - A: {difference}, 95 % interval over users {low:+.2f} to {high:+.2f}{few}")
    if result.excludes_zero:
        lines.append(f"{'B' if low > 0 else 'A'} is better: the interval excludes 0")
    else:
        lines.append("no difference shown: the interval includes 0")
    return lines
