//! What the register knew: retractions of retractions, corrections that move an act elsewhere, names.

use ledger::standing::Recorded;
use ledger::standing::names::{find_party, parties};
use ledger::standing::{Match, Side, difference};
use ledger::{Knowledge, PartyId, Registers, answer};
use proptest::prelude::*;

use crate::bench::{day, line, question, world};

#[test]
fn a_retraction_can_itself_be_retracted() {
    let world = world(
        "@ 2020-01-01
         2019-01-01 recognition.state USA XKX id=r
         @ 2020-01-02
         - act.retracted - - act=r id=oops
         @ 2020-01-03
         - act.retracted - - act=oops",
    );
    let on = |known| world.ask_knowing("recognition.state USA XKX", "2020-01-01", known);
    assert_eq!(on("2020-01-01"), "recognition.state USA XKX: recognised since 2019-01-01 #1\n");
    assert_eq!(on("2020-01-02"), "recognition.state USA XKX: none\n");
    assert_eq!(on("2020-01-03"), "recognition.state USA XKX: recognised since 2019-01-01 #1\n");
}

#[test]
fn a_correction_may_move_an_act_to_another_register() {
    let world = world(
        r#"2008-02-18 recognition.state USA XKX id=r
         - act.corrected - - act=r set={"actor":"GBR"}"#,
    );
    assert_eq!(world.ask("recognition.state USA", "2010-01-01"), "");
    assert_eq!(
        world.ask("recognition.state GBR", "2010-01-01"),
        "recognition.state GBR XKX: recognised since 2008-02-18 #1 #2\n"
    );
}

#[test]
fn a_corrected_correction_counts_as_corrected() {
    let world = world(
        r#"2008 recognition.state USA XKX id=r
         - act.corrected - - act=r id=c set={"effective":"2008-02-19"}
         - act.corrected - - act=c set={"set":{"effective":"2008-02-18"}}"#,
    );
    assert_eq!(
        world.ask("recognition.state USA XKX", "2010-01-01"),
        "recognition.state USA XKX: recognised since 2008-02-18 #1 #2\n"
    );
}

#[test]
fn a_party_is_found_by_what_it_was_ever_called() {
    let world = world(
        "1968-09-06 entity.created - SWZ party=state name=Swaziland
         2018-04-19 entity.renamed - SWZ name=Eswatini
         - entity.created - COG party=state name=Congo
         - entity.created - COD party=state name=Congo
         1971-10-27 entity.renamed - COD name=Zaire
         1997-05-17 entity.renamed - COD name=DR_Congo
         - entity.alias_added - COD name=Congo-Kinshasa",
    );
    let knowledge = Knowledge::of(&world.entries);
    let parties = parties(&knowledge);
    let find = |word, on| find_party(&parties, word, day(on));
    let one = |id| Match::One(PartyId::parse(id).unwrap());
    assert_eq!(find("SWZ", "2024-01-01"), one("SWZ"));
    assert_eq!(find("swaziland", "2024-01-01"), one("SWZ"));
    assert_eq!(find("Eswatini", "2000-01-01"), one("SWZ"));
    assert_eq!(find("congo kinshasa", "2024-01-01"), one("COD"));
    // In 1965 two states were called Congo; in 1980 only one was.
    assert_eq!(find("Congo", "1980-01-01"), one("COG"));
    let both = ["COD", "COG"].map(|id| PartyId::parse(id).unwrap());
    assert_eq!(find("Congo", "1965-01-01"), Match::Several(both.to_vec()));
    assert!(matches!(find("Atlantis", "2024-01-01"), Match::None(_)));
    let named = &parties[&PartyId::parse("SWZ").unwrap()];
    assert_eq!(named.name_on(day("2018-04-18")), "Swaziland");
    assert_eq!(named.name_on(day("2018-04-19")), "Eswatini");
}

/// Little worlds of recognitions, listings and missions, with acts about acts among them.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let date =
        prop_oneof![Just("2001"), Just("2001-03"), Just("2001-03-04"), Just("2002-05-06"), Just("2000/2002")];
    let kind = prop_oneof![
        Just("recognition.state A B"),
        Just("recognition.withdrawn A B"),
        Just("relations.established A B"),
        Just("relations.severed B A"),
        Just("mission.opened A B rank=legation"),
        Just("mission.suspended A B"),
        Just("entity.continued_by B C"),
    ];
    let about = prop_oneof![
        Just("act.retracted - -"),
        Just("act.disputed C -"),
        Just("act.denied A -"),
        Just(r#"act.corrected - - set={"effective":"2001-08-01"}"#),
        Just("act.cancelled A -"),
    ];
    let line = prop_oneof![
        3 => (date, kind).prop_map(|(date, kind)| (format!("{date} {kind}"), false)),
        1 => about.prop_map(|about| (format!("- {about}"), true)),
    ];
    proptest::collection::vec((line, 0..100_u64), 1..14).prop_map(|lines| {
        let numbered = lines.into_iter().enumerate();
        let mut text: Vec<String> = Vec::new();
        for (index, ((line, is_about), target)) in numbered {
            if !is_about {
                text.push(line);
            } else if index > 0 {
                let target = target % text.len().max(1) as u64 + 1;
                if !text.is_empty() {
                    text.push(format!("{line} act=#{target}"));
                }
            }
        }
        // A correction sets a day: acts without one are not corrected here.
        text
    })
}

