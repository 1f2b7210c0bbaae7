//! What a check finds, what a difference shows, who was first, what is due.

use expect_test::{Expect, expect};
use ledger::standing::{Side, check, difference, first, scheduled};
use ledger::{Knowledge, Registers};

use crate::bench::{World, day, line, question, world};

fn found(world: &World, on: &str, expected: &Expect) {
    let knowledge = Knowledge::of(&world.entries);
    let findings = check(&knowledge, &Registers::of(&knowledge), day(on));
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| {
            let entries: Vec<String> = finding.entries.iter().map(|entry| format!("#{entry}")).collect();
            format!("{} {}: {}\n", entries.join(" "), finding.kind.word(), finding.words)
        })
        .collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn a_sound_register_has_no_finding() {
    let world = world(
        "- entity.created - A party=state
         1954-01-01 relations.established A B
         1980-05-02 relations.severed A B
         2006-05-31 relations.restored A B
         2014-03-20 sanction.imposed A x regime=R measures=finance
         2015-01-01 sanction.suspended A x regime=R measures=finance
         2016-01-01 sanction.lifted A x regime=R measures=finance
         1951-01-01 mission.opened A B rank=legation
         1960-01-01 mission.closed A B
         1961-01-01 mission.opened A B rank=embassy
         1997-05-25 recognition.government A IEA of=AFG
         2001-11-22 recognition.government_ended A IEA of=AFG
         2001-11-23 recognition.government A IRA of=AFG",
    );
    found(&world, "2020-01-01", &expect![""]);
}

