#!/usr/bin/env python3
"""Big lists that nobody published, to measure an import with: the same bytes each time.

    benches/lists.py advanced 18000 > advanced.xml     # the US Treasury's advanced XML, about 120 MB
    benches/lists.py ftm 200000 > entities.ftm.json    # Follow the Money, four lines to a party: it, its sanction,
                                                       # its address, its passport; as in collections of sanctions
    benches/lists.py bare 200000 > entities.ftm.json   # the same with two lines to a party: it and its sanction
    /usr/bin/time -v chancery import ofac-advanced advanced.xml
"""
import json
import random
import sys

draw = random.Random(6)
SYLLABLES = "ba be bo da di do fa ga ha ka ke ko la le lu ma me mi na ne no ra re ri sa so ta te to va ve zo".split()
PROGRAMMES = "CUBA IRAN SDGT SDNTK UKRAINE-EO13662 RUSSIA-EO14024 DPRK3 GLOMAG".split()


def word():
    return "".join(draw.choice(SYLLABLES) for _ in range(draw.randint(2, 4))).capitalize()


def day():
    return draw.randint(1990, 2023), draw.randint(1, 12), draw.randint(1, 28)


def date(tag, day):
    year, month, number = day
    return f"<{tag}><Year>{year}</Year><Month>{month}</Month><Day>{number}</Day></{tag}>"


def values(name, pairs):
    return f"<{name}Values>" + "".join(f'<{name} ID="{i}"{more}>{t}</{name}>' for i, t, more in pairs) + f"</{name}Values>"


def written(number, primary, names, group):
    parts = "".join(
        f'<DocumentedNamePart><NamePartValue NamePartGroupID="{group + i}" ScriptID="215" ScriptStatusID="1" '
        f'Acronym="false">{name}</NamePartValue></DocumentedNamePart>\n'
        for i, name in enumerate(names)
    )
    kind = 1403 if primary else 1400
    return (
        f'<Alias FixedRef="{number}" AliasTypeID="{kind}" Primary="{str(primary).lower()}" LowQuality="false">\n'
        f'<DocumentedName ID="{group}" FixedRef="{number}" DocNameStatusID="1">\n{parts}</DocumentedName></Alias>\n'
    )


