"""Records of YAML with `---` between them, as `rostopic echo` and `ros2 topic echo` print messages, as lines of CSV."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from har_runtime.sources.column_names import AXES

END: Final = "---"
MAX_NAMES: Final = 300
MAX_LINES: Final = 2000
"""Of a record; a longer one is none."""
_ENTRY: Final = re.compile(r"( *)(?:- )?([A-Za-z_][\w.]*):(?:[ \t]+(\S.*?))?[ \t]*$")
_MARKS: Final = "\"' \t"


def as_lines(head: Sequence[str]) -> Callable[[Iterator[str]], Iterator[str]] | None:
    """What makes the lines of a table of those of such records; None for any other file.

    Args:
        head: the first lines of the file.

    >>> record = ["acc:\\n", "  x: 0.5\\n", "  y: 1.0\\n", "t: 2\\n", "---\\n"]
    >>> list(as_lines(record * 2)(iter(record * 2)))
    ['acc_x,acc_y,t\\n', '0.5,1.0,2\\n', '0.5,1.0,2\\n']
    """
    filled = [line.rstrip() for line in head if line.strip()]
    ends = [at for at, line in enumerate(filled) if line == END]
    if len(ends) < 2 or not all(_ENTRY.fullmatch(line) or line[0] in " -[" for line in filled[: ends[1]]):
        return None
    names = list(next(_records(iter(filled)), {}))[:MAX_NAMES]
    return (lambda lines: itertools.chain([_line(names)], _rows(lines, names))) if len(names) >= len(AXES) else None


def _rows(lines: Iterator[str], names: Sequence[str]) -> Iterator[str]:
    return (_line([record.get(name, "") for name in names]) for record in _records(lines))


def _records(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """The values of each record by the names of what they are in; the three numbers of a list are the axes."""
    record: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    count = 0
    for line in lines:
        if line.rstrip() == END:
            if record and count <= MAX_LINES:
                yield record
            record, above, count = {}, [], 0
            continue
        count += 1
        if count > MAX_LINES or (match := _ENTRY.fullmatch(line.rstrip("\r\n"))) is None:
            continue
        depth, key, value = len(match[1]), match[2], match[3]
        above = [one for one in above if one[0] < depth]
        name = "_".join([*(part for _, part in above), key])
        if value is None:
            above.append((depth, key))
        elif value[0] == "[":
            cells = value.strip("[]").split(",")
            if len(cells) == len(AXES):
                record |= {f"{name}_{axis}": cell.strip() for axis, cell in zip(AXES, cells, strict=True)}
        else:
            record[name] = value.strip(_MARKS)
    if record and count <= MAX_LINES:
        yield record


def _line(cells: Sequence[str]) -> str:
    return ",".join(f'"{cell}"' if "," in cell else cell.replace('"', "") for cell in cells) + "\n"