#[test]
fn what_was_never_broken_or_begun_is_found() {
    let world = world(
        "1954-01-01 relations.established A B
         2006-05-31 relations.restored A B
         2015-01-01 sanction.lifted A x regime=R measures=finance
         2016-01-01 terror.delisted A y list=L
         2017-01-01 membership.left C EU",
    );
    found(
        &world,
        "2020-01-01",
        &expect![[r"
        #2 restored_never_broken: relations.restored, where relations of A and B stood as in_force
        #3 ended_never_begun: sanction.lifted, where sanction of A and x (regime R, measure finance) stood as none
        #4 ended_never_begun: terror.delisted, where terror of A and y (list L) stood as none
        #5 ended_never_begun: membership.left, where membership of C and EU stood as none
    "]],
    );
}

#[test]
fn what_comes_after_an_end_is_found() {
    let world = world(
        "- entity.created - CSK party=state
         1992-12-31 entity.dissolved - CSK
         1995-01-01 visit USA CSK
         2014-01-01 sanction.imposed EU x regime=R measures=finance until=2014-07-31
         2014-09-01 sanction.renewed EU x regime=R measures=finance",
    );
    found(
        &world,
        "2020-01-01",
        &expect![[r"
        #3 #2 after_the_end: visit of 1995-01-01 names CSK, which ended on 1992-12-31
        #5 #4 renewed_after_expiry: sanction of EU and x (regime R, measure finance) ran out on 2014-07-31 and was renewed on 2014-09-01
    "]],
    );
}

#[test]
fn rivals_at_once_and_open_days_are_found() {
    let world = world(
        "1997-05-25 recognition.government PAK IEA of=AFG
         1992-04-28 recognition.government PAK IRA of=AFG
         2020-01-10 credentials.accepted RUS USA person=a class=ambassador
         2021-01-10 credentials.accepted RUS USA person=b class=ambassador
         2003 terror.designated RUS taliban list=SC",
    );
    found(
        &world,
        "2003-06-01",
        &expect![[r"
        #1 #2 two_governments: on 1997-05-25 at once: recognition.government of PAK and IEA (of AFG); recognition.government of PAK and IRA (of AFG)
        #4 #3 two_heads: on 2021-01-10 at once: envoy of USA and RUS (person a); envoy of USA and RUS (person b)
        #5 open: terror of RUS and taliban (list SC) is none or designated on 2003-06-01
    "]],
    );
}

#[test]
fn a_difference_in_the_world_names_what_made_it() {
    let world = world(
        "1961-01-03 relations.severed USA CUB
         2015-07-20 relations.restored USA CUB
         1982-03-01 terror.designated USA CUB list=SST until=2015-05-28
         1962-02-07 sanction.imposed USA CUB regime=P measures=trade_embargo",
    );
    let knowledge = Knowledge::of(&world.entries);
    let told = changes("-", [&knowledge, &knowledge], ["2015-01-01", "2016-01-01"]);
    expect![[r"
        relations CUB USA: severed since 1961-01-03 #1 => relations CUB USA: in_force since 2015-07-20 #2 by [2]
        terror USA CUB list=SST: designated since 1982-03-01 until 2015-05-28 #3 => terror USA CUB list=SST: expired since 2015-05-29 until 2015-05-28 #3 by [3]
    "]]
    .assert_eq(&told);
}

#[test]
fn a_difference_in_knowledge_names_the_correction() {
    let world = world(
        r#"@ 2025-07-04
         2003 terror.designated RUS taliban list=SC id=t
         @ 2025-08-01
         - act.corrected - - act=t set={"effective":"2003-02-14"}"#,
    );
    let told = changes(
        "-",
        [&world.known_on("2025-07-05"), &world.known_on("2025-08-02")],
        ["2004-01-01", "2004-01-01"],
    );
    expect![[r"
        terror RUS taliban list=SC: designated since 2003 #1 => terror RUS taliban list=SC: designated since 2003-02-14 #1 #2 by [2]
    "]]
    .assert_eq(&told);
}

/// Whoever goes on as another answers for all that the other has, also for what that one has from somebody else.
#[test]
fn what_a_party_comes_to_answer_for_is_a_difference() {
    let world = world(
        "1970-01-01 sanction.imposed A x regime=R measures=asset_freeze
         1980-01-01 entity.continued_by A C
         2000-01-01 entity.continued_by B C",
    );
    let knowledge = Knowledge::of(&world.entries);
    let told = changes("- B", [&knowledge, &knowledge], ["1990-01-01", "2010-01-01"]);
    expect![[r"
        nothing => sanction C x regime=R measure=asset_freeze: in_force since 1970-01-01 #1 by [1]
    "]]
    .assert_eq(&told);
}

fn changes(words: &str, [old, new]: [&Knowledge<'_>; 2], days: [&str; 2]) -> String {
    let (old, new) = (&Registers::of(old), &Registers::of(new));
    let [before, after] = days.map(|day| question(words, day));
    let changes =
        difference(Side { registers: old, question: &before }, Side { registers: new, question: &after });
    let side = |standings: &[ledger::Standing]| match standings {
        [] => "nothing".to_owned(),
        standings => standings.iter().map(line).collect::<Vec<_>>().join(" / "),
    };
    let told = changes.iter().map(|change| {
        format!("{} => {} by {:?}\n", side(&change.before), side(&change.after), change.entries)
    });
    told.collect()
}

/// The first to recognise: Russia of those since 2021, Pakistan of all.
#[test]
fn who_was_first_depends_on_since_when() {
    let world = world(
        "1997-05-25 recognition.government PAK IEA of=AFG
         2001-11-22 recognition.government_ended PAK IEA of=AFG
         1997-05-26 recognition.government SAU IEA of=AFG
         1997-05 recognition.government ARE IEA of=AFG
         2025-07-03 recognition.government RUS IEA of=AFG",
    );
    let registers = Registers::of(&Knowledge::of(&world.entries));
    let told = |from: Option<&str>| -> Vec<String> {
        let asked = question("recognition.government - IEA", "2025-12-31");
        let began = first(&registers, &asked, from.map(day));
        began
            .iter()
            .map(|one| format!("{} {} {}", one.place, one.key.actor.as_ref().unwrap(), one.since))
            .collect()
    };
    assert_eq!(told(None), ["1 ARE 1997-05", "1 PAK 1997-05-25", "2 SAU 1997-05-26", "4 RUS 2025-07-03"]);
    assert_eq!(told(Some("2021-08-15")), ["1 RUS 2025-07-03"]);
}

/// What is due is known before it comes, and is what it was known to be then.
#[test]
fn what_is_scheduled_is_what_was_known_to_be() {
    let world = world(
        "@ 2017-01-13
         2017-07-12 sanction.lifted USA SDN regime=R measures=comprehensive id=lifting
         @ 2017-07-11
         2017-10-12 act.rescheduled USA - act=lifting
         @ 2017-08-01
         - act.cancelled USA - act=lifting",
    );
    let due = |known: &str| -> Vec<String> {
        let due = scheduled(&Registers::of(&world.known_on(known)), &question("sanction", "2017-07-01"));
        due.iter().map(|due| format!("{} {} {:?}", due.effective, due.value.as_str(), due.entries)).collect()
    };
    assert_eq!(due("2017-02-01"), ["2017-07-12 lifted [1]"]);
    assert_eq!(due("2017-07-11"), ["2017-10-12 lifted [1, 2]"]);
    assert_eq!(due("2017-08-01"), Vec::<String>::new());
}
