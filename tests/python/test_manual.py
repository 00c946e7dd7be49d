"""The man pages and the HTML manual that docs/manual makes from include/wscodec.json."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from manual import blocks, words
from manual.blocks import Code, Numbered, Paragraph, Terms
from wire import ROOT

JSON = json.loads((ROOT / "include" / "wscodec.json").read_text(encoding="utf-8"))
CC = os.environ.get("CC", "cc")
FUNCTIONS = [function["name"] for function in JSON["functions"]]
TYPES = [item["name"] for item in JSON["structs"] + JSON["types"]]
CONSTANTS = [constant["name"] for constant in JSON["constants"]]
FIELDS = [
    f"{struct['name']}.{field['name']}"
    for struct in JSON["structs"]
    for field in struct["fields"]
]


def generate(*options: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-B", "-m", "manual", *map(str, options)]
    variables = {**os.environ, "PYTHONPATH": str(ROOT / "docs"), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=variables)


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("manual")
    done = generate("--out", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return out


# ---- the man pages ----


@pytest.mark.parametrize("name", FUNCTIONS + TYPES)
def test_a_man_page_has_the_usual_sections(manual: Path, name: str) -> None:
    text = (manual / "man3" / f"{name}.3").read_text(encoding="utf-8")
    assert re.search(
        rf'^\.TH {name} 3 \d{{4}}-\d\d-\d\d "wscodec {JSON["version"]}"', text, re.M
    )
    assert re.search(rf"^\.SH NAME\n{name} \\- [^\n]{{10,160}}[^.:;\n]\n", text, re.M)
    assert "#include <wscodec.h>" in text
    headings = re.findall(r"^\.SH (.*)", text, re.M)
    assert headings[:4] == ["NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION"]
    assert headings[-1] == "SEE ALSO"


@pytest.mark.parametrize("function", JSON["functions"], ids=lambda function: function["name"])
def test_a_man_page_states_the_result(manual: Path, function: dict[str, Any]) -> None:
    text = (manual / "man3" / f"{function['name']}.3").read_text(encoding="utf-8")
    described = function["doc"].startswith("Returns ") or ".SH RETURN VALUE\n" in text
    assert described == (function["result"] != "void")
    assert (".SH ERRORS\n" in text) == (function["result"] == "ws_result")


def test_the_errors_of_a_page_are_those_that_the_function_returns(manual: Path) -> None:
    text = (manual / "man3" / "ws_frame_decode.3").read_text(encoding="utf-8")
    errors = text[text.index(".SH ERRORS") : text.index(".SH CONSTANTS")]
    listed = re.findall(r"^\.TP\n\\fBWS_ERR_(\w+)", errors, re.M)
    assert listed == ["RESERVED_BITS", "OPCODE", "CONTROL_FRAME", "MASK", "LENGTH"]


def test_a_page_shows_the_constants_and_structs_of_its_function(manual: Path) -> None:
    text = (manual / "man3" / "ws_conn_recv.3").read_text(encoding="utf-8")
    assert "typedef struct ws_event {" in text
    for name in ("WS_EVENT_FIRST", "WS_EVENT_LAST", "WS_OPCODE_BINARY", "WS_OPT_STREAM"):
        assert f"\n\\fB{name}\\fP = " in text


def test_section_7_has_every_error_constant_and_function(manual: Path) -> None:
    pages = {
        name: (manual / "man7" / f"{name}.7").read_text(encoding="utf-8")
        for name in ("wscodec", "wscodec-errors", "wscodec-constants")
    }
    for constant in JSON["constants"]:
        name = constant["name"]
        page = "wscodec-errors" if name.startswith("WS_ERR_") else "wscodec-constants"
        assert f"\n\\fB{name}\\fP = " in pages[page]
    for name in FUNCTIONS + TYPES:
        assert f"\n.BR {name} (3)\n" in pages["wscodec"]
    for chapter in JSON["overview"][1:]:
        assert f"\n.SH {chapter['title']}\n" in pages["wscodec"]


def test_every_name_in_see_also_has_a_page(manual: Path) -> None:
    for page in manual.glob("man?/*"):
        references = re.findall(r"^\.BR (\S+) \((\d)\)", page.read_text(encoding="utf-8"), re.M)
        assert references
        for name, section in references:
            file = name.replace("\\-", "-")
            assert (manual / f"man{section}" / f"{file}.{section}").exists(), (page, name)


# ---- the HTML ----


class Page(HTMLParser):
    """The anchors, links and declarations of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.declarations: list[str] = []
        self.is_declaration = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if "id" in attributes:
            self.anchors.append(attributes["id"])
        self.links += [attributes[name] for name in ("href", "src") if name in attributes]
        if attributes.get("class") == "declaration":
            self.is_declaration = True
            self.declarations.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self.is_declaration = False

    def handle_data(self, data: str) -> None:
        if self.is_declaration:
            self.declarations[-1] += data


def read_pages(folder: Path) -> dict[str, Page]:
    return {path.name: Page(path.read_text(encoding="utf-8")) for path in folder.glob("*.html")}


