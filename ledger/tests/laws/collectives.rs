//! What a collective does reaches its members and those bound by it, while they are.

use expect_test::expect;

use proptest::prelude::*;

use crate::bench::{World, world};

const BREXIT: &str = "1973-01-01 membership.joined GBR EU
     2020-01-31 membership.left GBR EU
     2020-01-31 binding.began GBR EU until=2020-12-31
     1993-11-01 membership.joined DEU EU
     2014-07-31 sanction.imposed EU x regime=833/2014 measures=finance
     2021-01-01 sanction.imposed GBR x regime=SI_2019/855 measures=finance";

#[test]
fn a_party_is_reached_while_it_is_a_member_or_bound() {
    let world = world(BREXIT);
    let on = |day| world.ask("sanction GBR x through", day);
    expect![[r"
        sanction GBR x regime=833/2014 measure=finance: in_force since 2014-07-31, through EU #1 #5
    "]]
    .assert_eq(&on("2019-06-01"));
    // During 2020 it was bound, and no member.
    expect![[r"
        sanction GBR x regime=833/2014 measure=finance: in_force since 2014-07-31, through EU #3 #5
    "]]
    .assert_eq(&on("2020-06-01"));
    expect![[r"
        sanction GBR x regime=SI 2019/855 measure=finance: in_force since 2021-01-01 #6
    "]]
    .assert_eq(&on("2021-06-01"));
}

#[test]
fn who_sanctions_a_target_names_every_member() {
    let world = world(BREXIT);
    expect![[r"
        sanction EU x regime=833/2014 measure=finance: in_force since 2014-07-31 #5
        sanction DEU x regime=833/2014 measure=finance: in_force since 2014-07-31, through EU #4 #5
        sanction GBR x regime=833/2014 measure=finance: in_force since 2014-07-31, through EU #3 #5
    "]]
    .assert_eq(&world.ask("sanction - x through", "2020-06-01"));
}

#[test]
fn two_channels_are_both_shown_and_a_member_of_a_member_is_reached() {
    let world = world(
        "1945-10-24 membership.joined FRA UN
         1993-11-01 membership.joined FRA EU
         2000-01-01 binding.began EU UN
         1993-11-01 membership.joined DEU EU
         2006-12-23 sanction.imposed UN x regime=1737 measures=asset_freeze
         2007-02-27 sanction.imposed EU x regime=1737 measures=asset_freeze",
    );
    expect![[r"
        sanction FRA x regime=1737 measure=asset_freeze: in_force since 2007-02-27, through EU #2 #6
        sanction FRA x regime=1737 measure=asset_freeze: in_force since 2006-12-23, through UN #1 #5
    "]]
    .assert_eq(&world.ask("sanction FRA x through", "2010-01-01"));
    expect![[r"
        sanction DEU x regime=1737 measure=asset_freeze: in_force since 2007-02-27, through EU #4 #6
        sanction DEU x regime=1737 measure=asset_freeze: in_force since 2006-12-23, through UN #3 #4 #5
    "]]
    .assert_eq(&world.ask("sanction DEU x through", "2010-01-01"));
}

#[test]
fn a_day_of_joining_that_is_not_known_leaves_the_reach_in_doubt() {
    let world = world(
        "1995 membership.joined AUT EU
         1994-01-01 sanction.imposed EU x regime=R measures=finance",
    );
    expect![[r"
        sanction AUT x regime=R measure=finance: possibly none, through EU
        sanction AUT x regime=R measure=finance: possibly in_force since 1994-01-01, through EU #1 #2
    "]]
    .assert_eq(&world.ask("sanction AUT x through", "1995-06-01"));
}

/// A tie or a measure on an exact day, among two members and two collectives of which one may belong to the other.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let day = (0..6_usize).prop_map(|year| format!("200{year}-01-01"));
    let member = prop_oneof![Just("A"), Just("B"), Just("EU")];
    let tie = prop_oneof![
        Just("membership.joined"),
        Just("membership.left"),
        Just("binding.began"),
        Just("binding.ended"),
    ];
    let measure = prop_oneof![
        Just("sanction.imposed EU x regime=R measures=finance"),
        Just("sanction.lifted EU x regime=R measures=finance"),
        Just("sanction.imposed UN x regime=R measures=finance"),
        Just("sanction.imposed A x regime=R measures=finance"),
        Just("regime.terminated EU - regime=R"),
    ];
    let of = prop_oneof![Just("EU"), Just("UN")];
    let line = prop_oneof![
        (day.clone(), tie, member, of)
            .prop_filter("no one is a member of itself", |(.., member, of)| member != of)
            .prop_map(|(day, tie, member, of)| format!("{day} {tie} {member} {of}")),
        (day, measure).prop_map(|(day, measure)| format!("{day} {measure}")),
    ];
    proptest::collection::vec(line, 1..10)
}

/// Who is tied to a collective on a day: ask for each tie, and go on until nothing new comes.
fn tied_to(world: &World, member: &str, day: &str) -> Vec<String> {
    let direct = |member: &str| -> Vec<String> {
        let holds = |of: &&&str| {
            let member_of = world.ask(&format!("membership {member} {of}"), day).contains(": member");
            member_of || world.ask(&format!("binding {member} {of}"), day).contains(": bound")
        };
        ["EU", "UN"].iter().filter(holds).map(ToString::to_string).collect()
    };
    let mut reached = direct(member);
    for collective in reached.clone() {
        for further in direct(&collective) {
            if further != member && !reached.contains(&further) {
                reached.push(further);
            }
        }
    }
    reached
}

fn without_basis(text: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        text.lines().map(|line| line.split(" #").next().unwrap().to_owned()).collect();
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    /// What reaches a party is its own, and what each collective that it is tied to that day has.
    #[test]
    fn what_reaches_a_party_is_what_its_collectives_have(lines in lines()) {
        let world = world(&lines.join("\n"));
        for day in ["2000-06-01", "2002-06-01", "2005-06-01"] {
            let mut expected = without_basis(&world.ask("sanction A x", day));
            for collective in tied_to(&world, "A", day) {
                let own = without_basis(&world.ask(&format!("sanction {collective} x"), day));
                expected.extend(own.iter().map(|line| {
                    format!("{}, through {collective}", line.replacen(&format!("sanction {collective}"), "sanction A", 1))
                }));
            }
            expected.sort();
            prop_assert_eq!(without_basis(&world.ask("sanction A x through", day)), expected, "on {}", day);
        }
    }

    /// What continues keeps its standings: as if every act had named the last heir from the first.
    #[test]
    fn continuity_is_as_if_the_heir_had_acted(
        acts in proptest::collection::vec((0..6_usize, 0..4_usize, 0..3_usize, 0..3_usize), 1..8),
        ends in proptest::collection::vec((0..6_usize, 0..2_usize), 0..3),
    ) {
        const KINDS: [&str; 4] = ["recognition.state", "recognition.withdrawn", "relations.established", "relations.severed"];
        const PARTIES: [&str; 3] = ["P", "Q", "S"];
        let mut lines: Vec<String> = Vec::new();
        for (year, kind, one, other) in acts.into_iter().filter(|(_, _, one, other)| one != other) {
            lines.push(format!("200{year}-01-01 {} {} {}", KINDS[kind], PARTIES[one], PARTIES[other]));
        }
        // P goes on as Q, Q as S: never in a circle.
        let ends: Vec<(usize, &str, &str)> = ends.into_iter().map(|(year, which)| (year, PARTIES[which], PARTIES[which + 1])).collect();
        let told: Vec<String> = ends.iter().map(|(year, old, new)| format!("200{year}-06-01 entity.continued_by {old} {new}")).collect();
        let whole = world(&[lines.clone(), told].concat().join("\n"));
        for year in 0..7_usize {
            let as_of = format!("200{year}-12-31");
            let heir = |party: &str| {
                let mut heir = party.to_owned();
                for _ in 0..2 {
                    if let Some((.., new)) = ends.iter().find(|(ended, old, _)| *old == heir && *ended <= year) {
                        heir = (*new).to_owned();
                    }
                }
                heir
            };
            let renamed: Vec<String> = lines.iter().map(|line| {
                let words: Vec<&str> = line.split(' ').collect();
                format!("{} {} {} {}", words[0], words[1], heir(words[2]), heir(words[3]))
            }).collect();
            let as_if = world(&renamed.join("\n"));
            for register in ["recognition.state", "relations"] {
                prop_assert_eq!(whole.ask(register, &as_of), as_if.ask(register, &as_of));
            }
        }
    }
}
