"""Gradescope's export: folders with a number, and submission_metadata.yml, which says whose they are and since when.

The file is YAML with Ruby's symbols as names: for each folder `:submitters:` (each with `:name:`, `:sid:`, `:email:`;
several for a group) and `:created_at:`. Gradescope documents the same facts of one submission on
gradescope-autograders.readthedocs.io, "Submission Metadata".
"""

from __future__ import annotations

from contextlib import suppress

import yaml

from grader.collecting.download import Entry
from grader.collecting.platforms import Claim
from grader.notebooks.notebook_file import Unreadable
from grader.text.moments import NoMoment, read_moment

NAME, METADATA = "Gradescope", "submission_metadata.yml"
SHOWS = "submission_{number}/{file}, students by " + METADATA
# Texts only: no type is guessed, no object made, and nothing grows by merging.
LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def gradescope_claims(found: list[Entry]) -> dict[str, list[Claim]]:
    """Return whose each folder of an export is, by the folder's path with a slash at its end; a group's is several's.

    Raises:
        Unreadable: the export's metadata cannot be read.
    """
    claims: dict[str, list[Claim]] = {}
    for entry in found:
        root = entry.path.removesuffix(METADATA)
        around = all(other.path.startswith(root) for other in found if not other.junk)
        # Deeper down it is some student's own file.
        if entry.name != METADATA or entry.junk or entry.fault or root.count("/") > 1 or not around:
            continue
        try:
            data = yaml.load(entry.read(), LOADER)
        except (yaml.YAMLError, UnicodeError, RecursionError):
            raise Unreadable("is not the YAML that Gradescope writes", "download the export again") from None
        for folder, one in data.items() if isinstance(data, dict) else ():
            made = [_claim(who, one.get(":created_at")) for who in _people(one)]
            claims[f"{root}{folder}/"] = [claim for claim in made if claim is not None]
    return claims


def _people(one: object) -> list[dict]:
    people = one.get(":submitters") if isinstance(one, dict) else None
    return [who for who in people if isinstance(who, dict)] if isinstance(people, list) else []


def _claim(who: dict, created: object) -> Claim | None:
    texts = [who.get(field) for field in (":sid", ":email", ":name")]
    sid, email, name = (text.strip() if isinstance(text, str) else "" for text in texts)
    time = None
    with suppress(NoMoment):
        time = read_moment(created) if isinstance(created, str) else None
    ids = tuple(one for one in (sid, email) if one and one != "null")
    if not ids and not name:
        return None
    return Claim(NAME, SHOWS, ids, (name,) if name else (), time=time)
