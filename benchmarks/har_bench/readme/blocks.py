"""The Markdown of each block of figures, made from a result of a benchmark."""

import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

from har_bench import tables
from har_bench.instructions import processors
from har_bench.stream import tables as stream_tables
from har_bench.training import anywhere_tables, zoo_tables
from har_bench.training.cross_validation import METHODS, PARTS, SUITES
from har_bench.unknowns import tables as unknowns_tables


def _hapt_runs(result: dict[str, Any]) -> str:
    lines = [
        "| recipe | seed | test users | float32 | int8 | epochs (best) | training |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in sorted(result["runs"], key=lambda row: (row["recipe"], row["seed"])):
        users = ", ".join(user.removeprefix("hapt-") for user in row["test_users"])
        scores = {kind: f"{100 * score['macro_f1']:.2f}" for kind, score in row["scores"].items()}
        lines.append(
            f"| {row['recipe']} | {row['seed']} | {users} | {scores['fp32']} | {scores['int8']} "
            f"| {row['epochs']} ({row['best_epoch']}) | {row['training_seconds'] / 60:.0f} min |"
        )
    for name, mean in result["means"].items():
        spread = "" if mean["std"] is None else f" ± {100 * mean['std']:.2f}"
        lines.append(f"| **{name}, mean of {mean['runs']}** | | | **{100 * mean['macro_f1']:.2f}{spread}** | | | |")
    paper = result["paper"]
    mean = f"{100 * paper['macro_f1']:.2f} ± {100 * paper['std']:.2f}"
    lines.append(f"| paper, {paper['source']} | | | {mean} | | | |")
    return "\n".join(lines) + "\n"


def _runtime_speed(result: dict[str, Any]) -> str:
    replay, demo = result["replay"], result["demo"]
    machine = result["machine"]
    heavy = ", ".join(result["import"]["heavy_libraries"]) or "none"
    return (
        f"Measured on {machine['cpu']}, {machine['cores']} cores, Python {machine['python']}:\n\n"
        f"- replay of a {replay['seconds']:.0f} s recording: {replay['times_real_time']:,.0f} x real time\n"
        f"- `har-stream --demo`: first answer after {demo['first_prediction_seconds']:.1f} s, "
        f"end after {demo['whole_seconds']:.0f} s\n"
        f"- `import har_runtime`: {result['import']['seconds']:.2f} s; torch, tensorflow, scipy, pandas: {heavy}\n"
    )


def _page_speed(result: dict[str, Any]) -> str:
    machine, latency, control = result["machine"], result["latency_us"], result["control_us"]
    noise = "".join(f" ({reason})" for reason in result["noise"]["reasons"])
    return (
        f"Measured with `{result['model']}` in {result['browser']} on {machine['cpu']}, {machine['cores']} cores:\n\n"
        f"- the site: {result['site_bytes'] / 1e6:.1f} MB, of which all but LiteRT's web runtime: "
        f"{result['site_bytes_without_runtime'] / 1e6:.2f} MB\n"
        f"- ready after {result['median_seconds_until_ready']:.1f} s; from Start to the first answer "
        f"{result['median_seconds_from_start_to_answer']:.1f} s (medians of {len(result['seconds_until_ready'])})\n"
        f"- a window: p50 {latency['p50'] / 1e3:.1f} ms, p99 {latency['p99'] / 1e3:.1f} ms, over {result['windows']:,} "
        f"windows; a loop of about that length without the model: p99 {control['p99'] / 1e3:.1f} ms{noise}\n"
    )


def _cross_validation(result: dict[str, Any]) -> str:
    beside = {(row["set"], row["method"], row["against"]): row for row in result["comparisons"]}
    lines = [
        "| trained on | method | macro-F1 | minus supervised | minus random forest | worst user | calibration error "
        "| on other sets |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows = [row for row in result["rows"] if row["method"] in METHODS]
    for row in sorted(rows, key=lambda row: (row["set"], -row["judgement"]["scores"]["macro_f1"])):
        judgement = row["judgement"]
        compared = [
            f"{100 * found['difference']:+.1f} ({_range(found['interval'])})" if found else ""
            for against in ("supervised", "random-forest")
            for found in [beside.get((row["set"], row["method"], against))]
        ]
        elsewhere = [
            f"{other['dataset']}{'/' + other['placement'] if other['placement'] else ''} {_percent(other['macro_f1'])}"
            for other in row["transfer"]
        ]
        cells = [
            f"{row['set']}, {row['protocol']}",
            row["method"],
            f"**{_percent(judgement['scores']['macro_f1'])}** ({_range(judgement['interval'])})",
            *compared,
            _percent(judgement["users"][judgement["worst_user"]]["macro_f1"]),
            _percent(judgement["calibration"]["ece"]),
            ", ".join(elsewhere),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    hours = sum(row["training_seconds"] for row in rows) / 3600
    machine = result["machine"]
    time = f"Training took {hours:.1f} hours, summed over the folds; each had one core of {machine['cpu']}."
    return "\n".join(lines) + f"\n\n{time}\n"


def _parts(result: dict[str, Any]) -> str:
    """What each change adds to fine-scale: on the validation users, which select it, and on the unseen users."""
    rows = {(row["set"], row["method"]): row for row in result["rows"]}
    beside = {(row["set"], row["method"]): row for row in result["comparisons"] if row["against"] == "fine-scale"}
    sets = [name for name in SUITES if any((name, part) in rows for part in PARTS)]
    lines = [f"| part | {' | '.join(sets)} |", f"|---|{'---|' * len(sets)}"]
    for part in PARTS:
        cells: list[str] = []
        for name in sets:
            if (name, part) not in rows:
                cells.append("not run")
                continue
            found = beside[name, part]
            validation = [
                statistics.fmean(rows[name, method]["validation_macro_f1"]) for method in (part, "fine-scale")
            ]
            cells.append(
                f"{100 * found['difference']:+.1f} ({_range(found['interval'])}); "
                f"validation {100 * (validation[0] - validation[1]):+.1f}"
            )
        lines.append(f"| {part} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _emulated_pi(result: dict[str, Any]) -> str:
    pi, replay, live = result["pi"], result["replay"], result["witmotion"]
    system, cpu = f"{pi['architecture']}, {pi['system']}, Python {pi['python']}", result["machine"]["cpu"]
    return (
        f"Emulated {system}, compared with {cpu}: `har-stream --demo` gave {result['demo']['windows']} windows, a "
        f"virtual WitMotion {live['windows']}. A recording of {replay['windows']} windows gave {replay['same_label']} "
        f"equal labels and {100 * replay['same_probabilities']:.1f} % equal probabilities; "
        f"{100 * replay['within_two_steps']:.1f} % differ by at most two of 256 steps, the largest difference is "
        f"{replay['largest_difference_steps']}. This says nothing about the speed of a Pi.\n"
    )


def _export(result: dict[str, Any]) -> str:
    from har_export.parity import Agreement, Parity

    lines = ["| file | KiB | operators | macro-F1 |", "|---|---|---|---|"]
    lines += [
        f"| `{Path(file['path']).relative_to(Path(result['files'][0]['path']).parent)}` | {file['size'] / 1024:.0f} "
        f"| {sum(file['operators'].values())} | {100 * file['score']['macro_f1']:.2f} |"
        for file in result["files"]
    ]
    parity = Parity(tuple(Agreement(**row) for row in result["parity"]["rows"]), result["parity"]["missing"])
    steps = result["seconds"].items()
    comparing = sum(seconds for step, seconds in steps if step.startswith("comparing"))
    making = sum(seconds for _, seconds in steps) - comparing
    windows = max(row.windows for row in parity.rows)
    return "\n".join(lines) + (
        f"\n\nOn {windows:,} windows of people that `waist` never saw; macro-F1 in %:\n\n{parity.table()}\n"
        f"TFLM's arena takes {result['arena_bytes']:,} bytes. Making the files took {making:.0f} s, comparing them "
        f"{comparing:.0f} s.\n"
    )


def _endurance(result: dict[str, Any]) -> str:
    samples, windows, memory = result["samples"], result["windows"], result["memory"]
    return (
        f"A week of a WitMotion at 100 Hz, {samples['sent']:,} samples, from its bytes to answers of "
        f"`{result['model']}`: "
        f"{windows['came']:,} windows of {windows['expected']:,} expected, {windows['start_elsewhere']} "
        f"with another start; {memory['warm_bytes'] / 1e6:.1f} MB after the warm-up, at most "
        f"{memory['highest_bytes'] / 1e6:.1f} MB.\n"
    )


def _stream_cost(result: dict[str, Any]) -> str:
    return (
        f"`har-stream` with `{result['model']}` on a WitMotion at {result['rate_hz']} Hz for "
        f"{result['seconds']:.0f} s, on "
        f"{result['machine']['cpu']}: {100 * result['share_of_a_core']:.2f} % of a core, at most "
        f"{result['peak_memory_bytes'] / 1e6:.0f} MB.\n"
    )


def _sink_latency(result: dict[str, Any]) -> str:
    page, without = result["with_page"], result["without_page"]
    port, sensor = page["from_port_ms"], page["from_sensor_ms"]
    return (
        f"From a window's last sample to its line in the file, with terminal, JSON lines, CSV, MQTT and page for "
        f"{page['seconds']} s, on {result['machine']['cpu']}: {port['p50']:.1f} ms, p99 {port['p99']:.1f} ms, from "
        f"its reading; and {sensor['p50']:.0f} ms, p99 "
        f"{sensor['p99']:.0f} ms, from its sending. At most {without['peak_memory_bytes'] / 1e6:.0f} MB without the "
        f"page, {page['peak_memory_bytes'] / 1e6:.0f} MB with it.\n"
    )


def _whole_day(result: dict[str, Any]) -> str:
    memory, files = result["memory"], result["open_files"]
    rows = ", ".join(f"{file['rows']:,} in {kind}" for kind, file in result["files"].items())
    lost = sum(file["gaps"] + file["doubled"] for file in result["files"].values())
    return (
        f"{result['hours']:.0f} h of a simulated wearer at {result['speed']:.0f} times real time, with "
        f"`{result['model']}`, terminal, JSON lines, CSV, MQTT and page: {result['windows']:,} windows, {rows}, "
        f"{lost} missing or twice; the broker had confirmed {result['sinks']['mqtt']['written']:,}. Meanwhile it was "
        f"killed {result['broker_kills']} times, files were rotated {result['rotations']} times, and viewers came "
        f"{result['visits']} times. At most {memory['highest_of_the_first_minute_bytes'] / 1e6:.1f} MB in the first "
        f"minute and {memory['highest_later_bytes'] / 1e6:.1f} MB after it, in the last tenth of the run "
        f"{memory['highest_of_each_tenth_bytes'][-1] / 1e6:.1f} MB; typically "
        f"{files['typical_in_the_first_minute']} and {files['typical_in_the_last_minute']} open files.\n"
    )


def _hapt_groups(result: dict[str, Any]) -> str:
    beside = {
        row["method"]: row for row in result["comparisons"] if (row["set"], row["against"]) == ("hapt", "supervised")
    }
    lines = ["| method | macro-F1 (95 % interval over users) | minus supervised | worst user |", "|---|---|---|---|"]
    rows = [row for row in result["rows"] if row["set"] == "hapt" and row["method"] in METHODS]
    for row in sorted(rows, key=lambda row: -row["judgement"]["scores"]["macro_f1"]):
        judgement, found = row["judgement"], beside.get(row["method"])
        difference = f"{100 * found['difference']:+.1f} ({_range(found['interval'])})" if found else ""
        lines.append(
            f"| {row['method']} | **{_percent(judgement['scores']['macro_f1'])}** ({_range(judgement['interval'])}) "
            f"| {difference} | {_percent(judgement['users'][judgement['worst_user']]['macro_f1'])} |"
        )
    return "\n".join(lines) + "\n"


def _training_speed(result: dict[str, Any]) -> str:
    seconds, machine = result["epoch_seconds"], result["machine"]
    views = seconds["multi_task"] / seconds["multi_task_jitter_only"] - 1
    own = seconds["supervised_augmented"] / seconds["supervised"] - 1
    return (
        f"One epoch over {result['windows']:,} windows of HAPT, validation and checkpoint included, on "
        f"{machine['cpu']}, {machine['cores']} cores, {result['precision']}:\n\n"
        f"- multi-task (three passes): {seconds['multi_task']:.1f} s; the four optional augmentations of the views add "
        f"{100 * views:+.0f} % to it\n"
        f"- supervised only (one pass): {seconds['supervised']:.1f} s; the five augmentations of the classifier add "
        f"{100 * own:+.0f} % to it\n"
    )


def _table4(result: dict[str, Any]) -> str:
    from har_bench.training import table4

    return table4.markdown(result)


def _peers(result: dict[str, Any]) -> str:
    from har_bench.training.peers import score_table

    measured = {"machine": result["machine"], **result["measured"]}
    return f"{score_table(result['peers']).markdown()}\n{tables.markdown(measured)}"


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _range(interval: list[float] | None) -> str:
    return "no interval" if interval is None else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f}"


BLOCKS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "hapt_runs": ("hapt_runs", _hapt_runs),
    "runtime_speed": ("runtime_speed", _runtime_speed),
    "training_speed": ("training_speed", _training_speed),
    "cross_validation": ("cross_validation", _cross_validation),
    "hapt_groups": ("cross_validation", _hapt_groups),
    "har_bench": ("har_bench", tables.markdown),
    "processors": ("processors", processors.markdown),
    "table4": ("table4", _table4),
    "peers": ("peers", _peers),
    "zoo": ("zoo", zoo_tables.systems),
    "zoo_cost": ("zoo_cost", zoo_tables.costs),
    "anywhere_left_out": ("anywhere", anywhere_tables.left_out),
    "anywhere_summary": ("anywhere", anywhere_tables.summary),
    "anywhere_ladder": ("anywhere", anywhere_tables.ladder),
    "anywhere_groups": ("anywhere", anywhere_tables.groups),
    "page_speed": ("page_speed", _page_speed),
    "parts": ("cross_validation", _parts),
    "export": ("export", _export),
    "emulated_pi": ("emulated_pi", _emulated_pi),
    "endurance": ("endurance", _endurance),
    "whole_day": ("whole_day", _whole_day),
    "stream_cost": ("stream_cost", _stream_cost),
    "sink_latency": ("sink_latency", _sink_latency),
    "upright_reference": ("upright_reference", stream_tables.upright_reference),
    "turns": ("turns", stream_tables.turns),
    "step_counts": ("step_counts", stream_tables.step_counts),
    "smoothing": ("smoothing", unknowns_tables.smoothing),
    "other_placements": ("other_placements", unknowns_tables.other_placements),
    "left_out_activities": ("left_out_activities", unknowns_tables.left_out_activities),
    "personal": ("personal", unknowns_tables.personal),
    "personal_sets": ("personal_sets", unknowns_tables.personal_sets),
    "personal_groups": ("personal_groups", unknowns_tables.personal_sets),
    "adapt": ("adapt", stream_tables.adapt),
}
"""For each block, the result that it shows and its renderer."""
