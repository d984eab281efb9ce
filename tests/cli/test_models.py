from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

import imdbsent
from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.bundle.card import MODEL
from imdbsent.classify.classifier import Classifier
from imdbsent.cli.models import ExportChoice, size_of
from imdbsent.errors import ExitCode
from imdbsent.files import file_sha256
from imdbsent.models import inventory, store
from imdbsent.models.export import ExportFormat
from tests.server import bytes_of, serving
from tests.test_processes import IMDBSENT, on_terminal


@pytest.fixture
def mine(home: Path, tiny_bundle: Bundle) -> Path:
    return Path(shutil.copytree(tiny_bundle.directory, home / "models" / "mine"))


def one_line(result, code: ExitCode, *parts: str) -> None:
    assert (result.code, result.out) == (code, ""), result.err
    assert result.err.count("\n") == 1
    for part in parts:
        assert part in result.err


def test_models_alone_shows_what_there_is(run) -> None:
    result = run("models")
    assert result.code == ExitCode.DONE
    for command in ("list", "show", "use", "install", "export", "remove", "path"):
        assert f" {command} " in result.out


def test_a_subcommand_that_is_not_there_is_one_line(run) -> None:
    one_line(run("models", "steal"), ExitCode.USAGE)


def test_the_list_marks_the_default_and_says_where_from(run, mine: Path) -> None:
    run("models", "use", "mine", "--quiet")
    result = run("models", "list")
    assert (result.code, result.err) == (ExitCode.DONE, "")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in result.out.splitlines() if "│" in line]
    shipped = [inventory.entry(name, is_default=False) for name in ("classic", "flagship")]
    assert rows == [
        *(["", one.name, "wheel", str(one.version), size_of(one.size), f"{one.accuracy:.2%}"] for one in shipped),
        ["*", "mine", "installed", "1", size_of(sum(p.stat().st_size for p in mine.iterdir())), "90.00%"],
    ]


def test_the_list_for_machines(run, mine: Path) -> None:
    result = run("models", "list", "--format", "json")
    *shipped, entry = json.loads(result.out)
    assert [(one["name"], one["default"]) for one in shipped] == [("classic", False), ("flagship", True)]
    assert entry == {
        "name": "mine",
        "status": "installed",
        "shipped": False,
        "default": False,
        "version": 1,
        "bytes": sum(path.stat().st_size for path in mine.iterdir()),
        "accuracy": 0.9,
        "reviews": 10,
        "path": str(mine),
        "problem": None,
    }
    rows = list(csv.DictReader(io.StringIO(run("models", "list", "--format", "csv").out)))
    assert [row["name"] for row in rows] == ["classic", "flagship", "mine"]
    assert rows[2] == {key: "" if value is None else str(value).lower() for key, value in entry.items()}


def test_the_list_names_what_is_damaged_and_what_to_type(run, mine: Path) -> None:
    (mine / "model.onnx").write_bytes(b"damaged")
    result = run("models", "list")
    assert result.code == ExitCode.DONE
    assert "damaged" in result.out
    assert "Type: imdbsent models remove mine" in result.err
    assert run("models", "list", "--quiet").err == ""
    assert json.loads(run("models", "list", "--format", "json").out)[2]["status"] == "damaged"


