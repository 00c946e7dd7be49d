"""The words of a paragraph: names of the library, code, and references to RFCs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from .description import Description, Function

TOKEN = re.compile(
    r"""
    (?P<quoted>"[^"]*")
    | `(?P<code>[^`]+)`
    | (?P<rfc>RFC\ (?P<number>\d+)(?:,\ (?P<section>\d+(?:\.\d+)*))?)
    | (?<=\()(?P<bare>\d+(?:\.\d+)+)(?=\))
    | \b(?P<name>(?:ws|WS)_\w+)(?P<end>\(\)|\*|\.[a-z]\w*)?
    | (?P<call>\b[a-z]\w*\(\))
    | (?P<target>\*[a-z]\w*)
    | (?P<path>\b[a-z]\w*(?:->|\.)[a-z]\w*)
    | (?P<word>\b[a-z]\w*)
    """,
    re.VERBOSE,
)
# Parameters whose names no text uses as ordinary words.
ABBREVIATIONS = {"buf", "conn", "dst", "hs", "len", "mem", "params", "pmd", "pos", "src"}
# Up to the first colon or semicolon that is not in quotes.
SUMMARY = re.compile(r'(?:Server: |Client: )?(?:"[^"]*"|[^";:])*')
SENTENCE_END = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?:(?<=\.)|(?<=\.\))|(?<=\.\"))\s+")


@dataclass(frozen=True)
class Span:
    """Its kind is "text", "code", "name", "rfc", or "unknown" for a name without a target."""

    kind: str
    text: str
    target: str = ""
    """A name: function, type, constant or type.field. An RFC: "6455#section-5.2"."""


class Names:
    """Everything that a text can refer to."""

    def __init__(self, description: Description) -> None:
        self.constants = [constant.name for constant in description.constants]
        self.functions = description.functions
        self.all = {*description.named, *self.constants}
        structs = description.structs.values()
        self.fields = {field.name for struct in structs for field in struct.fields}
        self.paths = {f"{s.name}.{field.name}" for s in structs for field in s.fields}

    def matching(self, prefix: str) -> list[str]:
        return [name for name in self.constants if name.startswith(prefix)]


class Reader:
    """Reads one documentation text, paragraph by paragraph."""

    def __init__(self, names: Names, function: Function | None = None) -> None:
        self.names = names
        self.parameters = {p.name for p in function.parameters} if function else set()
        self.rfc = "6455"

    def spans(self, text: str) -> list[Span]:
        return merge(self.tokens(text))

    def tokens(self, text: str) -> Iterator[Span]:
        at = 0
        for match in TOKEN.finditer(text):
            yield Span("text", text[at : match.start()])
            yield self.token(match)
            at = match.end()
        yield Span("text", text[at:])

    def token(self, match: re.Match[str]) -> Span:
        text = match[0]
        if match["rfc"]:
            self.rfc = match["number"]
            return Span("rfc", text, rfc_target(self.rfc, match["section"]))
        if match["quoted"]:
            return Span("text", text)
        if match["bare"]:
            return Span("rfc", text, rfc_target(self.rfc, text))
        if match["name"]:
            return self.name(match)
        if match["code"]:
            code = match["code"]
            return Span("name", code, code) if code in self.names.all else Span("code", code)
        if match["call"] or match["target"] or self.is_code(match):
            return Span("code", text)
        return Span("text", text)

    def name(self, match: re.Match[str]) -> Span:
        text, name, end = match[0], match["name"], match["end"] or ""
        if end == "*":
            matching = self.names.matching(name)
            return Span("name", text, matching[0]) if matching else Span("unknown", text, text)
        if end.startswith("."):
            return Span("name" if text in self.names.paths else "unknown", text, text)
        known = name in self.names.functions if end == "()" else name in self.names.all
        return Span("name" if known else "unknown", text, name)

    def is_code(self, match: re.Match[str]) -> bool:
        """A parameter or field whose form or place shows that it is not an ordinary word."""
        path, word = match["path"], match["word"]
        if path:
            return re.split(r"->|\.", path)[1] in self.names.fields
        if "_" in word:
            return word in self.names.fields | self.parameters
        if word in ABBREVIATIONS & self.parameters:
            return True
        return word in self.parameters and match.string[match.end() :].startswith(": ")


def merge(spans: Iterable[Span]) -> list[Span]:
    """Joins neighbours that are plain text."""
    merged: list[Span] = []
    for span in spans:
        if merged and merged[-1].kind == span.kind == "text":
            merged[-1] = replace(span, text=merged[-1].text + span.text)
        elif span.text:
            merged.append(span)
    return merged


def rfc_target(number: str, section: str | None) -> str:
    return f"{number}#section-{section}" if section else number


def sentences(spans: Iterable[Span]) -> list[list[Span]]:
    result: list[list[Span]] = [[]]
    for span in spans:
        parts = SENTENCE_END.split(span.text) if span.kind == "text" else [span.text]
        for at, part in enumerate(parts):
            if at > 0:
                result.append([])
            if part:
                result[-1].append(replace(span, text=part))
    return [sentence for sentence in result if sentence]


def split_sentences(text: str) -> list[str]:
    return SENTENCE_END.split(text)


def summary(doc: str) -> str:
    """The first sentence, without what only the whole text needs."""
    paragraph = " ".join(doc.split("\n\n")[0].split())
    sentence = re.sub(r" \((?:[^()]|\(\))*\)", "", split_sentences(paragraph)[0])
    match = SUMMARY.match(sentence.replace("`", ""))
    return match[0].split(", e.g.")[0].rstrip(". ") if match else ""
