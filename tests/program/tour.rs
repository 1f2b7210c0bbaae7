//! The worked example: what it says before and after better sources came.

use expect_test::expect;

use crate::bench::Bench;

const ARTICLE: &str = include_str!("../../docs/example/1-the-article.jsonl");
const SOURCES: &str = include_str!("../../docs/example/2-better-sources.jsonl");

fn example() -> Bench {
    let bench = Bench::bare();
    bench.write("1.jsonl", ARTICLE);
    bench.write("2.jsonl", SOURCES);
    bench.ok("init --recorded-at 2025-07-01T00:00:00Z");
    bench.ok("append --file 1.jsonl --recorded-at 2025-07-04T12:00:00Z");
    bench.ok("append --file 2.jsonl --recorded-at 2025-08-01T12:00:00Z");
    bench
}

/// Register, parties, value and since of every standing.
fn standings(bench: &Bench, question: &str) -> String {
    let answer: serde_json::Value =
        serde_json::from_str(&bench.ok(&format!("state --format json {question}"))).unwrap();
    let line = |standing: &serde_json::Value| {
        let words = ["register", "actor", "subject", "certainty", "value", "since"];
        words.map(|word| standing[word].as_str().unwrap_or("-").to_owned()).join(" ") + "\n"
    };
    answer["standings"].as_array().unwrap().iter().map(line).collect()
}

#[test]
fn the_article_alone() {
    let bench = example();
    expect![[r"
        recognition.government RUS IEA certain recognised 2025-07-03
        envoy AFG RUS certain accepted 2025-07-03
        terror RUS taliban certain suspended 2025-04
    "]]
    .assert_eq(&standings(&bench, "--as-of 2025-07-03 --known-at 2025-07-10"));
    expect![[r"
        terror RUS taliban possible none -
        terror RUS taliban possible designated 2003
    "]]
    .assert_eq(&standings(&bench, "--as-of 2003-06-15 --known-at 2025-07-10"));
    expect![[r"
        terror RUS taliban possible designated 2003
        terror RUS taliban possible suspended 2025-04
    "]]
    .assert_eq(&standings(&bench, "--as-of 2025-04-17 --known-at 2025-07-10"));
}

#[test]
fn better_sources() {
    let bench = example();
    expect![[r"
        recognition.government ARE IEA certain ended 2001-09-22
        recognition.government PAK IEA certain ended 2001-11-22
        recognition.government RUS IEA certain recognised 2025-07-03
        recognition.government SAU IEA certain ended 2001-09-25
        envoy AFG RUS certain copy_received 2025-07-03
        terror RUS taliban certain suspended 2025-04-17
    "]]
    .assert_eq(&standings(&bench, "--as-of 2025-07-03"));
    let listing = |day| standings(&bench, &format!("--register terror --as-of {day}"));
    assert_eq!(listing("2003-02-13"), "");
    assert_eq!(listing("2003-06-15"), "terror RUS taliban certain designated 2003-02-14\n");
    assert_eq!(listing("2025-04-16"), "terror RUS taliban certain designated 2003-02-14\n");
    assert_eq!(listing("2025-04-17"), "terror RUS taliban certain suspended 2025-04-17\n");
}

#[test]
fn what_the_article_does_not_say_is_not_entered() {
    let bench = example();
    let sanctions = bench.ok("state --actor USA --as-of 2025-07-03 --register sanction");
    assert!(sanctions.starts_with("No act has moved `sanction` in which USA acts"), "{sanctions}");
}

#[test]
fn the_article_can_be_found_again() {
    const DIGEST: &str =
        "\"digest\":\"blake3:ee6b42caaafeb80e334a76195892741ac36806a95c0560ff3e157c468ae76e99\"";
    for line in ARTICLE.lines() {
        assert!(line.contains(DIGEST) && line.contains("\"locator\":\"paragraph"), "{line}");
    }
}

#[test]
fn the_tour_runs_and_leaves_what_it_was_asked_to_keep() {
    let bench = Bench::bare();
    let said = bench.ok("tour --keep kept");
    for line in [
        "No act has moved `recognition.government` in which RUS acts by the end of 2025-07-02.",
        "recognition.government  RUS → IEA  recognised  2025-07-03         of AFG, de_jure, express",
        "terror    RUS → taliban  possibly designated  2003          list terrorist organisations",
        "terror    RUS → taliban  designated  2003-02-14         list terrorist organisations",
        "terror    RUS → taliban  suspended  2025-04-17         list terrorist organisations",
        "store    ok",
    ] {
        assert!(said.lines().any(|said| said.starts_with(line)), "{line}\n{said}");
    }
    assert!(!said.contains('\x1b'));
    assert!(bench.ok("--ledger kept/chancery.ledger head").contains("2025-08-01T12:00:00Z"));
    assert_eq!(std::fs::read_to_string(bench.path("kept/1-the-article.jsonl")).unwrap(), ARTICLE);

    let again = bench.run("tour --keep kept");
    assert_eq!(again.status, 2);
    expect![[r"
        error: --keep: kept is not empty
        hint: name a directory that is new or empty
    "]]
    .assert_eq(&again.err);
}

#[test]
fn the_tour_keeps_its_hands_off_other_ledgers() {
    let bench = Bench::new();
    let head = bench.ok("head");
    bench.ok("tour");
    assert_eq!(bench.ok("head"), head);
}