def test_the_list_says_of_a_default_that_is_none_of_its_models(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_MODEL", "./elsewhere")
    result = run("models", "list")
    assert result.err == "the default model is not in the list: './elsewhere', set by IMDBSENT_MODEL\n"


def test_the_card_for_people_has_layers_metrics_recipe_and_hashes(run, mine: Path) -> None:
    result = run("models", "show", "mine")
    assert (result.code, result.err) == (ExitCode.DONE, "")
    card = read_bundle(mine).card
    for part in ("LSTM", "accuracy 90.00%", "recipe", "by hand", card.files["model.onnx"][:32], "intact"):
        assert part in result.out
    assert str(mine) in "".join(result.out.split())  # a long path is folded
    (mine / "model.onnx").write_bytes(b"damaged")
    result = run("models", "show", "mine")
    assert (result.out.count("damaged"), result.out.count("intact")) == (1, 1)
    assert result.code == ExitCode.NETWORK_OR_INTEGRITY
    assert "model.onnx is damaged" in result.err
    assert "Type: imdbsent models remove mine" in result.err
    assert run("models", "show", "mine", "--format", "json").code == ExitCode.NETWORK_OR_INTEGRITY


def test_the_card_as_it_is(run, mine: Path) -> None:
    assert run("models", "show", "mine", "--format", "json").out == (mine / "card.json").read_text()
    assert json.loads(run("models", "show", "--format", "json").out)["name"] == "flagship"


def test_showing_the_wheels_model_installs_nothing(run, home: Path) -> None:
    assert "373,301" in run("models", "show", "classic").out
    assert not home.exists()


def test_the_chosen_model_answers_until_it_is_reset(run, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("models", "use", "mine")
    assert (result.code, result.out, result.err) == (ExitCode.DONE, "", "the default model is 'mine'\n")
    result = run("models", "use")
    assert (result.out, result.err) == ("mine\n", "set by imdbsent models use\n")
    probability = run("predict", "great", "--format", "tsv").out
    assert probability == run("predict", "--model", "mine", "great", "--format", "tsv").out
    monkeypatch.setenv("IMDBSENT_MODEL", "classic")
    assert "but IMDBSENT_MODEL is set, so 'classic' is used" in run("models", "use", "mine").err
    assert run("predict", "great", "--format", "tsv").out != probability
    monkeypatch.delenv("IMDBSENT_MODEL")
    assert run("models", "use", "--reset").err == "the default model is 'flagship'\n"
    assert run("models", "use").out == "flagship\n"


def test_a_default_that_was_removed_by_hand_is_told_by_the_next_command(run, mine: Path) -> None:
    run("models", "use", "mine")
    shutil.rmtree(mine)
    for command in (["predict", "great"], ["inspect", "model"], ["models", "show"]):
        one_line(run(*command), ExitCode.MISSING, "default model 'mine'", "Type: imdbsent models use --reset")
    assert run("models", "list").code == ExitCode.DONE
    assert run("models", "use", "--reset").code == ExitCode.DONE
    assert run("predict", "great").code == ExitCode.DONE


def test_using_makes_sense_or_is_one_line(run, mine: Path) -> None:
    one_line(run("models", "use", "nowhere"), ExitCode.MISSING, "there are: classic, flagship, mine")
    one_line(run("models", "use", "mine", "--reset"), ExitCode.USAGE, "imdbsent models use --reset")
    one_line(run("models", "use", "./mine"), ExitCode.USAGE, "imdbsent models install")


def test_out_as_a_tar_and_in_again(run, mine: Path, home: Path, tmp_path: Path) -> None:
    result = run("models", "export", "mine", "-o", str(tmp_path / "mine.tar.gz"))
    assert (result.code, result.out) == (ExitCode.DONE, "")
    assert result.err == f"wrote the model 'tiny' to {tmp_path / 'mine.tar.gz'}\n"
    sha256 = file_sha256(tmp_path / "mine.tar.gz")
    result = run("models", "install", str(tmp_path / "mine.tar.gz"), "--sha256", sha256, "--name", "again")
    assert (result.code, result.out) == (ExitCode.DONE, f"{home / 'models' / 'again'}\n")
    assert read_bundle(home / "models" / "again").verify().card.files == read_bundle(mine).card.files
    one_line(run("models", "install", str(tmp_path / "mine.tar.gz"), "--name", "again"), ExitCode.USAGE, "--replace")
    assert run("models", "install", str(tmp_path / "mine.tar.gz"), "--name", "again", "--replace").code == 0


def test_through_a_pipe(tiny_bundle: Bundle, tmp_path: Path) -> None:
    python = f"'{sys.executable}' -m imdbsent"
    command = (
        f"{python} models export '{tiny_bundle.directory}' -o - | "
        f"IMDBSENT_HOME='{tmp_path / 'host'}' {python} models install -"
    )
    result = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=True)
    assert result.stdout == f"{tmp_path / 'host' / 'models' / 'tiny'}\n"
    assert read_bundle(tmp_path / "host" / "models" / "tiny").verify().card == tiny_bundle.card


def test_a_model_is_re_exported_through_a_pipe_in_its_own_place(mine: Path) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    before, texts = read_bundle(mine), ["great movie", "awful"]
    answers = [p.probability for p in Classifier(before).predict(texts)]
    python = f"'{sys.executable}' -m imdbsent models"
    command = f"{python} export mine --re-export -o - | {python} install - --name mine --replace"
    subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, check=True)
    after = read_bundle(mine).verify()
    assert after.card.version == before.card.version + 1
    assert [p.probability for p in Classifier(after).predict(texts)] == answers