/// Whether a party goes on under another id on one side: then the same standing has two names.
fn lines_name(was: &[String], is: &[String]) -> bool {
    was.iter().chain(is).any(|line| line.contains("continued"))
}

fn known(entries: &[Recorded]) -> Registers {
    Registers::of(&Knowledge::of(entries))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Asking as known at an entry is asking a register that ends there.
    #[test]
    fn a_prefix_is_what_was_known(lines in lines(), cut in 0..14_usize) {
        let nth = |number: usize| day("2010-01-01").checked_add(jiff::Span::new().days(i64::try_from(number).unwrap())).unwrap();
        let text: Vec<String> = lines.iter().enumerate().map(|(number, line)| format!("@ {}\n{line}", nth(number + 1))).collect();
        let text = text.join("\n");
        let whole = world(&text);
        let cut = cut.min(lines.len());
        let prefix = world(&lines[..cut].join("\n"));
        for as_of in ["2001-03-03", "2001-09-01", "2003-01-01"] {
            let known = nth(cut);
            let asked = whole.ask_knowing("-", as_of, &known.to_string());
            prop_assert_eq!(asked, prefix.ask("-", as_of));
        }
    }

    /// A difference looks at the registers that something touches, and finds what comparing everything finds.
    #[test]
    fn a_difference_is_what_comparing_everything_gives(lines in lines(), cut in 0..14_usize) {
        let whole = world(&lines.join("\n"));
        let cut = cut.min(whole.entries.len());
        let (old, new) = (known(&whole.entries[..cut]), known(&whole.entries));
        for (from, to) in [("2001-03-03", "2001-09-01"), ("2003-01-01", "2003-01-01"), ("2003-01-01", "2001-03-03")] {
            for earlier in [&old, &new] {
                let (before, after) = (question("-", from), question("-", to));
                let told = difference(Side { registers: earlier, question: &before }, Side { registers: &new, question: &after });
                // Only the days on which nothing has gone on under another id can be compared line by line.
                let without_basis = |line: String| line.split(" #").next().unwrap().to_owned();
                let lines = |registers: &Registers, asked| -> Vec<String> {
                    answer(registers, asked).standings.iter().map(line).map(without_basis).collect()
                };
                let (was, is) = (lines(earlier, &before), lines(&new, &after));
                let gone = told.iter().flat_map(|change| &change.before).map(line).map(without_basis);
                let come = told.iter().flat_map(|change| &change.after).map(line).map(without_basis);
                if !lines_name(&was, &is) {
                    let kept: Vec<String> = was.iter().filter(|line| is.contains(line)).cloned().collect();
                    let mut by_hand: Vec<String> = was.iter().filter(|line| !kept.contains(line)).cloned().collect();
                    let mut found: Vec<String> = gone.filter(|line| !kept.contains(line)).collect();
                    by_hand.sort();
                    found.sort();
                    prop_assert_eq!(found, by_hand);
                    let mut by_hand: Vec<String> = is.iter().filter(|line| !kept.contains(line)).cloned().collect();
                    let mut found: Vec<String> = come.filter(|line| !kept.contains(line)).collect();
                    by_hand.sort();
                    found.sort();
                    prop_assert_eq!(found, by_hand);
                }
            }
        }
    }

    /// A question about some registers gives just those standings of the question about all.
    #[test]
    fn a_narrow_question_is_part_of_the_wide_one(lines in lines()) {
        let world = world(&lines.join("\n"));
        let registers = known(&world.entries);
        for as_of in ["2001-03-03", "2001-09-01", "2003-01-01"] {
            let wide = answer(&registers, &question("-", as_of));
            for register in ["recognition.state", "relations", "mission"] {
                let narrow = answer(&registers, &question(register, as_of));
                let part: Vec<String> = wide.standings.iter()
                    .filter(|standing| standing.key.register.word() == register).map(line).collect();
                prop_assert_eq!(narrow.standings.iter().map(line).collect::<Vec<_>>(), part);
            }
        }
    }
}
