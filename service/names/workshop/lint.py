"""Is a folder of term files in order? Every fault found at once, with its file, line and entry.

Reach for this before a merge. Loading a glossary stops at the first fault and looks only for what
makes a file unusable; this looks for all that an editor would want to know. Costs about a second
for a thousand entries, most of it for their examples.

A finding is silenced by a comment on its line: ``# lint: allow CODE``.
"""

from __future__ import annotations

import difflib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from wordfreq import zipf_frequency

from service.errors import GlossaryError
from service.names.glossary import load_glossary
from service.names.workshop import check, forms
from service.names.workshop.termfiles import (
    FOLDERS,
    KEY_ORDER,
    LIST_KEYS,
    Edit,
    RawEntry,
    TermFile,
    apply_edits,
    insert_edit,
    list_edits,
    plain,
    term_paths,
    text_edit,
    write_text,
)

Severity = Literal["error", "warning"]

#: Zipf frequency (log10 of occurrences in a thousand million words, wordfreq) from which a form of
#: one word is too common to stand for a name: "Proof" 4.4, "vassal" 3.2, "Alessio" 2.6.
COMMON_WORD = 3.5
#: The same for every word of a longer form: "the way" 6.2, "National Gathering" 4.2.
COMMON_WORDS = 4.5
#: Letters below which a form of one word is too short: "Tir", "Lang" are four or fewer.
SHORT_LATIN = 4
SHORT_ARABIC = 4