def test_what_cannot_be_re_exported_is_one_line_and_nothing_is_written(
    run, mine: Path, tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "new.tar"
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "onnx", None)
        result = run("models", "export", "mine", "--re-export", "-o", str(output))
        one_line(result, ExitCode.MISSING, "onnx, which is not installed. Type: pip install onnx")
    pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    other = write_card(tiny_bundle.directory, replace(tiny_bundle.card, architecture="flagship"))
    result = run("models", "export", str(other.directory), "--re-export", "-o", str(output))
    one_line(result, ExitCode.USAGE, "'tiny'", "the same command without --re-export")
    (mine / MODEL).write_bytes(b"")
    result = run("models", "export", "mine", "--re-export", "-o", str(output))
    one_line(result, ExitCode.NETWORK_OR_INTEGRITY, "damaged")
    assert not output.exists()


def test_a_reader_that_goes_ends_the_export_quietly() -> None:
    with subprocess.Popen(
        [*IMDBSENT, "models", "export", "classic", "-o", "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        assert len(process.stdout.read(1)) == 1
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == ExitCode.DONE


def test_from_an_address(run, tiny_bundle: Bundle, tmp_path: Path, home: Path) -> None:
    run("models", "export", str(tiny_bundle.directory), "-o", str(tmp_path / "a.tar"))
    content = (tmp_path / "a.tar").read_bytes()
    with serving(bytes_of(content)) as address:
        result = run("models", "install", f"{address}/a.tar#sha256={file_sha256(tmp_path / 'a.tar')}")
        assert (result.code, result.out) == (ExitCode.DONE, f"{home / 'models' / 'tiny'}\n"), result.err
        one_line(run("models", "install", f"{address}/a.tar", "--name", "b"), ExitCode.USAGE, "--sha256 <64 digits>")


def test_the_network_for_other_programs(run, tmp_path: Path) -> None:
    for ending in ("onnx", "keras"):
        assert run("models", "export", "classic", "-o", str(tmp_path / f"c.{ending}"), "-q").code == ExitCode.DONE
    classic = store.PRETRAINED / "classic"
    assert (tmp_path / "c.onnx").read_bytes() == (classic / "model.onnx").read_bytes()
    assert (tmp_path / "c.keras").read_bytes() == (classic / "network.keras").read_bytes()
    result = run("models", "export", "classic", "-o", str(tmp_path / "d.onnx"))
    assert result.err == f"wrote the network of 'classic' to {tmp_path / 'd.onnx'}\n"
    run("models", "export", "classic", "-o", str(tmp_path / "odd.onnx"), "--format", "tar")
    assert tarfile.is_tarfile(tmp_path / "odd.onnx")


def test_bad_input_is_one_line_an_exit_code_and_no_change(run, mine: Path, home: Path, tmp_path: Path) -> None:
    (tmp_path / "no.tar").write_bytes(b"this is no tar")
    (tmp_path / "taken").write_text("taken")
    before = sorted(str(path) for path in tmp_path.rglob("*") if path.name != ".lock")
    no_tar, taken = str(tmp_path / "no.tar"), str(tmp_path / "taken")
    usage, missing, integrity = ExitCode.USAGE, ExitCode.MISSING, ExitCode.NETWORK_OR_INTEGRITY
    one_line(run("models", "show", "nowhere"), missing, "there is no model 'nowhere'")
    one_line(run("models", "path", "nowhere"), missing, "there is no model 'nowhere'")
    one_line(run("models", "export", "nowhere", "-o", "x"), missing, "there is no model 'nowhere'")
    one_line(run("models", "export", "mine"), usage, "Missing option", "imdbsent models export --help")
    one_line(run("models", "export", "mine", "-o", taken), usage, "--replace")
    one_line(run("models", "export", "mine", "-o", f"{taken}.keras"), usage, "has no network.keras")
    one_line(run("models", "install", no_tar), integrity, "not a tar of a bundle")
    one_line(run("models", "install", no_tar, "--sha256", "0" * 64), integrity, "its SHA-256 is")
    one_line(run("models", "install", no_tar, "--sha256", "abc"), usage, "not a SHA-256")
    one_line(run("models", "install", no_tar, "--name", "classic"), usage, "comes with imdbsent")
    one_line(run("models", "install", no_tar, "--name", "../up"), usage, "is not a valid name")
    one_line(run("models", "install", str(mine), "--name", "mine"), usage, "there is already a model 'mine'")
    one_line(run("models", "install", str(tmp_path / "nowhere")), usage, "no such file")
    one_line(run("models", "install", "-"), integrity, "'standard input'", "not a tar of a bundle")
    one_line(run("models", "remove", "nowhere", "--yes"), missing, "there is no model")
    one_line(run("models", "remove", "classic", "--yes"), usage, "comes with imdbsent")
    one_line(run("models", "remove", "mine"), usage, "imdbsent models remove mine --yes")
    assert sorted(str(path) for path in tmp_path.rglob("*") if path.name != ".lock") == before
    assert store.locate("mine").verify()


def test_removing_says_what_it_did(run, mine: Path, home: Path) -> None:
    run("models", "use", "mine")
    result = run("models", "remove", "mine", "--yes")
    assert (result.code, result.out) == (ExitCode.DONE, "")
    assert result.err == (
        f"removed the model 'mine' from {home / 'models'}\nit was the default model; the default is now 'flagship'\n"
    )
    run("predict", "great")
    result = run("models", "remove", "flagship", "-y")
    assert "the copy in the package stays" in result.err
    assert run("predict", "great").code == ExitCode.DONE


@pytest.mark.parametrize(("answer", "gone"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_on_a_terminal_removing_asks(mine: Path, home: Path, answer: bytes, gone: bool) -> None:
    code, output = on_terminal("models", "remove", "mine", typed=answer)
    assert code == ExitCode.DONE
    assert b"Remove '" in output
    assert mine.exists() is not gone


def test_a_tar_is_neither_read_from_a_terminal_nor_written_to_one(mine: Path) -> None:
    for command in (["install", "-"], ["export", "mine", "-o", "-"]):
        code, output = on_terminal("models", *command)
        assert code == ExitCode.USAGE
        assert b"is a terminal" in output
        assert b"ustar" not in output


def test_path_is_that_of_a_model_or_of_all(run, mine: Path, home: Path) -> None:
    assert run("models", "path").out == f"{home / 'models'}\n"
    assert run("models", "path", "mine").out == f"{mine}\n"
    assert run("models", "path", "classic").out == f"{store.PRETRAINED / 'classic'}\n"
    assert os.listdir(home / "models") == ["mine"]


def test_the_choices_of_the_command_are_the_formats() -> None:
    assert [choice.value for choice in ExportChoice] == [choice.value for choice in ExportFormat]


@pytest.mark.parametrize("command", [["list"], ["show"], ["path", "classic"]])
def test_looking_imports_nothing_heavy(command: list[str]) -> None:
    code = (
        "import sys; from imdbsent.cli.app import run; "
        f"run(['models', *{command!r}]); "
        "print(sorted({'numpy', 'onnxruntime', 'tensorflow', 'keras', 'onnx', 'pooch', 'requests', 'tarfile'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_verify_prints_each_model_as_it_can_be_pinned_and_exits_with_4_if_one_is_damaged(run, home: Path) -> None:
    result = run("models", "verify")
    assert result.code == 0, result.err
    lines = [line.split("\t") for line in result.out.splitlines()]
    assert [(verdict, name.partition("@sha256:")[0]) for verdict, name in lines] == [
        ("intact", "classic"),
        ("intact", "flagship"),
    ]
    assert run("predict", "--model", lines[0][1], "great movie").code == 0
    words = home / "models" / "classic" / "vocabulary.txt"
    words.write_bytes(words.read_bytes()[:-1])
    result = run("models", "verify", "--format", "json")
    assert result.code == 4
    assert [(row["intact"], row["problem"] is None) for row in json.loads(result.out)] == [(False, False), (True, True)]
    assert "Type: imdbsent models remove classic" in result.err
    assert run("models", "verify", "flagship").code == 0
    assert run("models", "show", "classic").code == 4


def test_a_wrong_pin_is_no_damage(run, mine: Path) -> None:
    result = run("models", "verify", f"mine@sha256:{'0' * 64}")
    assert result.code == ExitCode.NETWORK_OR_INTEGRITY
    assert "Install that model, or type: --model mine@sha256:" in result.err
    assert "remove" not in result.err


def test_verify_finds_a_network_that_answers_wrongly(run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imdbsent.models.inventory.KNOWN", (("great movie", "negative"),))
    result = run("models", "verify", "classic")
    assert result.code == 4
    assert "it labels 'great movie' positive" in result.err


def test_a_threshold_is_kept_beside_the_card_which_stays_as_it_is(run, mine: Path) -> None:
    card, pin = (mine / "card.json").read_bytes(), run("models", "verify", "mine").out.split()[1]
    result = run("models", "set", "mine", "--threshold", "0.999")
    assert result.code == ExitCode.DONE
    assert result.err == "the model 'mine' is positive from 0.999 on (its own threshold is 0.5)\n"
    assert (mine / "card.json").read_bytes() == card
    assert json.loads((mine / "settings.json").read_bytes()) == {"threshold": 0.999}
    assert run("models", "verify", "mine").out.split()[1] == pin
    predict = ("predict", "--model", pin, "great movie", "--format", "tsv")
    assert run(*predict).out.startswith("negative\t")
    assert run(*predict, "--threshold", "0.5").out.startswith("positive\t")
    assert "neutral" in run(*predict, "--neutral", "0:1").out
    assert "positive from 0.999 on (set by" in " ".join(run("models", "show", "mine").out.split())
    run("models", "export", "mine", "-o", str(mine.parent / "mine.tar"))
    with tarfile.open(mine.parent / "mine.tar") as tar:
        assert not [name for name in tar.getnames() if "settings" in name]
    assert run("models", "set", "mine", "--threshold", "default").err.endswith("from 0.5 on (its own threshold)\n")
    assert run(*predict).out.startswith("positive\t")
    assert not (mine / "settings.json").exists()
    assert run("models", "set", "mine", "--threshold", "default").code == ExitCode.DONE


@pytest.mark.parametrize("threshold", ["1.01", "-0.1", "nan", "half", ""])
def test_a_threshold_that_is_none_is_one_line(run, mine: Path, threshold: str) -> None:
    one_line(run("models", "set", "mine", f"--threshold={threshold}"), ExitCode.USAGE, "nor 'default'")


def test_a_model_that_comes_with_the_package_has_its_threshold_in_the_data_directory(run, home: Path) -> None:
    assert run("models", "set", "flagship", "--threshold", "1").code == ExitCode.DONE
    assert (home / "models" / "flagship" / "settings.json").is_file()
    assert not (store.PRETRAINED / "flagship" / "settings.json").exists()
    assert run("predict", "great movie", "--format", "tsv").out.startswith("negative\t")
    assert run("models", "verify", "flagship").out.startswith("intact\t")
    assert run("check").code == ExitCode.DONE
    assert run("models", "remove", "flagship", "--yes").code == ExitCode.DONE
    assert run("predict", "great movie", "--format", "tsv").out.startswith("positive\t")
    one_line(run("models", "set", "nobody", "--threshold", "1"), ExitCode.MISSING, "Type: imdbsent models list")


def test_the_threshold_goes_with_a_model_that_is_replaced_and_that_is_said(
    run, mine: Path, tiny_bundle: Bundle
) -> None:
    run("models", "set", "mine", "--threshold", "0.7")
    result = run("models", "install", str(tiny_bundle.directory), "--name", "mine", "--replace")
    assert "the threshold that was set for 'mine' is gone" in result.err
    assert read_bundle(mine).threshold == 0.5


def test_python_and_processes_have_the_threshold_too(run, mine: Path, tmp_path: Path) -> None:
    run("models", "set", "mine", "--threshold", "0.999")
    classifier = imdbsent.load("mine")
    assert classifier.predict(["great movie"])[0].label == "negative"
    assert classifier.predict(["great movie"], threshold=0.5)[0].label == "positive"
    (tmp_path / "a.txt").write_text("great movie\n" * 3_000)
    found = run("predict", "--model", "mine", str(tmp_path / "a.txt"), "--workers", "2").out
    assert {line.split("\t")[0] for line in found.splitlines()} == {"negative"}


def test_a_run_is_not_resumed_after_another_threshold_was_set(
    run, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run("models", "set", "mine", "--threshold", "0.7")
    Path("a.csv").write_text("text\n" + "great\n" * 200 + '"never closed')
    command = ("predict", "--model", "mine", "a.csv", "-o", "out.csv")
    assert run(*command).code == ExitCode.USAGE
    run("models", "set", "mine", "--threshold", "default")
    assert "was started with --threshold 0.7" in run(*command, "--resume").err
    assert "was started with" not in run(*command, "--resume", "--threshold", "0.7").err


@pytest.mark.parametrize(
    "content", ["{", "[]", "1", '{"threshold": 2}', '{"threshold": "high"}', '{"threshold": true}', ""]
)
def test_settings_that_cannot_be_read_are_one_line_with_the_way_out(run, tiny_bundle: Bundle, content: str) -> None:
    (tiny_bundle.directory / "settings.json").write_text(content)
    result = run("predict", "--model", str(tiny_bundle.directory), "great")
    one_line(result, ExitCode.NETWORK_OR_INTEGRITY, "settings.json: ", "Type: rm ")
