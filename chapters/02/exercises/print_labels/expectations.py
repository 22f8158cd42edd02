def labels(ran):
    return ran.stdout.split().count("Mug")


def ending(ran):
    """Say how a run has ended that had to be refused."""
    if ran.crash:
        return "a traceback"
    if ran.code and not labels(ran):
        return "refused"
    return f"exit code {ran.code}, {labels(ran)} labels printed"


def test_it_prints_as_many_labels_as_asked_for(run, expect):
    for copies in (3, 1, 100):
        ran = run.ok("Mug", copies)
        expect(ran, "labels", labels(ran), copies)


def test_words_are_refused_without_a_traceback(run, expect):
    for copies in ("three", "2.5", ""):
        ran = run("Mug", copies)
        expect(ran, "it ends", ending(ran), "refused")


def test_zero_and_less_are_refused(run, expect):
    for copies in (0, -1, -3):
        ran = run("Mug", copies)
        expect(ran, "it ends", ending(ran), "refused")


def test_more_than_100_are_refused(run, expect):
    for copies in (101, 5000):
        ran = run("Mug", copies)
        expect(ran, "it ends", ending(ran), "refused")


def test_a_refusal_is_exit_code_2(run, expect):
    for copies in ("three", 0, 101):
        ran = run("Mug", copies)
        expect(ran, "exit code", ran.code, 2)


def test_a_refusal_is_short(run, expect):
    ran = run("Mug", 0)
    # argparse breaks the lines to fit the terminal.
    length = len(" ".join(ran.stderr.split()))
    expect(ran, "characters on stderr", length if length > 500 else "500 at most", "500 at most")


def probe_it_complains_and_exits_0(run):
    ran = run("Mug", 0)
    assert ran.code == 0
    assert ran.stderr.strip()


def probe_it_takes_any_whole_number(run):
    assert run("Mug", "three").code == 2
    for copies in (-3, 101):
        ran = run("Mug", copies)
        assert ran.code == 0
        assert not ran.stderr


def probe_it_exits_1_without_a_traceback(run):
    ran = run("Mug", 0)
    assert ran.code == 1
    assert not ran.crash
