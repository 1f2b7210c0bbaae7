//! What the register gives to other programs: dyad-years as research merges them, entities that are read back.

use std::collections::BTreeMap;

use expect_test::expect;

use crate::bench::Bench;

/// Rows of CSV by the names of their columns.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn bench(acts: &str) -> Bench {
    let bench = Bench::new();
    bench.write("acts.jsonl", acts);
    bench.ok("append --file acts.jsonl --recorded-at 2024-01-01T00:00:00Z");
    bench
}

/// Two states over some years: what is mutual stands in both rows, what is one-sided in one, what is only possible
/// at the end of a year has a `?`.
#[test]
fn dyad_years_are_what_stood_at_the_end_of_the_year() {
    let bench = bench(
        r#"{"kind":"relations.established","actor":"USA","subject":"CUB","effective":"1902-05-20"}
{"kind":"relations.severed","actor":"USA","subject":"CUB","effective":"1961-01-03"}
{"kind":"mission.opened","actor":"USA","subject":"CUB","effective":"1902-05-27","rank":"legation"}
{"kind":"mission.rank_changed","actor":"USA","subject":"CUB","effective":"1923","rank":"embassy"}
{"kind":"mission.closed","actor":"USA","subject":"CUB","effective":"1960-12/1961-01"}
{"kind":"sanction.imposed","actor":"USA","subject":"CUB","regime":"CACR","measures":["trade_embargo","finance"],"effective":"1963-07-08"}
{"kind":"recognition.state","actor":"USA","subject":"XKX","effective":"2008-02-18"}
{"kind":"entity.created","subject":"p:1","party":"person","name":"Jane Doe"}
{"kind":"sanction.imposed","actor":"USA","subject":"p:1","regime":"CACR","measures":["asset_freeze"],"effective":"1963-07-08"}
"#,
    );
    let all = bench.ok("export dyad-years --as-of 1965-06-30 --format csv");
    let between = |one: &str, other: &str, years: &[&str]| {
        let wanted = |row: &&BTreeMap<String, String>| {
            row["party1"] == one && row["party2"] == other && years.contains(&row["year"].as_str())
        };
        let cells = |row: &BTreeMap<String, String>| {
            let names = ["ccode1", "ccode2", "year", "gwno1", "gwno2", "relations", "mission", "sanctions"];
            names.map(|name| row[name].clone()).join(" ") + "\n"
        };
        rows(&all).iter().filter(wanted).map(cells).collect::<String>()
    };
    expect![[r#"
        2 40 1902 2 40 in_force legation 0
        2 40 1922 2 40 in_force legation 0
        2 40 1923 2 40 in_force embassy 0
        2 40 1960 2 40 in_force closed? 0
        2 40 1961 2 40 severed closed 0
        2 40 1963 2 40 severed closed 2
        2 40 1965 2 40 severed closed 2
    "#]]
    .assert_eq(&between("USA", "CUB", &["1901", "1902", "1922", "1923", "1960", "1961", "1963", "1965"]));
    expect![[r#"
        40 2 1902 40 2 in_force  0
        40 2 1923 40 2 in_force  0
        40 2 1960 40 2 in_force  0
        40 2 1961 40 2 severed  0
        40 2 1963 40 2 severed  0
    "#]]
    .assert_eq(&between("CUB", "USA", &["1902", "1923", "1960", "1961", "1963"]));
    assert!(!all.contains("p:1"), "a person is no state");
    assert!(!all.contains("XKX"), "2008 is after the day");
    let keys: Vec<_> =
        rows(&all).iter().map(|r| ["party1", "party2", "year"].map(|n| r[n].clone())).collect();
    assert!(keys.is_sorted(), "by party and year");
    let line = bench.ok("export dyad-years --as-of 1902-12-31 --actor USA --subject CUB --format jsonl");
    assert!(line.contains("\"ccode1\":2,\"ccode2\":40,\"year\":1902"), "{line}");
}

/// The registers that list somebody, without the ids and entries of the ledger that they stand in.
fn listed(bench: &Bench, day: &str) -> String {
    let mut told = Vec::new();
    for register in ["sanction", "terror"] {
        for row in rows(&bench.ok(&format!("state --register {register} --as-of {day} --format csv"))) {
            let cell = |name: &str| row.get(name).cloned().unwrap_or_default();
            let subject = cell("subject").trim_start_matches("ftm:").to_owned();
            told.push(format!(
                "{register} {} {subject} {} {} {} {} {} {}\n",
                cell("actor"),
                cell("regime"),
                cell("measure"),
                cell("list"),
                cell("value"),
                cell("certainty"),
                cell("since")
            ));
        }
    }
    told.sort();
    told.concat()
}

const LISTINGS: &str = r#"{"kind":"entity.created","subject":"p:1","party":"person","name":"DOE, Jane","codes":{"wikidata":"Q1"}}
{"kind":"entity.alias_added","subject":"p:1","name":"Джейн Доу"}
{"kind":"entity.created","subject":"p:2","party":"vessel","name":"TERN","codes":{"imo":"9187629"}}
{"kind":"entity.created","subject":"p:3","party":"organisation","name":"Army of Nowhere"}
{"kind":"sanction.imposed","actor":"USA","subject":"p:1","regime":"ZIMBABWE","measures":["asset_freeze"],"effective":"2003-03-07"}
{"kind":"sanction.imposed","actor":"UN","subject":"p:1","regime":"1533","measures":["travel_ban"],"effective":"2004"}
{"kind":"sanction.imposed","actor":"USA","subject":"p:2","regime":"CUBA","measures":["transport"],"effective":"1990-01-01"}
{"kind":"sanction.lifted","actor":"USA","subject":"p:2","regime":"CUBA","measures":["transport"],"effective":"1999-01-01"}
{"kind":"terror.designated","actor":"USA","subject":"p:3","list":"FTO","effective":"2001-10-31"}
"#;

/// Entities out and in again: the same parties under the same sanctions since the same days.
#[test]
fn entities_are_read_back() {
    let from = bench(LISTINGS);
    for what in ["standings", "acts"] {
        let entities = from.ok(&format!("export {what} --as-of 2024-01-01 --format ftm"));
        let to = Bench::new();
        to.write("entities.ftm.json", &entities);
        to.ok("import ftm entities.ftm.json --source A --publisher UN --observed-at 2024-01-01T00:00:00Z");
        let stood = listed(&from, "2024-01-01");
        let still: Vec<&str> = stood.lines().filter(|line| !line.contains(" lifted ")).collect();
        assert_eq!(still.len(), 3, "{stood}");
        assert_eq!(listed(&to, "2024-01-01").lines().collect::<Vec<_>>(), still);
        let found = to.ok("find 'Джейн Доу' --as-of 2024-01-01 --format csv");
        assert!(found.contains("ftm:p:1,\"DOE, Jane\",person"), "{found}");
    }
    let ended = from.ok("export acts --as-of 2024-01-01 --format ftm");
    let ended = ended.lines().find(|line| line.contains("\"program\":[\"CUBA\"]")).unwrap();
    expect![[r#"{"id":"sanction-63fbb240cc1f16afba9966b3","caption":"CUBA transport","schema":"Sanction","properties":{"entity":["p:2"],"authority":["United States of America"],"country":["us"],"program":["CUBA"],"provisions":["transport"],"status":["in_force"],"startDate":["1990-01-01"],"endDate":["1998-12-31"]}}"#]].assert_eq(ended);
    let day = from.ok("export standings --as-of 1995-01-01 --format ftm");
    expect![[r#"
        {"id":"p:2","caption":"TERN","schema":"Vessel","properties":{"name":["TERN"],"imoNumber":["9187629"],"topics":["sanction"]}}
        {"id":"sanction-63fbb240cc1f16afba9966b3","caption":"CUBA transport","schema":"Sanction","properties":{"entity":["p:2"],"authority":["United States of America"],"country":["us"],"program":["CUBA"],"provisions":["transport"],"status":["in_force"],"startDate":["1990-01-01"]}}
    "#]].assert_eq(&day);
}

/// A date that entities cannot hold is told in words, and one that came as an entity keeps its id.
#[test]
fn entities_hold_only_plain_dates() {
    let bench = bench(
        r#"{"kind":"entity.created","subject":"ftm:0b1c","party":"person","name":"Jane","codes":{"ftm":"c/2"}}
{"kind":"sanction.imposed","actor":"USA","subject":"ftm:0b1c","regime":"A","measures":["finance"],"effective":"2001-10-31/2004-01-09"}
{"kind":"sanction.imposed","actor":"USA","subject":"ftm:0b1c","regime":"B","measures":["finance"],"effective":"2019-04"}
"#,
    );
    for what in ["standings", "acts"] {
        let told = bench.ok(&format!("export {what} --as-of 2024-01-01 --format ftm"));
        assert!(told.contains("\"id\":\"c/2\"") && told.contains("\"entity\":[\"c/2\"]"), "{told}");
        assert!(told.contains("\"summary\":[\"since 2001-10-31/2004-01-09\"]"), "{told}");
        assert!(told.contains("\"startDate\":[\"2019-04\"]"), "{told}");
    }
}

#[test]
fn forms_that_make_no_sense_are_refused() {
    let bench = Bench::new();
    let refused = |words: &str| {
        let ran = bench.run(words);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{words}: {}", ran.err);
        ran.err
    };
    expect![[r#"
        error: answers are not written as parquet or ftm
        hint: `chancery export` writes tables and entities; --format csv or jsonl is for answers
    "#]]
    .assert_eq(&refused("state --format ftm"));
    expect![[r#"
        error: Follow the Money tells of parties under sanctions, not of this
        hint: `chancery export acts --format ftm` tells who ever stood under sanctions, from when to when
    "#]]
    .assert_eq(&refused("export dyad-years --format ftm"));
    assert!(refused("export acts --format parquet").contains("acts differ in their fields"));
}

#[test]
#[cfg(not(feature = "parquet"))]
fn a_program_without_parquet_says_so() {
    let ran = Bench::new().run("export intervals --format parquet");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    expect![[r#"
        error: this program was built without Parquet
        hint: build it with `cargo install --path . --features parquet`, or take --format csv
    "#]]
    .assert_eq(&ran.err);
}
