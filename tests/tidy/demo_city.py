#!/usr/bin/python3
"""The made-up city holds together: demo_city.py GENERATOR runs it and looks.

Same seed, same bytes; sizes; codes with right check digits, computed here a
second time; every service that a recipe asks for is offered, every person and
gift belongs to a body, every limit of the schemas is kept. The kinds are those
of seeds/catalogue that its needs, or the mapping for the foreign file, name.
"""

import csv
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml  # Debian: python3-yaml

import tidy

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
FILES = ["organisations", "registrations", "people", "resources", "needs"]
ROLES = {"socialorg", "socialworker", "volunteer", "charity"}
URGENCIES = {"urgent", "difficult", "anxious", "longing"}
SOURCES = {"resident", "inspection", "agency"}


def credit_code_is_right(code):
    values = [ALPHABET.index(letter) for letter in code]
    whole = (31 - sum(value * pow(3, i, 31) for i, value in enumerate(values[:17])) % 31) % 31
    body = (11 - sum(w * int(d) for w, d in zip((3, 7, 9, 10, 5, 8, 4, 2), code[8:16]))) % 11
    return values[17] == whole and code[16] == "0123456789X"[body]


def read(folder):
    city = {}
    for name in FILES:
        with open(folder / f"{name}.csv", encoding="utf-8", newline="") as file:
            city[name] = list(csv.DictReader(file, strict=True))
    return city


def check_sizes(city):
    bodies = city["organisations"]
    streets = {row["division"][:9] for row in bodies if row["society"] == "community"}
    at_least = {
        "districts": (3, len({street[:6] for street in streets})),
        "streets": (12, len(streets)),
        "communities": (60, sum(row["society"] == "community" for row in bodies)),
        "social organisations": (60, sum(row["society"] == "socialorg" for row in bodies)),
        "stations": (12, sum(row["society"] == "socialworker" for row in bodies)),
        "social workers": (150, sum(row["society"] == "socialworker" for row in city["people"])),
        "volunteers": (3000, sum(row["society"] == "volunteer" for row in city["people"])),
        "kinds": (20, len({row["kind"] for row in city["needs"]})),
        "needs": (200, len(city["needs"])),
        "bodies answered by hand": (3, sum(row["answers"] == "by_hand" for row in bodies)),
    }
    for what, (wanted, found) in at_least.items():
        if found < wanted:
            yield f"{found} {what}, {wanted} wanted"


def check_bodies(bodies):
    for row in bodies:
        code = row["code"]
        if row["society"] not in ROLES | {"community"} or not re.fullmatch(r"\d{12}", row["division"]):
            yield f"{code}: society or division malformed"
        if len(code.encode()) > 23 or any(len(s) > 31 for s in row["services"].split(";")):
            yield f"{code}: code or service too long"
        if len(code) == 18 and not credit_code_is_right(code):
            yield f"{code}: wrong check digit"
        if row["society"] == "community":
            if code != row["division"] or not row["name"].endswith("社区居委会"):
                yield f"{code}: not a community's row"
        elif row["answers"] not in {"auto", "by_hand"} or not row["services"]:
            yield f"{code}: not a provider's row"
    for column in ("code", "name"):
        values = [row[column] for row in bodies if column == "code" or row["society"] == "community"]
        if len(set(values)) != len(values):
            yield f"organisations: a {column} comes twice"


def check_people(people, bodies):
    services = {row["code"]: set(row["services"].split(";")) for row in bodies}
    for row in people:
        number = row["number"]
        if row["body"] not in services:
            yield f"{number}: body {row['body']} is unknown"
        elif not set(row["skills"].split(";")) <= services[row["body"]]:
            yield f"{number}: a skill that {row['body']} does not offer"
        if len(number.encode()) > 23 or not row["name"] or not re.fullmatch(r"\d{12}", row["division"]):
            yield f"{number}: malformed"
        if row["society"] == "socialworker":
            good = re.fullmatch(r"\d{4}-\d\d-\d\d", row["registered_until"]) and row["capacity"]
        else:
            good = re.fullmatch(r"([1-7]:\d{4}-\d{4};?)+", row["free"])
        if not good:
            yield f"{number}: malformed"
    if len({row["number"] for row in people}) != len(people):
        yield "people: a number comes twice"


def check_resources(resources, bodies):
    services = {row["code"]: row["services"].split(";") for row in bodies if row["society"] == "charity"}
    for row in resources:
        money = row["class"] == "money"
        if row["service"] not in services.get(row["fund"], []):
            yield f"{row['receipt']}: {row['fund']} has no {row['service']}"
        if not re.fullmatch(r"[1-9]\d*\.\d\d" if money else r"[1-9]\d*", row["quantity"]):
            yield f"{row['receipt']}: quantity {row['quantity']}"
        if money != row["service"].startswith("money-") or len(row["receipt"]) > 31:
            yield f"{row['receipt']}: malformed"
    if len({row["receipt"] for row in resources}) != len(resources):
        yield "resources: a receipt comes twice"


