"""`python -m service batch`: on the built-in packages, stopped and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.app import Services, create_app
from service.cli import cli
from service.config import Settings

TEXTS = [
    "Le maire de Marseille a salué la foule.",
    "Le ministre est arrivé hier matin.",
    "وصل الوزير إلى مرسيليا صباح اليوم.",
]


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RELAIS_PACKAGES_DIR", str(tmp_path / "packages"))


def json_lines(path: Path, texts: list[str]) -> Path:
    lines = (json.dumps({"id": f"a{n}", "text": text}) for n, text in enumerate(texts))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def run(*arguments: str | Path, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["batch", *map(str, arguments)], input=stdin)


def results(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_results_are_those_of_the_http_batch(tmp_path: Path) -> None:
    source, output = json_lines(tmp_path / "in.jsonl", TEXTS), tmp_path / "out.jsonl"
    assert run(source, "-o", output).exit_code == 0
    app = create_app(Settings())
    own: Services = app.extensions["relais"]
    own.start()
    try:
        assert own.wait(180)
        answer = app.test_client().post(
            "/v1/translate/batch",
            data=source.read_bytes(),
            content_type="application/x-ndjson",
        )
    finally:
        own.close()
    assert output.read_bytes() == answer.data
    assert not (tmp_path / "out.jsonl.resume").exists()


def test_a_bad_item_is_an_error_line_and_the_status_says_so(tmp_path: Path) -> None:
    source, output = json_lines(tmp_path / "in.jsonl", TEXTS[:1]), tmp_path / "out.jsonl"
    last_line = '{"text": "Le ministre est arrivé hier."}\n'
    source.write_text(source.read_text() + "broken\n" + last_line)
    done = run(source, "-o", output)
    assert done.exit_code == 1
    assert "1 item(s) failed" in done.stderr
    good, bad, last = results(output)
    assert "text" in good
    assert bad["error"]["code"] == "invalid_request"  # type: ignore[index]
    assert bad["line"] == 2
    assert last["position"] == 2


def test_csv_and_standard_streams(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("nr,body\n7,Le maire est là.\n")
    done = run(table, "--text-column", "body", "--id-column", "nr", "--source", "fr", "-o", "-")
    assert done.exit_code == 0, done.output
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["id"] == "7"
    piped = run("-", "-o", "-", "--source", "fr", stdin='{"text": "Le maire est là."}\n')
    assert json.loads(piped.stdout)["text"] == json.loads(line)["text"]


def test_what_cannot_be_read_to_its_end_is_refused_before_any_work(tmp_path: Path) -> None:
    source = tmp_path / "in.json"
    source.write_text('["Le maire est là.", ')
    done = run(source, "-o", tmp_path / "out.jsonl")
    assert done.exit_code == 1
    assert "cannot be read any further" in str(done.exception)
    assert not (tmp_path / "out.jsonl").exists()


def test_an_output_of_something_else_is_never_overwritten_unasked(tmp_path: Path) -> None:
    source, output = json_lines(tmp_path / "in.jsonl", TEXTS[:1]), tmp_path / "out.jsonl"
    output.write_text("precious\n")
    refused = run(source, "-o", output)
    assert "is there already" in str(refused.exception)
    assert output.read_text() == "precious\n"
    assert run(source, "-o", output, "--overwrite").exit_code == 0
    assert [line["id"] for line in results(output)] == ["a0"]


def test_a_killed_run_goes_on_without_losing_or_repeating_an_item(tmp_path: Path) -> None:
    texts = [f"Le maire numéro {n} a salué la foule. Il pleut." for n in range(1_000)]
    source, output = json_lines(tmp_path / "in.jsonl", texts), tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "service", "batch", str(source), "-o", str(output)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=dict(os.environ))
    while process.poll() is None and not (output.exists() and output.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    written = output.read_bytes().count(b"\n")
    assert 0 < written < len(texts)
    with output.open("ab") as file:
        file.write(b'{"position": 39')

    again = run(source, "-o", output)
    assert again.exit_code == 0, again.output
    assert f"Going on after {written:,} item(s)" in again.stderr
    assert [line["position"] for line in results(output)] == list(range(len(texts)))
    assert [line["id"] for line in results(output)] == [f"a{n}" for n in range(len(texts))]
    assert not (tmp_path / "out.jsonl.resume").exists()


def test_ctrl_c_stops_with_a_status_of_its_own_and_can_be_gone_on_with(tmp_path: Path) -> None:
    texts = [f"Le maire numéro {n} a salué la foule. Il pleut." for n in range(5_000)]
    source, output = json_lines(tmp_path / "in.jsonl", texts), tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "service", "batch", str(source), "-o", str(output)]
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        env=dict(os.environ),
        text=True,
        # A shell has its background jobs ignore Ctrl-C, and they hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while process.poll() is None and not (output.exists() and output.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate()
    assert process.returncode == 130, said
    assert "The same command goes on from here." in said

    json_lines(source, [*texts[:-1], "Autre chose."])
    refused = run(source, "-o", output)
    assert "The input or the options are not those" in str(refused.exception)
    changed = run(json_lines(source, texts), "-o", output, "--explain")
    assert "The input or the options are not those" in str(changed.exception)


def test_two_runs_never_write_one_output(tmp_path: Path) -> None:
    from service.commands.batch import Output
    from service.errors import Conflict

    first = Output(tmp_path / "out.jsonl", {"input_sha256": "1"})
    first.open(overwrite=False)
    try:
        with pytest.raises(Conflict, match="another run"):
            Output(tmp_path / "out.jsonl", {"input_sha256": "1"}).open(overwrite=True)
    finally:
        first.close()