def broken_links(folder: Path) -> Iterator[str]:
    """Links to a missing file or anchor, and external ones that do not lead to an RFC."""
    pages = read_pages(folder)
    external = re.compile(r"https://www\.rfc-editor\.org/rfc/rfc\d{4}(#section-\d+(\.\d+)*)?")
    for name, page in pages.items():
        for link in page.links:
            if external.fullmatch(link):
                continue
            file, _, anchor = link.partition("#")
            target = pages.get(file or name)
            if target is None and (folder / file).is_file() and not anchor:
                continue
            if target is None or (anchor and anchor not in target.anchors):
                yield f"{name}: {link}"


def test_no_link_is_broken(manual: Path) -> None:
    assert list(broken_links(manual / "html")) == []
    assert sum(len(page.links) for page in read_pages(manual / "html").values()) > 1000


def test_the_check_of_links_finds_broken_ones(tmp_path: Path) -> None:
    good = (
        "#here",
        "b.html",
        "b.html#there",
        "style.css",
        "https://www.rfc-editor.org/rfc/rfc6455",
    )
    bad = (
        "#there",
        "c.html",
        "b.html#here",
        "style.css#here",
        "https://example.com/",
        "./a.css",
    )
    links = "".join(f'<a href="{link}">x</a>' for link in good + bad)
    (tmp_path / "a.html").write_text(f'<p id="here">{links}</p>')
    (tmp_path / "b.html").write_text('<p id="there">x</p>')
    (tmp_path / "style.css").write_text("")
    assert list(broken_links(tmp_path)) == [f"a.html: {link}" for link in bad]


def test_the_html_is_well_formed_with_unique_anchors(manual: Path) -> None:
    pages = list((manual / "html").glob("*.html"))
    assert len(pages) == len(JSON["sections"]) + 3
    for path in pages:
        text = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
        title = root.findtext("head/title") or ""
        assert f"wscodec {JSON['version']}" in title
        anchors = Page(text).anchors
        assert len(anchors) == len(set(anchors)), path


def test_every_name_has_an_anchor_with_its_description_and_one_in_the_index(
    manual: Path,
) -> None:
    pages = read_pages(manual / "html")
    index = set(pages.pop("names.html").anchors)
    described = [anchor for page in pages.values() for anchor in page.anchors]
    for name in FUNCTIONS + TYPES + CONSTANTS + FIELDS:
        assert described.count(name) == 1, name
        assert name in index or name.endswith((".opaque", ".reserved")), name


def test_the_html_shows_the_text_of_every_declaration(manual: Path) -> None:
    """Each documentation text appears, apart from its markup and white space."""
    text = {
        path.name: squeezed(" ".join(ElementTree.fromstring(body).itertext()))
        for path in (manual / "html").glob("*.html")
        for body in [path.read_text(encoding="utf-8").removeprefix("<!DOCTYPE html>")]
    }
    pages = {section["title"]: f"{section['name']}.html" for section in JSON["sections"]}
    fields = [
        (struct["section"], field["doc"])
        for struct in JSON["structs"]
        for field in struct["fields"]
    ]
    items = JSON["functions"] + JSON["structs"] + JSON["types"] + JSON["constants"]
    for section, doc in [*((item["section"], item["doc"]) for item in items), *fields]:
        for paragraph in doc.split("\n\n"):
            if not paragraph.startswith(" "):
                assert squeezed(paragraph) in text[pages[section]], paragraph
    for constant in JSON["constants"]:
        row = f"{constant['name']}{constant['literal']}{squeezed(constant['doc'])}"
        assert row in text[pages[constant["section"]]]


def squeezed(text: str) -> str:
    return re.sub(r"[\s`]+", "", text)