def check_kinds(codes, kinds, bodies):
    """Of the kinds that are asked for: they are there, and every part is offered by somebody."""
    offered = {(row["society"], service) for row in bodies for service in row["services"].split(";")}
    for code in sorted(codes):
        kind = kinds.get(code)
        if kind is None:
            yield f"{code}: not in seeds/catalogue"
            continue
        if kind.get("assess") and ("socialworker", kind["assess"]) not in offered:
            yield f"{code}: nobody assesses {kind['assess']}"
        for step in kind.get("recipe", []):
            role, service, _ = step.split(":")
            if (role, service) not in offered:
                yield f"{code}: nobody offers {role} {service}"


def check_needs(needs, kinds, bodies):
    communities = {row["code"] for row in bodies if row["society"] == "community"}
    for row in needs:
        if row["division"] not in communities:
            yield f"{row['ref']}: community unknown"
        if row["urgency"] not in URGENCIES or row["source"] not in SOURCES or len(row["ref"]) > 39:
            yield f"{row['ref']}: malformed"
    if len({row["ref"] for row in needs}) != len(needs):
        yield "needs: a ref comes twice"
    # one kind that brings all five societies together: the community asks, a
    # social worker looks, the recipe calls the other three
    asked = [kinds[code] for code in {row["kind"] for row in needs} & kinds.keys()]
    if not any(kind.get("assess") and {"socialorg", "volunteer", "charity"} <=
               {step.split(":")[0] for step in kind.get("recipe", [])} for kind in asked):
        yield "kinds: none brings all five societies together"


def check_city(city, kinds, foreign):
    bodies = city["organisations"]
    yield from check_sizes(city)
    yield from check_bodies(bodies)
    yield from check_people(city["people"], bodies)
    yield from check_resources(city["resources"], bodies)
    yield from check_kinds(foreign | {row["kind"] for row in city["needs"]}, kinds, bodies)
    yield from check_needs(city["needs"], kinds, bodies)


def catalogue():
    """Every kind of seeds/catalogue, by code."""
    kinds = {}
    for path in sorted((tidy.ROOT / "seeds/catalogue").glob("*.yaml")):
        kinds.update(yaml.safe_load(path.read_text(encoding="utf-8"))["kinds"])
    return kinds


def mapped_kinds(text):
    """The codes that a mapping's kinds, default_kind and urgencies name."""
    mapping = yaml.safe_load(text)
    return {*mapping["kinds"].values(), mapping["default_kind"], *mapping["urgencies"]}


def generate(generator, folder, *options):
    folder.mkdir()
    subprocess.run([generator, str(folder), *options], check=True, stdout=subprocess.DEVNULL)
    return {name: (folder / f"{name}.csv").read_bytes() for name in FILES}


def load(generator):
    """The city as rows, the codes that the mapping names, and what is wrong with the bytes."""
    findings = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        first = generate(generator, folder / "1")
        if generate(generator, folder / "2") != first:
            findings.append("the same seed gave other bytes")
        if generate(generator, folder / "3", "--seed", "6")["people"] == first["people"]:
            findings.append("another seed gave the same bytes")
        city = read(folder / "1")
    mapping = tidy.ROOT / "seeds/mappings/service-requests.yaml"
    return city, mapped_kinds(mapping.read_text(encoding="utf-8")), findings


def self_test(generator):
    """Spoils one thing after the other; each must be found."""
    city, foreign, findings = load(generator)
    kinds = catalogue()
    body = next(row for row in city["organisations"] if len(row["code"]) == 18)
    worker, gift, need = (city[name][0] for name in ("people", "resources", "needs"))
    kind = kinds[need["kind"]]
    spoils = [
        (body, "code", body["code"][:17] + ("1" if body["code"][17] == "0" else "0"), "wrong check digit"),
        (worker, "body", "nobody", "body nobody is unknown"),
        (worker, "skills", "flying", "a skill that"),
        (worker, "number", city["people"][1]["number"], "a number comes twice"),
        (gift, "quantity", "0.00", "quantity 0.00"),
        (gift, "service", "money-nothing", "has no money-nothing"),
        (kind, "recipe", ["charity:gold:1"], "nobody offers charity gold"),
        (kind, "assess", "fieldwork-stars", "nobody assesses fieldwork-stars"),
        (need, "division", "420199001001", "community unknown"),
        (need, "kind", "no-such-kind", "no-such-kind: not in seeds/catalogue"),
        (need, "urgency", "mild", "malformed"),
    ]
    good = not findings and not list(check_city(city, kinds, foreign))
    for row, column, value, word in spoils:
        kept, row[column] = row.get(column), value
        if not any(word in finding for finding in check_city(city, kinds, foreign)):
            print(f"self-test: nothing found for {column} = {value}")
            good = False
        row[column] = kept
    return good


def main():
    if len(sys.argv) == 3 and sys.argv[2] == "--self-test":
        good = self_test(sys.argv[1])
        print("self-test passed" if good else "self-test failed")
        sys.exit(0 if good else 1)
    if len(sys.argv) != 2:
        print("usage: demo_city.py GENERATOR [--self-test]", file=sys.stderr)
        sys.exit(2)
    city, foreign, findings = load(sys.argv[1])
    findings += check_city(city, catalogue(), foreign)
    print(*findings[:20], f"demo_city.py: {len(findings)} findings", sep="\n")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
