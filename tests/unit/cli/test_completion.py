"""`umbel <TAB>` in a shell."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from umbel.cli import main

Asked = Callable[[str, str, str], str]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Asked:
    """What `umbel` tells a shell for the last word of a line."""

    def ask(shell: str, step: str, line: str) -> str:
        words = line.split(" ")
        monkeypatch.setattr("sys.argv", ["umbel"])
        monkeypatch.setenv("_UMBEL_COMPLETE", f"{shell}_{step}")
        monkeypatch.setenv("COMP_WORDS", line)
        # bash and zsh count words; fish gives the last one itself.
        last = words[-1] if shell == "fish" else str(len(words) - 1)
        monkeypatch.setenv("COMP_CWORD", last)
        with pytest.raises(SystemExit):
            main()
        told = capsys.readouterr()
        assert told.err == ""
        return told.out

    return ask


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("umbel ", "tasks"),
        ("umbel re", "retry"),
        ("umbel worker ", "ping"),
        ("umbel worker gr", "grow"),
        ("umbel tasks --or", "--order"),
        ("umbel serve --po", "--port"),
        ("umbel token create --role ", "operator"),
    ],
)
def test_a_shell_is_told_what_may_stand_there(
    asked: Asked, shell: str, line: str, word: str
) -> None:
    told = asked(shell, "complete", line)

    assert word in told.replace(",", "\n").split()


@pytest.mark.parametrize("line", ["umbel nope ", "umbel worker nope -", "umbel tasks --nope x "])
def test_what_is_wrong_in_the_line_is_no_error_of_completing(asked: Asked, line: str) -> None:
    asked("bash", "complete", line)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell_is_printed(asked: Asked, shell: str) -> None:
    assert "umbel" in asked(shell, "source", "")
