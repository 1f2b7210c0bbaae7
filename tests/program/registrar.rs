//! Registrars' keys: who may enter what, refused where it is not so, and found where it stands all the same.

use std::fs;

use ledger::act::{Act, json};
use ledger::audit::{Terms, audit};
use ledger::chain::{Sealed, seal};
use ledger::journal::Journal;
use ledger::{Fault, Instant, Log, RecordedAt};

use crate::bench::Bench;

/// A ledger in which `chief` may enter everything and `desk` sanctions.
fn granted() -> (Bench, String, String) {
    let bench = Bench::bare();
    bench.ok("init --bare --recorded-at 2020-01-01T00:00:00Z");
    bench.ok("append entity.created --subject AAA --party state");
    bench.ok("append entity.created --subject BBB --party state");
    let chief = bench.ok("key new chief.example --out chief").trim().to_owned();
    let desk = bench.ok("key new desk.example --out desk").trim().to_owned();
    bench.ok(&format!("append registrar.granted --key {chief} --may '*'"));
    bench.ok(&format!("append registrar.granted --key {desk} --may 'sanction; terror' --sign chief"));
    (bench, chief, desk)
}

const SANCTION: &str =
    "append sanction.imposed --actor AAA --subject BBB --regime R --measures asset_freeze --effective 2021";

/// The words of a refusal, which must have recorded nothing.
fn refused(bench: &Bench, words: &str) -> String {
    let head = bench.ok("head");
    let ran = bench.run(words);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{words}: {}", ran.err);
    assert_eq!(bench.ok("head"), head, "{words}");
    ran.err
}

#[test]
fn whoever_has_a_grant_enters_and_nobody_else() {
    let (bench, chief, desk) = granted();
    assert!(bench.ok(&format!("{SANCTION} --sign desk")).contains("recorded entry 6\nhead 7:"));
    assert!(bench.ok("log").contains("act.signed"));
    assert!(
        refused(&bench, SANCTION)
            .contains("entry 8: it is not signed, and since entry 3 every entry must be")
    );
    let visit = "append visit --actor AAA --effective 2021";
    assert!(refused(&bench, &format!("{visit} --sign desk")).contains("has no grant for `visit`"));
    assert!(refused(&bench, &format!("{visit} --sign desk --dry-run")).contains("has no grant for `visit`"));
    bench.ok("key new stranger.example --out stranger");
    assert!(refused(&bench, &format!("{visit} --sign stranger")).contains("has no grant for `visit`"));
    bench.ok(&format!("{visit} --sign chief"));
    assert!(refused(&bench, "retract '#6' --sign desk").contains("has no grant for `act.retracted`"));
    bench.ok("retract '#6' --sign chief");
    let grant = format!("append registrar.granted --key {desk} --may '*' --sign desk");
    assert!(refused(&bench, &grant).contains("has no grant for `registrar.granted`"));
    bench.ok(&format!("append registrar.revoked --key {desk} --sign chief"));
    assert!(
        refused(&bench, &format!("{SANCTION} --sign desk")).contains("has no grant for `sanction.imposed`")
    );
    assert!(bench.ok("audit").contains("meaning  ok"));
    assert!(bench.ok("state --actor AAA").len() > 10 && !chief.is_empty());
}

#[test]
fn a_file_is_signed_once_and_an_exact_export_verifies_again() {
    let (bench, ..) = granted();
    let line = |day| format!("{{\"kind\":\"visit\",\"actor\":\"AAA\",\"effective\":\"{day}\"}}\n");
    bench.write("acts.jsonl", [line("2001"), line("2002"), line("2003")].concat());
    assert!(bench.ok("append --file acts.jsonl --sign chief").contains("recorded entries 6 to 8\nhead 9:"));
    bench.write("all.jsonl", bench.ok("export acts --exact"));
    bench.ok("--ledger again init --bare");
    bench.ok("--ledger again append --file all.jsonl --exact");
    assert_eq!(bench.ok("--ledger again head"), bench.ok("head"));
    let altered = fs::read_to_string(bench.path("all.jsonl")).unwrap().replace("2002", "2012");
    bench.write("altered.jsonl", altered);
    bench.ok("--ledger other init --bare");
    let ran = bench.run("--ledger other append --file altered.jsonl --exact");
    assert!(ran.err.contains("entry 9: the signature is not one of chief.example+"), "{}", ran.err);
}

#[test]
fn a_first_grant_must_be_one_that_can_grant_again() {
    let bench = Bench::bare();
    bench.ok("init --bare");
    let key = bench.ok("key new chief.example --out chief").trim().to_owned();
    assert!(
        refused(&bench, &format!("append registrar.granted --key {key} --may sanction"))
            .contains("the first grant")
    );
    assert!(
        refused(&bench, &format!("append registrar.granted --key {key} --may 'registrar; sanctions'"))
            .contains("`sanctions` is not a family")
    );
    assert!(refused(&bench, "append registrar.granted --key chief --may '*'").contains("is not a key"));
    let declared = "append entity.created --subject AAA --party state";
    assert!(refused(&bench, &format!("{declared} --sign chief")).contains("nothing has been granted"));
    bench.ok("key new witness.example --witness --out witness");
    assert!(refused(&bench, &format!("{declared} --sign witness")).contains("the key of a witness"));
}

/// Entries that were written past the program, with valid hashes.
#[test]
fn an_audit_names_what_is_not_signed_or_falsely() {
    let (bench, ..) = granted();
    bench.ok(&format!("{SANCTION} --sign desk"));
    let path = bench.path("chancery.ledger");
    let log = Log::read(&path).unwrap();
    let signature = (*log.entries[6].1.act).clone();
    let forged = |acts: Vec<Act>| -> Vec<(u64, String)> {
        fs::remove_dir_all(path.join("store")).ok();
        fs::remove_file(path.join("journal")).unwrap();
        let mut sealed: Vec<Sealed> = log.entries[..5].iter().map(|(sealed, _)| sealed.clone()).collect();
        for act in acts {
            let at = RecordedAt::Clock("2030-01-01T00:00:00Z".parse::<Instant>().unwrap());
            sealed.push(seal(&sealed.last().unwrap().head(), act, at).unwrap());
        }
        Journal::create(&path.join("journal")).unwrap().append(&sealed).unwrap();
        let found = audit(&path, &Terms::default()).unwrap();
        let words = found.faults.into_iter().map(|located| {
            let Fault::Meaning(words) = located.fault else { panic!("{}", located.fault) };
            (located.entry, words)
        });
        words.collect()
    };
    let (acts, problems) = json::read(br#"{"kind":"visit","actor":"AAA","effective":"2021"}"#);
    assert!(problems.is_empty());
    let visit = *acts[0].act.clone();
    let named = |found: Vec<(u64, String)>| {
        let first = |words: &str| words.split(' ').take(4).collect::<Vec<_>>().join(" ");
        found.iter().map(|(entry, words)| format!("{entry}: {}", first(words))).collect::<Vec<_>>()
    };
    assert_eq!(named(forged(vec![visit.clone()])), ["6: it is not signed,"]);
    assert_eq!(named(forged(vec![visit.clone(), signature.clone()])), ["7: the signature is not"]);
    assert_eq!(named(forged(vec![signature.clone()])), ["6: act: no earlier act", "6: a signature is about"]);
    assert_eq!(forged(vec![]), []);
}
