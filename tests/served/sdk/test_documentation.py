"""Every program of the documentation runs as it stands there, with this gateway's address, a key and a model in it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from aihub_lite.web.docs.catalogue import CODE, Documentation
from aihub_lite.web.docs.markdown import fill_plain
from tests.served.endpoints import AUDIO
from tests.served.sdk.bytes_sent import SENT, chat_sent, embeddings_sent
from tests.served.sdk.conftest import Programs, built
from tests.served.sdk.models import ANSWER
from tests.served.sdk.toolchains import (
    GO,
    JAVA,
    LIBRARIES,
    LLAMA_INDEX,
    REFUSED_LIBRARIES,
    RUN_WITHIN,
    UNOPTIMISED,
    python_of,
)
from tests.support.rawclient import RawConnection

PROGRAM = re.compile(r"^(import|from|package|require|using) |^curl ", re.MULTILINE)
"""What begins a program, and no settings of one."""
KINDS = ("sh", "python", "js", "go", "java", *SENT)
PROGRAMS = [
    (f"{page.slug}-{number}", match["info"].split(" ")[0], match["code"])
    for page in Documentation().pages("en").values()
    for number, match in enumerate(CODE.finditer(page.text))
    if PROGRAM.search(match["code"])
]
OTHER_MODEL = re.compile(r"your-[a-z]+-model")
"""What stands for a model of another endpoint than chat."""
FILES = {"lighthouse.png": b"\x89PNG" + bytes(100), "hello.mp3": b"ID3" + bytes(100)}
"""What calls send that change a picture, or write down speech."""
WRITTEN = "--output "
"""Before the name of the file that a call writes its answer to."""


def of(kind: str) -> pytest.MarkDecorator:
    """Runs a test for every program of one language."""
    chosen = [pytest.param(code, id=name) for name, language, code in PROGRAMS if language == kind]
    return pytest.mark.parametrize("code", chosen)


def filled(code: str, programs: Programs) -> str:
    """The program with what a reader's page puts into it."""
    values = {"root": programs.gateway.url, "key": programs.gateway.add_token(), "model": ANSWER}
    return fill_plain(OTHER_MODEL.sub(ANSWER, code), values)


def run(directory: Path, *command: str, **more: str) -> str:
    """What a program prints; fails with what it says where it fails."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    done = subprocess.run(
        command,
        cwd=directory,
        env={**kept, **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUN_WITHIN,
        check=False,
    )
    assert 0 == done.returncode, (done.stdout + done.stderr)[-4000:]
    return done.stdout


def test_every_program_is_of_a_language_that_is_run_here() -> None:
    assert {*KINDS} == {language for _, language, _ in PROGRAMS}


@of("sh")
def test_a_call_with_curl_is_answered(code: str, programs: Programs, tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "call.sh").write_text(filled(code, programs).replace("curl ", "curl --fail-with-body -sS ", 1))
    printed = run(tmp_path, "sh", "call.sh")
    if WRITTEN in code:
        assert AUDIO == (tmp_path / code.partition(WRITTEN)[2].strip()).read_bytes()
    else:
        assert printed.startswith("{")


@of("python")
def test_a_program_in_python_runs(code: str, programs: Programs, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    kit = LIBRARIES
    if "llama_index" in code:
        kit = LLAMA_INDEX
    python = python_of(built(kit, pytestconfig))
    (tmp_path / "program.py").write_text(filled(code, programs))
    run(tmp_path, python, "program.py")


@of("js")
def test_a_program_in_node_runs(code: str, programs: Programs, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    libraries = built(REFUSED_LIBRARIES, pytestconfig) / "libraries"
    (tmp_path / "node_modules").symlink_to(libraries / "node_modules")
    (tmp_path / "program.mjs").write_text(filled(code, programs))
    assert run(tmp_path, "node", "program.mjs").strip()


@pytest.mark.parametrize(
    ("language", "code"),
    [pytest.param(language, code, id=f"{name}-{language}") for name, language, code in PROGRAMS if language in SENT],
)
def test_what_an_sdk_sends_whose_packages_are_not_here_is_answered(
    language: str, code: str, programs: Programs
) -> None:
    """The program's own address, key, model and texts, in the bytes that its SDK makes of them."""
    texts = ["Hello!"]
    sent = chat_sent
    answered = "choices"
    if "embedding" in code:
        texts = ["Hello!", "Goodbye!"]
        sent = embeddings_sent
        answered = "data"
    shown = filled(code, programs)
    for text in (f"{programs.gateway.url}/v1", ANSWER, *texts):
        assert f'"{text}"' in shown
    (key,) = re.findall(r'"(sk-[^"]+)"', shown)
    with RawConnection(programs.gateway.url) as connection:
        for sent_key, status in ((key, 200), ("sk-unknown", 401), (key, 200)):
            connection.send(sent(language, urlsplit(programs.gateway.url).netloc, sent_key, ANSWER, texts))
            head = connection.read_head()
            body = json.loads(b"".join(piece.data for piece in connection.pieces(head, "POST")))
            assert (status, status == 200) == (head.status, answered in body)


def test_every_language_whose_packages_are_not_here_has_a_program_for_both() -> None:
    sought = {(language, "embedding" in code) for _, language, code in PROGRAMS if language in SENT}
    assert {(language, both) for language in SENT for both in (False, True)} == sought


@of("go")
def test_a_program_in_go_runs(code: str, programs: Programs, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    module = built(GO, pytestconfig) / "go"
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(module / name, tmp_path / name)
    (tmp_path / "main.go").write_text(filled(code, programs))
    run(tmp_path, "go", "build", "-mod=readonly", "-buildvcs=false", UNOPTIMISED, "-o", "program", ".")
    assert run(tmp_path, str(tmp_path / "program")).strip()


@of("java")
def test_a_program_in_java_runs(code: str, programs: Programs, pytestconfig: pytest.Config, tmp_path: Path) -> None:
    libraries = str(built(JAVA, pytestconfig) / "lib" / "*")
    (tmp_path / "Hello.java").write_text(filled(code, programs))
    run(tmp_path, "javac", "-cp", libraries, "Hello.java")
    assert run(tmp_path, "java", "-cp", os.pathsep.join((".", libraries)), "Hello").strip()