#: What each code means; `glossary lint --codes` prints it.
CODES = {
    "unreadable": "the file is not UTF-8, not YAML, or not a list of entries",
    "schema": "a field is missing, unknown, or not of its kind",
    "duplicate-id": "two entries have the same id",
    "duplicate-name": "two entries have the same name",
    "shared-form": "a form is claimed by two entries",
    "variant-is-name": "a wrong form is another entry's right name",
    "chain": "a form is rewritten to a name that is itself rewritten",
    "cycle": "two entries rewrite each other's names",
    "own-name": "a wrong form, or a look-alike to keep, is the entry's own name",
    "keep-and-variant": "a form is both to be kept and to be rewritten",
    "repeated": "a form stands twice in one entry",
    "short-form": "a form is too short to be recognised without context",
    "common-form": "a form is an ordinary word or phrase",
    "digits": "a form with digits, which names are not told apart by",
    "not-nfc": "accents are written as separate characters",
    "invisible": "a direction mark or another invisible character",
    "tatweel": "a stretched Arabic form (tatweel)",
    "vowel-signs": "an Arabic form with vowel signs",
    "foreign-letter": "a Persian or Urdu letter, or a presentation form, in an Arabic form",
    "spaces": "doubled or outer spaces",
    "not-arabic": "a form under 'ar' that is not Arabic",
    "not-latin": "Arabic letters where Latin ones are expected",
    "mixed-script": "letters of another script that look like Latin ones",
    "folder": "the entry lies in another kind's folder",
    "date": "'since' is no date, or in the future",
    "no-source": "nothing shows where the spelling comes from",
    "example-off-topic": "an example that changes something, but not to this entry's name",
    "example-fails": "an example does not come out as it says",
    "unloadable": "the service could not load this glossary",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend.

    Args:
        code: a key of `CODES`.
        severity: an error stops a merge, a warning does not.
        file: relative to the glossary's folder.
        line: from 1.
        entry: the entry's id, or its name, or "".
        message: what is wrong and what to do.
        fixable: `fix` can mend it.
    """

    code: str
    severity: Severity
    file: str
    line: int
    entry: str
    message: str
    fixable: bool = False


def lint(directory: Path, *, examples: bool = True) -> list[Finding]:
    """Everything that is wrong in the term files below a folder, in order of files and lines.

    Args:
        directory: the glossary's folder.
        examples: run the examples too; they need a glossary that loads.
    """
    findings: list[Finding] = []
    files = []
    for path in term_paths(directory):
        try:
            files.append(TermFile.read(path, directory))
        except GlossaryError as error:
            findings.append(_from_error("unreadable", error))
    entries = [entry for file in files for entry in file.entries]
    for entry in entries:
        findings += _schema(entry)
        findings += _single(entry)
    findings += _between(entries)
    broken = any(finding.severity == "error" for finding in findings)
    try:
        glossary = load_glossary(directory)
    except GlossaryError as error:
        if not broken:
            findings.append(_from_error("unloadable", error))
    else:
        if examples:
            lines = {(entry.file, entry.line): entry for entry in entries}
            for failure in check.run_examples(glossary, glossary.entries).failures:
                findings.append(_example_finding(failure, lines))
    texts = {file.name: file.text.splitlines() for file in files}
    kept = [finding for finding in findings if not _allowed(finding, texts)]
    return sorted(kept, key=lambda item: (item.file, item.line, item.code, item.message))


def fix(directory: Path) -> list[Finding]:
    """Mend what needs no judgement: characters, spaces, repeated forms, missing ids.

    Returns:
        what was mended, as the findings that were there before.
    """
    mended: list[Finding] = []
    for path in term_paths(directory):
        try:
            file = TermFile.read(path, directory)
        except GlossaryError:
            continue
        if path.suffix == ".json" or not file.entries:
            continue
        before = [item for entry in file.entries for item in (*_single(entry), *_schema(entry))]
        edits = [edit for entry in file.entries for edit in _mending(file, entry)]
        if edits:
            write_text(path, apply_edits(file.text, edits))
            mended += [item for item in before if item.fixable]
    return mended


# --- One entry --------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def entry_validator() -> Draft202012Validator:
    """The validator of one entry, from the schema that editors use."""
    schema = json.loads(Path(__file__).with_name("schema.json").read_text("utf-8"))
    return Draft202012Validator({**schema["$defs"]["entry"], "$defs": schema["$defs"]})


def _schema(entry: RawEntry) -> Iterator[Finding]:
    for error in entry_validator().iter_errors(entry.value):
        path = list(error.absolute_path)
        missing_id = error.validator == "required" and "'id'" in error.message
        if error.validator == "uniqueItems":
            continue
        yield Finding(
            "schema",
            "error",
            entry.file,
            entry.line_of(*_unknown_key(error), *path),
            entry.label,
            _schema_message(error, path),
            fixable=missing_id and isinstance(entry.value.get("name"), str),
        )


def _repeated_keys(entry: RawEntry) -> Iterator[Finding]:
    seen: set[str] = set()
    for key_node, _value in entry.node.value:
        key = str(plain(key_node))
        if key in seen:
            line = int(key_node.start_mark.line) + 1
            message = f"The field {key!r} stands twice; join the two."
            yield Finding("schema", "error", entry.file, line, entry.label, message)
        seen.add(key)


def _unknown_key(error: ValidationError) -> list[str]:
    if error.validator != "additionalProperties" or error.absolute_path:
        return []
    instance: Any = error.instance
    return [key for key in instance if key not in KEY_ORDER][:1]


def _schema_message(error: ValidationError, path: list[str | int]) -> str:
    where = ".".join(str(step) for step in path)
    instance: Any = error.instance
    limit: Any = error.validator_value
    if error.validator == "additionalProperties":
        allowed = list(KEY_ORDER) if not path else ["in", "out"]
        unknown = [key for key in instance if key not in allowed]
        hints = []
        for key in unknown:
            near = difflib.get_close_matches(key, allowed, 1, 0.6)
            hints.append(f"{key!r}" + (f" (did you mean {near[0]!r}?)" if near else ""))
        return f"Unknown field {', '.join(hints)}; there are {', '.join(allowed)}."
    if error.validator == "required":
        missing = re.findall(r"^'(\w+)'", error.message)
        return f"The field {missing[0]!r} is missing." if missing else error.message
    if error.validator == "enum":
        choices = ", ".join(limit)
        return f"{where!r} is one of {choices}, not {error.instance!r}."
    if error.validator == "type":
        kind = {"array": "a list of texts in [ ]", "string": "a text", "object": "a mapping"}
        return f"{where!r} must be {kind.get(limit, limit)}."
    if error.validator == "pattern":
        hint = {
            "id": "small letters, digits and single hyphens",
            "since": "a date as 2026-11-28",
            "source": "a web address that begins with https://",
        }.get(str(path[-1]) if path else "", "of another shape")
        return f"{where!r} must be {hint}, not {error.instance!r}."
    if error.validator in ("minLength", "maxLength"):
        size = "empty" if error.validator == "minLength" else f"longer than {limit} characters"
        return f"{where!r} is {size}."
    return f"{where!r}: {error.message}."


def _single(entry: RawEntry) -> Iterator[Finding]:
    """What can be seen from one entry alone."""
    yield from _repeated_keys(entry)
    yield from _characters(entry)
    yield from _own_forms(entry)
    yield from _weak_forms(entry)
    yield from _off_topic(entry)
    yield from _provenance(entry)


def _characters(entry: RawEntry) -> Iterator[Finding]:
    for path, text in _all_texts(entry):
        arabic = path[0] == "ar"

        def found(
            code: str, message: str, fixable: bool = True, path: tuple[str | int, ...] = path
        ) -> Finding:
            line = entry.line_of(*path)
            return Finding(code, "error", entry.file, line, entry.label, message, fixable)

        shown = f"{text!r} in {path[0]!r}"
        if forms.INVISIBLE.search(text):
            names = ", ".join(f"U+{ord(c):04X}" for c in forms.INVISIBLE.findall(text))
            yield found("invisible", f"{shown} holds invisible characters ({names}).")
        if text != " ".join(text.split()):
            yield found("spaces", f"{shown} has doubled, outer or no-break spaces.")
        if forms.cleaned(text, arabic=False) != " ".join(forms.INVISIBLE.sub("", text).split()):
            yield found("not-nfc", f"{shown} writes accents as separate characters (not NFC).")
        if path[0] in ("notes", "examples", "context"):
            continue
        if arabic:
            yield from _arabic_characters(text, shown, found)
        elif forms.has_arabic(text):
            message = f"{shown} holds Arabic letters; Arabic forms belong under 'ar'."
            yield found("not-latin", message, False)
        if path[0] in ("name", "fr", "variants") and any(letter.isdigit() for letter in text):
            message = f"{shown} has digits; a name is found by its letters, so it would be found "
            yield found("digits", message + "without them. Leave it out.", False)
        if scripts := forms.foreign_scripts(text):
            message = f"{shown} mixes in {', '.join(sorted(scripts))} letters; type it anew."
            yield found("mixed-script", message, False)


def _arabic_characters(text: str, shown: str, found: Any) -> Iterator[Finding]:
    if forms.TATWEEL in text:
        yield found("tatweel", f"{shown} is stretched with tatweel (ـ).")
    if forms.VOWEL_SIGNS.search(text):
        yield found("vowel-signs", f"{shown} has vowel signs; outlets write none.")
    if forms.PRESENTATION.search(text) or text.translate(forms.FOREIGN_LETTERS) != text:
        yield found("foreign-letter", f"{shown} has letters of another keyboard (ک or ی, say).")
    if not forms.is_arabic_form(forms.cleaned(text, arabic=True)):
        yield found("not-arabic", f"{shown} is not an Arabic form; write it in Arabic.", False)


def _own_forms(entry: RawEntry) -> Iterator[Finding]:
    name = str(entry.value.get("name") or "")
    for key in LIST_KEYS:
        seen: set[str] = set()
        for index, text in enumerate(entry.texts(key)):
            line = entry.line_of(key, index)
            if text in seen:
                message = f"{text!r} stands twice in {key!r}."
                yield Finding("repeated", "error", entry.file, line, entry.label, message, True)
            seen.add(text)
            if key in ("variants", "keep", "fr") and text == name:
                message = f"{text!r} in {key!r} is the entry's own name; take it out."
                yield Finding("own-name", "error", entry.file, line, entry.label, message, True)
    both = set(entry.texts("keep")) & set(entry.texts("variants"))
    for text in sorted(both):
        message = f"{text!r} is both in 'keep' and in 'variants'; decide for one."
        line = entry.line_of("keep")
        yield Finding("keep-and-variant", "error", entry.file, line, entry.label, message)


def _weak_forms(entry: RawEntry) -> Iterator[Finding]:
    """Forms that stand in ordinary text for something else."""
    context = bool(entry.texts("context"))
    for key in ("name", "fr", "variants", "ar"):
        for index, text in enumerate(entry.texts(key)):
            words = forms.words_of(text)
            reason = _weakness(words, key)
            if reason is None:
                continue
            listed = key == "variants"
            if context and not listed:
                continue
            code, what = reason
            path: tuple[str | int, ...] = (key,) if key == "name" else (key, index)
            advice = (
                "a listed variant is rewritten wherever it stands, so take it out"
                if listed
                else "give the entry a 'context'"
            )
            severity: Severity = "warning" if listed and context else "error"
            yield Finding(
                code,
                severity,
                entry.file,
                entry.line_of(*path),
                entry.label,
                f"{text!r} in {key!r} {what}; {advice}.",
            )


def _weakness(words: list[str], key: str) -> tuple[str, str] | None:
    if not words:
        return "short-form", "has no letters"
    language = {"ar": "ar", "fr": "fr"}.get(key, "en")
    if len(words) == 1:
        least = SHORT_ARABIC if key == "ar" else SHORT_LATIN
        if len(words[0]) < least:
            return "short-form", f"has fewer than {least} letters"
        if zipf(words[0], language) >= COMMON_WORD:
            return "common-form", "is an ordinary word"
    elif key != "name" and min(zipf(word, language) for word in words) >= COMMON_WORDS:
        return "common-form", "is an ordinary phrase"
    return None


@lru_cache(maxsize=65536)
def zipf(word: str, language: str) -> float:
    """How common a word is: log10 of its occurrences in a thousand million (Speer, wordfreq)."""
    return float(zipf_frequency(word, language))


def _off_topic(entry: RawEntry) -> Iterator[Finding]:
    own = set(forms.same(str(entry.value.get("name") or "")).split())
    for index, example in enumerate(_example_list(entry)):
        before, after = str(example.get("in") or ""), str(example.get("out") or "")
        if before != after and own.isdisjoint(forms.same(" ".join(forms.words_of(after))).split()):
            message = f"{after!r} does not name this entry; move the example to the one it tests."
            line = entry.line_of("examples", index)
            yield Finding("example-off-topic", "warning", entry.file, line, entry.label, message)


def _provenance(entry: RawEntry) -> Iterator[Finding]:
    since = entry.value.get("since")
    line = entry.line_of("since")
    if isinstance(since, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", since):
        try:
            written = date.fromisoformat(since)
        except ValueError:
            message = f"'since' is no day of the calendar: {since}."
            yield Finding("date", "error", entry.file, line, entry.label, message)
        else:
            if written > date.today():
                message = f"'since' lies in the future: {since}."
                yield Finding("date", "error", entry.file, line, entry.label, message)
    if not entry.value.get("source") and entry.value.get("status") != "proposed":
        message = "No 'source': give a page that shows the right spelling."
        yield Finding("no-source", "warning", entry.file, entry.line, entry.label, message)
    kind, folder = entry.value.get("type"), entry.file.split("/")[0]
    if kind in FOLDERS and folder in FOLDERS.values() and folder != FOLDERS[str(kind)]:
        message = f"A {kind} belongs under {FOLDERS[str(kind)]}/, not {folder}/."
        yield Finding("folder", "warning", entry.file, entry.line, entry.label, message)


def _all_texts(entry: RawEntry) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for key in ("id", "name", "source", "notes"):
        if isinstance(entry.value.get(key), str):
            yield (key,), entry.value[key]
    for key in LIST_KEYS:
        for index, text in enumerate(entry.texts(key)):
            yield (key, index), text
    for index, example in enumerate(_example_list(entry)):
        for side in ("in", "out"):
            if isinstance(example.get(side), str):
                yield ("examples", index, side), example[side]


def _example_list(entry: RawEntry) -> list[dict[str, Any]]:
    found = entry.value.get("examples")
    items = found if isinstance(found, list) else []
    return [item if isinstance(item, dict) else {} for item in items]


# --- Between entries --------------------------------------------------------------------------


def _between(entries: list[RawEntry]) -> Iterator[Finding]:
    """What two entries do to each other; deprecated ones match nothing, so they are left out."""
    yield from _duplicate_ids(entries)
    live = [entry for entry in entries if entry.value.get("status") != "deprecated"]
    names: dict[str, list[RawEntry]] = defaultdict(list)
    for entry in live:
        if isinstance(entry.value.get("name"), str):
            names[forms.same(entry.value["name"])].append(entry)
    for _key, bearers in names.items():
        for entry in bearers[1:]:
            first = bearers[0]
            if entry.id != first.id and not _know_each_other(first, entry):
                message = (
                    f"The name {entry.value['name']!r} is also that of {_place(first)}. Join the "
                    "two; if they are two bearers of one name, list the name in both 'keep'."
                )
                line = entry.line_of("name")
                yield Finding("duplicate-name", "error", entry.file, line, entry.label, message)
    yield from _shared_forms(live)
    yield from _chains(live, names)


def _duplicate_ids(entries: list[RawEntry]) -> Iterator[Finding]:
    first: dict[str, RawEntry] = {}
    for entry in entries:
        if entry.id is None:
            continue
        other = first.setdefault(entry.id, entry)
        if other is not entry:
            message = f"The id {entry.id!r} is already used at {other.file}:{other.line}."
            line = entry.line_of("id")
            yield Finding("duplicate-id", "error", entry.file, line, entry.label, message)


def _shared_forms(entries: list[RawEntry]) -> Iterator[Finding]:
    claims: dict[str, tuple[RawEntry, str, str]] = {}
    for entry in entries:
        own = set()
        for key in ("fr", "variants", "ar"):
            for index, text in enumerate(entry.texts(key)):
                folded = forms.same(text)
                if not folded or folded in own:
                    continue
                own.add(folded)
                other, other_key, other_text = claims.setdefault(folded, (entry, key, text))
                if other is entry or _know_each_other(other, entry):
                    continue
                message = (
                    f"{text!r} in {key!r} is also claimed by {_place(other)} "
                    f"({other_text!r} in {other_key!r}); a form can stand for one entry only."
                )
                line = entry.line_of(key, index)
                yield Finding("shared-form", "error", entry.file, line, entry.label, message)


def _chains(entries: list[RawEntry], names: dict[str, list[RawEntry]]) -> Iterator[Finding]:
    """Forms whose rewriting makes, or holds, what another entry rewrites."""
    rewrites: dict[str, RawEntry] = {}
    for entry in entries:
        for text in entry.texts("variants"):
            rewrites.setdefault(forms.same(text), entry)
    for entry in entries:
        for key in ("variants", "fr"):
            for index, text in enumerate(entry.texts(key)):
                for owner in names.get(forms.same(text), []):
                    if owner is entry or owner.id == entry.id or _know_each_other(owner, entry):
                        continue
                    mutual = rewrites.get(forms.same(str(entry.value.get("name")))) is owner
                    line = entry.line_of(key, index)
                    if mutual:
                        message = (
                            f"{text!r} would become {entry.value.get('name')!r}, which "
                            f"{_place(owner)} would turn back into {text!r}."
                        )
                        yield Finding("cycle", "error", entry.file, line, entry.label, message)
                    else:
                        message = (
                            f"{text!r} in {key!r} is the right name of {_place(owner)}; a right "
                            "name must never be rewritten."
                        )
                        yield Finding(
                            "variant-is-name", "error", entry.file, line, entry.label, message
                        )
        yield from _chained_name(entry, rewrites)


def _chained_name(entry: RawEntry, rewrites: dict[str, RawEntry]) -> Iterator[Finding]:
    name = str(entry.value.get("name") or "")
    words = forms.same(name).split()
    for start in range(len(words)):
        for end in range(start + 1, len(words) + 1):
            part = " ".join(words[start:end])
            other = rewrites.get(part)
            if other is None or other is entry or _know_each_other(other, entry):
                continue
            if len(words) == end - start and rewrites.get(forms.same(str(other.value["name"]))):
                continue
            message = (
                f"The name {name!r} holds {part!r}, which {_place(other)} rewrites to "
                f"{other.value.get('name')!r}: a chain of two changes."
            )
            line = entry.line_of("name")
            yield Finding("chain", "error", entry.file, line, entry.label, message)


def _know_each_other(one: RawEntry, other: RawEntry) -> bool:
    """Each lists the other's name as one to keep: two bearers of one form, known to the editor."""

    def keeps(entry: RawEntry, name: object) -> bool:
        kept = {forms.same(text) for text in entry.texts("keep")}
        return isinstance(name, str) and forms.same(name) in kept

    return keeps(one, other.value.get("name")) and keeps(other, one.value.get("name"))


def _place(entry: RawEntry) -> str:
    return f"{entry.label!r} ({entry.file}:{entry.line})"


# --- Files, examples, mending -----------------------------------------------------------------


def _from_error(code: str, error: GlossaryError) -> Finding:
    file, _, line = (error.field or "").rpartition(":")
    if not line.isdigit():
        file, line = error.field or "", "1"
    return Finding(code, "error", file, int(line), "", error.detail)


def _example_finding(failure: check.Failure, entries: dict[tuple[str, int], RawEntry]) -> Finding:
    entry = entries.get((failure.file, failure.line))
    line = failure.line
    if entry is not None:
        for index, example in enumerate(_example_list(entry)):
            if example.get("in") == failure.before:
                line = entry.line_of("examples", index)
    if failure.before == failure.wanted:
        message = f"{failure.before!r} must stay as it is, but becomes {failure.got!r}."
    elif failure.got == failure.before:
        message = f"{failure.before!r} is not changed; it must become {failure.wanted!r}."
    else:
        message = f"{failure.before!r} becomes {failure.got!r}, not {failure.wanted!r}."
    return Finding("example-fails", "error", failure.file, line, failure.entry, message)


def _allowed(finding: Finding, texts: dict[str, list[str]]) -> bool:
    lines = texts.get(finding.file, [])
    if not 0 < finding.line <= len(lines):
        return False
    comment = re.search(r"#\s*lint:\s*allow\s+([\w ,-]+)", lines[finding.line - 1])
    return bool(comment and finding.code in re.split(r"[ ,]+", comment.group(1)))


def _mending(file: TermFile, entry: RawEntry) -> Iterable[Edit]:
    name = entry.value.get("name")
    right = forms.cleaned(name, arabic=False) if isinstance(name, str) else None
    if right is not None:
        if right != name:
            yield text_edit(entry, ["name"], right)
        if "id" not in entry.value:
            yield from _id_edit(file, entry, right)
    for key in LIST_KEYS:
        old = entry.value.get(key)
        if isinstance(old, list) and all(isinstance(text, str) for text in old):
            own = right if key in ("variants", "keep", "fr") else None
            wanted = _mended_list(old, own, arabic=key == "ar")
            if wanted != old:
                yield from list_edits(file, entry, key, wanted)
    for index, example in enumerate(_example_list(entry)):
        for side in ("in", "out"):
            text = example.get(side)
            if isinstance(text, str) and forms.cleaned(text, arabic=False) != text:
                wanted_text = forms.cleaned(text, arabic=False)
                yield text_edit(entry, ["examples", index, side], wanted_text)


def _mended_list(old: list[str], own: str | None, *, arabic: bool) -> list[str | None]:
    """Each form cleaned; None for one that is the entry's own name or stood there before."""
    seen = {own}
    wanted: list[str | None] = []
    for text in old:
        form = forms.cleaned(text, arabic=arabic)
        wanted.append(None if form in seen else form)
        seen.add(form)
    return wanted


def _id_edit(file: TermFile, entry: RawEntry, name: str) -> Iterator[Edit]:
    from service.names.workshop.propose import free_id

    taken = {other.id for other in file.entries if other.id}
    yield insert_edit(entry, "id", free_id(name, taken), file.text)