def test_the_declarations_agree_with_the_header(manual: Path, tmp_path: Path) -> None:
    """C rejects a second declaration that differs from the first."""
    found = [
        text for page in read_pages(manual / "html").values() for text in page.declarations
    ]
    functions = [text for text in found if not text.startswith("typedef")]
    structs = [text for text in found if text.startswith("typedef") and "{" in text]
    assert (len(functions), len(structs)) == (len(FUNCTIONS), len(JSON["structs"]))
    source = ["#include <wscodec.h>", "#include <stddef.h>", *functions]
    for text in structs:
        name = text.rsplit(None, 1)[1].rstrip(";")
        source.append(re.sub(rf"\b{name}\b", f"our_{name}", text))
        source.append(
            f"_Static_assert(sizeof({name}) == sizeof(our_{name}), {name!r});".replace("'", '"')
        )
        for field in re.findall(
            r"(\w+)(?:\[\d+\]|\)\([^;]*)?;", text.split("{")[1].split("}")[0]
        ):
            places = f"offsetof({name}, {field}) == offsetof(our_{name}, {field})"
            source.append(f'_Static_assert({places}, "{name}.{field}");')
    path = tmp_path / "declarations.c"
    path.write_text("\n".join(source) + "\n", encoding="utf-8")
    command = [CC, "-std=c11", "-Werror", "-fsyntax-only", f"-I{ROOT / 'include'}", str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# ---- the command ----


def changed(**documentation: str) -> dict[str, Any]:
    """The description, with other documentation of some names; "a__b" is field b of a."""
    description: dict[str, Any] = copy.deepcopy(JSON)
    items = {
        item["name"]: item
        for kind in ("functions", "structs", "types", "constants")
        for item in description[kind]
    }
    for struct in description["structs"]:
        items |= {f"{struct['name']}__{field['name']}": field for field in struct["fields"]}
    for name, doc in documentation.items():
        items[name]["doc"] = doc
    return description


@pytest.mark.parametrize(
    "name", ["ws_conn_recv", "ws_frame", "ws_result", "WS_ERR_UTF8", "ws_event__flags"]
)
@pytest.mark.parametrize("option", ["--check", "--out"])
def test_an_undocumented_declaration_is_an_error(
    tmp_path: Path, name: str, option: str
) -> None:
    path, out = tmp_path / "wscodec.json", tmp_path / "out"
    path.write_text(json.dumps(changed(**{name: " "})), encoding="utf-8")
    done = generate("--json", path, *(["--check"] if option == "--check" else ["--out", out]))
    assert done.returncode == 1
    assert done.stderr == f"{path}: {name.replace('__', '.')} is undocumented\n"
    assert not out.exists()


@pytest.mark.parametrize(
    ("doc", "problem"),
    [
        ("Calls ws_conn_receive().", "names ws_conn_receive()"),
        ("Calls ws_frame().", "names ws_frame()"),
        ("Sets WS_OPT_NOTHING.", "names WS_OPT_NOTHING"),
        ("Sets WS_NOTHING_*.", "names WS_NOTHING_*"),
        ("Sets ws_frame.nothing.", "names ws_frame.nothing"),
        ("See RFC 1, 2.", "no title for RFC 1, 2"),
    ],
)
def test_a_reference_without_a_target_is_an_error(
    tmp_path: Path, doc: str, problem: str
) -> None:
    path = tmp_path / "wscodec.json"
    path.write_text(json.dumps(changed(ws_mask=doc)), encoding="utf-8")
    done = generate("--check", "--json", path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{path}: ws_mask: ") and problem in done.stderr


def test_a_file_that_is_no_description_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "wscodec.json"
    assert "No such file" in generate("--json", path).stderr
    for text in ("", "[]", "{}", json.dumps({**JSON, "format": 2})):
        path.write_text(text, encoding="utf-8")
        done = generate("--json", path)
        assert done.returncode == 1
        assert done.stderr.startswith(f"{path}: ") and done.stderr.count("\n") == 1


def test_a_declaration_in_no_section_is_an_error(tmp_path: Path) -> None:
    description = copy.deepcopy(JSON)
    description["sections"][0]["contents"].remove({"function": "ws_version"})
    path = tmp_path / "wscodec.json"
    path.write_text(json.dumps(description), encoding="utf-8")
    done = generate("--check", "--json", path)
    assert done.returncode == 1 and "in no section: ws_version" in done.stderr


def test_the_output_depends_only_on_the_description_and_the_date(tmp_path: Path) -> None:
    for name in ("a", "b"):
        out = tmp_path / name
        done = generate(
            "--out", out, SOURCE_DATE_EPOCH="1000000000", PYTHONHASHSEED=str(len(name))
        )
        assert done.returncode == 0
    files = {path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*")}
    assert len(files) > 100
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert " 2001-09-09 " in (tmp_path / "a" / "man3" / "ws_mask.3").read_text()


def test_other_files_in_the_folder_are_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "man3" / "printf.3"
    other.parent.mkdir()
    other.write_text("")
    assert generate("--out", tmp_path).returncode == 0
    assert other.exists() and (other.parent / "ws_mask.3").exists()


def test_help_describes_the_options() -> None:
    done = generate("--help")
    assert done.returncode == 0
    assert all(option in done.stdout for option in ("--json", "--out", "--check"))


# ---- the markup of documentation texts ----


def test_blocks() -> None:
    doc = (
        "A paragraph\nof two lines:\n\n    int a;\n\n    a = 1;\n\nThen:\n\n"
        "     9. one\n    10. two\n        lines\n\n"
        "    first   1. a\n            2. b\n    second  text\n            goes here"
    )
    assert blocks.parse(doc) == [
        Paragraph("A paragraph of two lines:"),
        Code("int a;\n\na = 1;"),
        Paragraph("Then:"),
        Numbered(9, (Paragraph("one"), Paragraph("two lines"))),
        Terms(
            (
                ("first", (Numbered(1, (Paragraph("a"), Paragraph("b"))),)),
                ("second", (Paragraph("text goes here"),)),
            )
        ),
    ]


@pytest.mark.parametrize(
    ("doc", "expected"),
    [
        ("Masks (RFC 6455, 5.3). Again.", "Masks"),
        (
            "Server: reads `a` with ws_mask(), e.g. for b. Then c.",
            "Server: reads a with ws_mask()",
        ),
        ('Writes "A: b; c" and d; closes. Then.', 'Writes "A: b; c" and d'),
        ("Returns the version: MAJOR.", "Returns the version"),
    ],
)
def test_summaries(doc: str, expected: str) -> None:
    assert words.summary(doc) == expected