def advanced(count, out):
    out('<?xml version="1.0" encoding="utf-8"?>\n<Sanctions xmlns="urn:made-up" Version="3">\n')
    out(f'<DateOfIssue CalendarTypeID="1">{date("D", (2024, 3, 4))[3:-4]}</DateOfIssue>\n<ReferenceValueSets>\n')
    out(values("CalendarType", [(1, "Gregorian", "")]))
    out(values("DocNameStatus", [(1, "Primary Latin", "")]))
    out(values("EntryEventType", [(1, "Created", "")]))
    out(values("FeatureType", [(8, "Birthdate", ""), (25, "Location", "")]))
    out(values("List", [(1550, "SDN List", "")]))
    out(values("NamePartType", [(1520, "Last Name", ""), (1521, "First Name", "")]))
    out(values("PartySubType", [(4, "Unknown", ' PartyTypeID="1"')]))
    out(values("PartyType", [(1, "Individual", "")]))
    out(values("SanctionsType", [(1, "Program", ""), (1705, "Block", "")]))
    out("\n</ReferenceValueSets>\n<Locations>\n")
    for number in range(2 * count):
        parts = "".join(
            f'<LocationPart LocPartTypeID="{kind}"><LocationPartValue Primary="true" LocPartValueTypeID="1" '
            f'LocPartValueStatusID="1"><Comment /><Value>{word()} {word()}</Value></LocationPartValue></LocationPart>\n'
            for kind in (1450, 1454, 1455)
        )
        out(f'<Location ID="{number}"><LocationCountry CountryID="11073" CountryRelevanceID="1413" />\n{parts}</Location>\n')
    out("</Locations>\n<DistinctParties>\n")
    fixed = 'YearFixed="false" MonthFixed="false" DayFixed="false"'
    for number in range(1, count + 1):
        group = number * 20
        names = [[word().upper(), f"{word()} {word()}"] for _ in range(draw.randint(1, 5))]
        out(f'<DistinctParty FixedRef="{number}">\n<Comment />\n<Profile ID="{number}" PartySubTypeID="4">\n')
        out(f'<Identity ID="{number}" FixedRef="{number}" Primary="true" False="false">\n')
        for i, name in enumerate(names):
            out(written(number, i == 0, name, group + 2 * i))
        out("<NamePartGroups>\n")
        for i in range(2 * len(names)):
            out(f'<MasterNamePartGroup><NamePartGroup ID="{group + i}" NamePartTypeID="{1520 + i % 2}" /></MasterNamePartGroup>\n')
        out("</NamePartGroups></Identity>\n")
        born = day()
        bounds = date("From", born) + date("To", born)
        out(
            f'<Feature ID="{number}" FeatureTypeID="8"><FeatureVersion ID="{number}" ReliabilityID="1"><Comment />'
            f'<DatePeriod CalendarTypeID="1" {fixed}><Start Approximate="false" {fixed}>{bounds}</Start>\n'
            f'<End Approximate="false" {fixed}>{bounds}</End></DatePeriod></FeatureVersion></Feature>\n'
        )
        for place in (0, 1, 2, 3, 4, 5):
            out(
                f'<Feature ID="{number}{place}" FeatureTypeID="25"><FeatureVersion ID="{number}{place}" ReliabilityID="1">'
                f'<Comment>{word()} {word()} {word()} {word()} {word()}</Comment><VersionLocation LocationID="{2 * number}" />'
                f'</FeatureVersion><IdentityReference IdentityID="{number}" IdentityFeatureLinkTypeID="1" /></Feature>\n'
            )
        out("</Profile></DistinctParty>\n")
    out("</DistinctParties>\n<SanctionsEntries>\n")
    for number in range(1, count + 1):
        out(
            f'<SanctionsEntry ID="{number}" ProfileID="{number}" ListID="1550">\n<EntryEvent ID="{number}" '
            f'EntryEventTypeID="1" LegalBasisID="1"><Comment />{date("Date", day())}</EntryEvent>\n'
        )
        for programme in sorted(draw.sample(PROGRAMMES, draw.choice((1, 1, 2)))):
            out(
                f'<SanctionsMeasure ID="{number}" SanctionsTypeID="1"><Comment>{programme}</Comment>'
                f'<DatePeriod CalendarTypeID="1" {fixed} /></SanctionsMeasure>\n'
            )
        out("</SanctionsEntry>\n")
    out("</SanctionsEntries>\n<SanctionsEntryLinks />\n</Sanctions>\n")


def bare(count, out):
    ftm(count, out, others=False)


def ftm(count, out, others=True):
    def line(own, schema, **properties):
        times = {"first_seen": "2023-04-20T11:00:03", "last_seen": "2024-03-04T18:40:01", "last_change": "2023-04-20T11:00:03"}
        whole = {"id": own, "caption": own, "schema": schema, "referents": [f"x-{own}"], "datasets": ["made_up"]}
        out(json.dumps({**whole, **times, "target": True, "properties": properties}, ensure_ascii=False) + "\n")

    for number in range(count // (4 if others else 2)):
        if others:
            line(f"addr-{number}", "Address", full=[f"{word()} {word()}, {word()}"], city=[word()], country=["us"])
            line(f"pass-{number}", "Passport", holder=[f"Q{number}"], number=[f"P{number:08}"], country=["us"])
        year, month, number_of_day = day()
        names = [f"{word()} {word()}" for _ in range(draw.randint(2, 6))]
        line(
            f"Q{number}",
            draw.choice(("Person", "Person", "Company", "Organization", "Vessel")),
            name=names[:1],
            alias=names[1:],
            birthDate=[f"{1930 + number % 70}"],
            country=["us"],
            address=[f"{word()} {word()}, {word()} {word()}, {word()}"],
            notes=[" ".join(word() for _ in range(25))],
            topics=["sanction"],
        )
        line(
            f"s-{number}",
            "Sanction",
            entity=[f"Q{number}"],
            authority=["Office of Foreign Assets Control"],
            country=["us"],
            program=[draw.choice(PROGRAMMES)],
            listingDate=[f"{year}-{month:02}-{number_of_day:02}"],
            sourceUrl=[f"https://example.org/{number}"],
        )


if __name__ == "__main__":
    {"advanced": advanced, "ftm": ftm, "bare": bare}[sys.argv[1]](int(sys.argv[2]), sys.stdout.write)
