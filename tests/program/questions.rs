//! Questions that are hard to read, and answers that are empty: each says what it is.

use expect_test::expect;

use crate::bench::Bench;

fn err(bench: &Bench, words: &str) -> (i32, String) {
    let ran = bench.run(words);
    (ran.status, ran.err)
}

#[test]
fn a_name_of_several_parties_is_listed_and_not_guessed() {
    let bench = Bench::new();
    let (status, said) = err(&bench, "state --actor USA --subject 'United Arab Republic' --as-of 1959-01-01");
    assert_eq!((status, said.contains("note: United Arab Republic is UAR")), (0, true), "{said}");
    let (status, said) = err(&bench, "state --subject cow:365 --actor USA --as-of 1990");
    assert_eq!(status, 0, "an id goes before a code: {said}");
    bench.ok("append entity.created --subject x1 --party person --name 'Ali Hassan' --recorded-at 2020-01-01T00:00:00Z");
    bench.ok("append entity.created --subject x2 --party person --name 'ALI HASSAN' --recorded-at 2020-01-01T00:00:00Z");
    let (status, said) = err(&bench, "state --subject 'Ali Hassan'");
    assert_eq!(status, 2);
    expect![[r"
        error: --subject: Ali Hassan may be any of x1 (Ali Hassan), x2 (ALI HASSAN)
        hint: say which, by its id
    "]]
    .assert_eq(&said);
    let (status, said) = err(&bench, "state --subject Swazilnd");
    assert_eq!((status, said.contains("nearest: Swaziland")), (2, true), "{said}");
}

#[test]
fn a_rename_answers_to_the_old_name_and_says_so() {
    let bench = Bench::new();
    let ran = bench.run("state --register name --subject Swaziland --as-of 2024");
    assert_eq!(ran.err, "note: Swaziland is SWZ, on 2024-12-31 named Eswatini\n");
    assert!(ran.out.contains("Eswatini"), "{}", ran.out);
}

#[test]
fn days_outside_everything_are_answered() {
    let bench = Bench::new();
    bench.ok("append recognition.state --actor USA --subject XKX --effective 2008-02-18 --recorded-at 2008-02-19T00:00:00Z");
    assert!(bench.ok("state --actor USA --subject XKX --as-of -4000").contains("none"));
    assert!(bench.ok("state --actor USA --subject XKX --as-of 9999").contains("recognised"));
    let ran = bench.run("state --actor USA --register recognition.state --known-at 1850-01-01");
    assert_eq!(ran.status, 0);
    expect![[r"
        No act has moved `recognition.state` in which USA acts by the end of 2009-01-01, for the register knew nothing yet.

        as of 2009-01-01 (inclusive) · known before the first entry
    "]]
    .assert_eq(&bench.ok("state --actor USA --register recognition.state --known-at 1850-01-01 --as-of 2009-01-01"));
    assert!(ran.err.contains("before the first entry"), "{}", ran.err);
}

#[test]
fn what_cannot_be_asked_says_what_can() {
    let bench = Bench::new();
    for (words, part) in [
        ("state --as-of yesterday", "write a day, a month, a year, or `today`"),
        ("state --known-at yesterday", "write 2025-07-04T09:00:00Z"),
        ("state --known-at #9999", "its last entry is #525"),
        ("state --through", "name it with --actor"),
        ("diff", "a difference needs two sides"),
        ("state --register relation", "relations"),
        ("why --format csv --actor USA", "use --format json"),
        ("timeline USA Atlantis", "no party is called Atlantis"),
    ] {
        let (status, said) = err(&bench, words);
        assert_eq!((status, said.contains(part)), (2, true), "{words}: {said}");
    }
}

#[test]
fn what_is_found_is_refused_when_strict() {
    let bench = Bench::new();
    let lifted =
        "append sanction.lifted --actor USA --subject CUB --regime R --measures finance --effective 2015";
    let (status, said) = err(&bench, &format!("{lifted} --strict"));
    assert_eq!((status, said.contains("ended_never_begun")), (2, true), "{said}");
    bench.ok(lifted);
    let ran = bench.run("check");
    assert_eq!((ran.status, ran.out.contains("#526 ended_never_begun")), (1, true), "{}", ran.out);
    // What was found before is no reason to refuse what comes after.
    bench.ok("append visit --actor USA --subject CUB --effective 2016-03-20 --strict");
}

/// An end of a regime ends its sanctions for good, whatever becomes of the regime later.
#[test]
fn a_regime_made_anew_brings_no_sanction_back() {
    let bench = Bench::new();
    // So many that the register has an index, which is asked then.
    let visits = r#"{"kind":"visit","actor":"USA","subject":"CAN","effective":"1970-01-01"}"#;
    bench.write("visits.jsonl", format!("{visits}\n").repeat(600));
    bench.ok("append --file visits.jsonl");
    let acts = ["created 1980", "terminated 1990", "created 2000"].map(|act| {
        let (verb, year) = act.split_once(' ').unwrap();
        format!("append regime.{verb} --actor USA --regime R --effective {year}-01-01")
    });
    bench.ok("append sanction.imposed --actor USA --subject CUB --regime R --measures asset_freeze --effective 1980-01-01");
    for act in acts {
        bench.ok(&act);
    }
    let told = |words: &str| bench.ok(&format!("state --register sanction --as-of 2010 {words}"));
    for words in ["", "--actor USA", "--actor USA --subject CUB", "--subject CUB"] {
        assert!(told(words).contains("terminated  1990-01-01"), "{}", told(words));
    }
}
