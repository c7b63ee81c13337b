"""Prompts ask for one activity after another, by the time of the samples; keys say what begins and ends."""

from har_runtime.personal.session import ATTEMPTS, Keys, Prompts, Session, Span

S = 1_000_000_000


def follow(session: Session, keys: dict[float, str], until_s: float = 60) -> tuple[list[str], list[Span]]:
    """Lines and stretches of a session whose samples come every quarter of a second."""
    lines: list[str] = []
    spans: list[Span] = []
    for quarter in range(round(4 * until_s)):
        lines += session.step(quarter * S // 4, keys.get(quarter / 4, ""))
        while span := session.ended():
            spans.append(span)
            session.accepted()
        if session.is_over:
            break
    return lines, spans


def test_prompts_count_down_and_go_on() -> None:
    lines, spans = follow(Prompts(["standing", "walking"], seconds=3, pause_s=2), {})
    assert lines == [
        *("standing: get ready (s skips it, q ends)", "standing in 2 s", "standing in 1 s"),
        *("standing now, 3 s", "standing now, 2 s", "standing now, 1 s", "standing: thank you"),
        *("walking: get ready (s skips it, q ends)", "walking in 2 s", "walking in 1 s"),
        *("walking now, 3 s", "walking now, 2 s", "walking now, 1 s", "walking: thank you"),
    ]
    assert spans == [Span("standing", 2 * S, 5 * S), Span("walking", 5 * S + S // 4 + 2 * S, 10 * S + S // 4)]


def test_s_skips_and_q_ends() -> None:
    lines, spans = follow(Prompts(["standing", "walking", "lying"], 3, 2), {1.0: "s", 8.0: "q"})
    assert [span.label for span in spans] == ["walking"]
    assert "standing: skipped" in lines and lines[-1] == "ended early"


def test_what_was_not_done_is_asked_for_again_but_not_for_ever() -> None:
    prompts = Prompts(["walking"], 3, 1)
    said: list[str] = []
    for quarter in range(400):
        prompts.step(quarter * S // 4)
        if span := prompts.ended():
            said += prompts.again(span.label)
        if prompts.is_over:
            break
    assert said == [*["walking: once more"] * (ATTEMPTS - 1), f"walking: skipped after {ATTEMPTS} attempts"]


def test_keys_begin_and_end_activities() -> None:
    lines, spans = follow(Keys(["standing", "rowing"]), {1.0: "2", 4.0: " ", 5.0: "1", 7.0: "2", 9.0: "x7", 10.0: "q"})
    assert spans == [Span("rowing", S, 4 * S), Span("standing", 5 * S, 7 * S), Span("rowing", 7 * S, 9 * S)]
    assert lines[:2] == ["rowing: from now", "rowing: until here"] and lines[-1] == "ended"
