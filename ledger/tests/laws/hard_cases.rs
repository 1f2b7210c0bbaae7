//! Cases that history has put, each of which a simpler register gets wrong.

use expect_test::expect;

use crate::bench::world;

/// 84 listings under the UN's Iran resolution ended on 18 October 2023 by their own terms: no act ended them.
#[test]
fn a_listing_runs_out_without_an_act() {
    let world = world("2006-12-23 sanction.imposed UN x regime=1737 measures=asset_freeze until=2023-10-18");
    expect![[r"
        sanction UN x regime=1737 measure=asset_freeze: in_force since 2006-12-23 until 2023-10-18 #1
    "]]
    .assert_eq(&world.ask("sanction UN x", "2023-10-18"));
    expect![[r"
        sanction UN x regime=1737 measure=asset_freeze: expired since 2023-10-19 until 2023-10-18 #1
    "]]
    .assert_eq(&world.ask("sanction UN x", "2023-10-19"));
}

/// EO 13761 lifted the Sudan sanctions with effect from 12 July 2017; EO 13804 moved that to 12 October.
#[test]
fn a_lifting_is_moved_before_it_takes_effect() {
    let world = world(
        "@ 1997-11-04
         1997-11-04 sanction.imposed USA SDN regime=EO_13067 measures=comprehensive
         @ 2017-01-13
         2017-07-12 sanction.lifted USA SDN regime=EO_13067 measures=comprehensive id=lifting
         @ 2017-07-11
         2017-10-12 act.rescheduled USA - act=lifting",
    );
    let on = |day, known| world.ask_knowing("sanction USA SDN", day, known);
    expect![[r"
        sanction USA SDN regime=EO 13067 measure=comprehensive: lifted since 2017-07-12 #2
    "]]
    .assert_eq(&on("2017-08-01", "2017-02-01"));
    expect![[r"
        sanction USA SDN regime=EO 13067 measure=comprehensive: in_force since 1997-11-04 #1
    "]]
    .assert_eq(&on("2017-08-01", "2017-08-01"));
    expect![[r"
        sanction USA SDN regime=EO 13067 measure=comprehensive: lifted since 2017-10-12 #2 #3
    "]]
    .assert_eq(&on("2017-10-12", "2017-08-01"));
}

/// The rescission of 14 January 2025 was to take effect in February and was called off on the 20th.
#[test]
fn a_delisting_is_called_off_before_it_takes_effect() {
    let world = world(
        "@ 2021-01-12
         2021-01-12 terror.designated USA CUB list=SST
         @ 2025-01-14
         2025-02-28 terror.delisted USA CUB list=SST id=rescission
         @ 2025-01-20
         2025-01-20 act.cancelled USA - act=rescission",
    );
    let on = |known| world.ask_knowing("terror USA CUB", "2025-03-15", known);
    expect![[r"
        terror USA CUB list=SST: delisted since 2025-02-28 #2
    "]]
    .assert_eq(&on("2025-01-15"));
    expect![[r"
        terror USA CUB list=SST: designated since 2021-01-12 #1
    "]]
    .assert_eq(&on("2025-01-21"));
}

/// Tornado Cash, 8 November 2022: the old designation ended and the new one began in one transaction.
#[test]
fn delisted_and_listed_again_on_one_day_leaves_no_gap() {
    let world = world(
        "2022-08-08 terror.designated USA tornado list=SDN
         2022-11-08 terror.designated USA tornado list=SDN group=re
         2022-11-08 terror.delisted USA tornado list=SDN group=re",
    );
    expect![[r"
        terror USA tornado list=SDN: designated since 2022-11-08 #2
    "]]
    .assert_eq(&world.ask("terror USA tornado", "2022-11-08"));
}

/// June 2018: Serbia announced that Liberia had withdrawn its recognition of Kosovo; Liberia denied it.
#[test]
fn a_withdrawal_that_its_alleged_author_denies_does_not_count() {
    let world = world(
        "2008-05-30 recognition.state LBR XKX
         @ 2018-06-20
         2018-06-20 recognition.withdrawn LBR XKX id=w
         @ 2018-06-22
         - act.disputed SRB - act=#1
         - act.denied LBR - act=w",
    );
    expect![[r"
        recognition.state LBR XKX: withdrawn since 2018-06-20 #2
    "]]
    .assert_eq(&world.ask_knowing("recognition.state LBR XKX", "2018-07-01", "2018-06-21"));
    expect![[r"
        recognition.state LBR XKX: recognised since 2008-05-30, contested by SRB, denied by LBR #1
    "]]
    .assert_eq(&world.ask("recognition.state LBR XKX", "2018-07-01"));
    // A denial by anyone else is a dispute.
    let world = self::world(
        "2008-05-30 recognition.state LBR XKX id=r
         - act.denied SRB - act=r",
    );
    expect![[r"
        recognition.state LBR XKX: recognised since 2008-05-30, contested by SRB #1
    "]]
    .assert_eq(&world.ask("recognition.state LBR XKX", "2018-07-01"));
}

/// Entered for 2026, changed to 25 September 2025, and at last to the true day, the 21st.
#[test]
fn a_day_is_corrected_twice() {
    let world = world(
        r#"@ 2025-10-01
         2026-09-21 recognition.state GBR PSE id=r
         @ 2025-10-02
         - act.corrected - - act=r set={"effective":"2025-09-25"}
         @ 2025-10-03
         - act.corrected - - act=r set={"effective":"2025-09-21"}"#,
    );
    let on = |known| world.ask_knowing("recognition.state GBR PSE", "2025-09-30", known);
    assert_eq!(on("2025-10-01"), "recognition.state GBR PSE: none\n");
    assert_eq!(on("2025-10-02"), "recognition.state GBR PSE: recognised since 2025-09-25 #1 #2\n");
    assert_eq!(on("2025-10-03"), "recognition.state GBR PSE: recognised since 2025-09-21 #1 #2 #3\n");
}

/// What is recorded late takes its place by its own day, not by the day of recording.
#[test]
fn a_late_entry_takes_its_place() {
    let world = world(
        "1954-01-01 relations.established USA LBY
         1990-01-01 relations.restored USA LBY
         1980-05-02 relations.suspended USA LBY",
    );
    assert_eq!(
        world.ask("relations LBY USA", "1985-01-01"),
        "relations LBY USA: suspended since 1980-05-02 #3\n"
    );
    assert_eq!(
        world.ask("relations LBY USA", "1995-01-01"),
        "relations LBY USA: in_force since 1990-01-01 #2\n"
    );
}

/// Nauru, 15 to 24 January 2024: relations with Taipei ended, those with Beijing not yet restored.
#[test]
fn for_some_days_neither_rival_is_recognised() {
    let world = world(
        "2005-05-14 recognition.state NRU TWN
         2002-07-21 recognition.state NRU CHN
         2005-05-14 recognition.withdrawn NRU CHN
         2024-01-15 recognition.withdrawn NRU TWN
         2024-01-24 recognition.state NRU CHN",
    );
    expect![[r"
        recognition.state NRU CHN: withdrawn since 2005-05-14 #3
        recognition.state NRU TWN: withdrawn since 2024-01-15 #4
    "]]
    .assert_eq(&world.ask("recognition.state NRU", "2024-01-20"));
    expect![[r"
        recognition.state NRU CHN: recognised since 2024-01-24 #5
        recognition.state NRU TWN: withdrawn since 2024-01-15 #4
    "]]
    .assert_eq(&world.ask("recognition.state NRU", "2024-01-24"));
}

/// Kennan left Moscow in September 1952 and was declared persona non grata on 3 October.
#[test]
fn a_person_already_gone_is_declared_unwelcome() {
    let world = world(
        "1952-05-14 credentials.accepted SUN USA person=kennan class=ambassador
         1952-09-19 envoy.recalled_for_consultations USA SUN person=kennan
         1952-10-03 envoy.persona_non_grata SUN USA person=kennan",
    );
    expect![[r"
        envoy USA SUN person=kennan: recalled_for_consultations ambassador since 1952-09-19 #2
    "]]
    .assert_eq(&world.ask("envoy USA SUN", "1952-10-02"));
    expect![[r"
        envoy USA SUN person=kennan: persona_non_grata since 1952-10-03 #3
    "]]
    .assert_eq(&world.ask("envoy USA SUN", "1952-10-03"));
}

/// One ambassador may be accredited to several states (VCDR 5): each accreditation is its own.
#[test]
fn one_person_is_accredited_to_several_states() {
    let world = world(
        "2020-01-10 credentials.accepted BRB USA person=taglialatela
         2020-01-20 credentials.accepted ATG USA person=taglialatela
         2021-01-20 envoy.ended USA BRB person=taglialatela",
    );
    expect![[r"
        envoy USA ATG person=taglialatela: accepted since 2020-01-20 #2
        envoy USA BRB person=taglialatela: ended since 2021-01-20 #3
    "]]
    .assert_eq(&world.ask("envoy USA", "2021-06-01"));
}

/// 1 January 1979: recognition of Beijing, relations with it, and the end of relations with Taipei.
#[test]
fn three_acts_of_three_kinds_on_one_day_move_apart() {
    let world = world(
        "1913-05-02 mission.opened USA TWN rank=embassy
         1913-05-02 relations.established USA TWN
         1979-01-01 recognition.government USA PRC of=CHN
         1979-01-01 relations.established USA CHN
         1979-01-01 relations.severed USA TWN
         1979-02-28 mission.closed USA TWN",
    );
    expect![[r"
        recognition.government USA PRC of=CHN: recognised since 1979-01-01 #3
        relations CHN USA: in_force since 1979-01-01 #4
        relations TWN USA: severed since 1979-01-01 #5
        mission USA TWN: open embassy since 1913-05-02 #1
    "]]
    .assert_eq(&world.ask("- USA", "1979-01-01"));
    assert_eq!(world.ask("mission USA TWN", "1979-02-28"), "mission USA TWN: closed since 1979-02-28 #6\n");
}

/// The United States recognised Estonia in 1922 and said so again in 1991: since stays the first.
#[test]
fn a_reaffirmation_leaves_since_at_the_first() {
    let world = world(
        "1922-07-28 recognition.state USA EST
         1991-09-02 recognition.state USA EST",
    );
    expect![[r"
        recognition.state USA EST: recognised since 1922-07-28 #1 #2
    "]]
    .assert_eq(&world.ask("recognition.state USA EST", "2000-01-01"));
}

/// A target moved from one regime to another on one day is never without.
#[test]
fn a_target_is_moved_between_regimes_on_one_day() {
    let world = world(
        "2005-11-23 sanction.imposed USA x regime=ZIMBABWE measures=asset_freeze
         2024-03-04 sanction.imposed USA x regime=GLOMAG measures=asset_freeze group=move
         2024-03-04 sanction.lifted USA x regime=ZIMBABWE measures=asset_freeze group=move",
    );
    expect![[r"
        sanction USA x regime=GLOMAG measure=asset_freeze: in_force since 2024-03-04 #2
        sanction USA x regime=ZIMBABWE measure=asset_freeze: lifted since 2024-03-04 #3
    "]]
    .assert_eq(&world.ask("sanction USA x", "2024-03-04"));
}

/// Designated some day of 2003, suspended some day of April 2025: certain between, open within.
#[test]
fn imprecise_days_at_both_ends() {
    let world = world(
        "2003 terror.designated RUS taliban list=SC
         2025-04 terror.suspended RUS taliban list=SC",
    );
    let on = |day| world.ask("terror RUS taliban", day);
    assert_eq!(on("2002-12-31"), "");
    expect![[r"
        terror RUS taliban list=SC: possibly none
        terror RUS taliban list=SC: possibly designated since 2003 #1
    "]]
    .assert_eq(&on("2003-06-15"));
    expect![[r"
        terror RUS taliban list=SC: designated since 2003 #1
    "]]
    .assert_eq(&on("2003-12-31"));
    expect![[r"
        terror RUS taliban list=SC: possibly designated since 2003 #1
        terror RUS taliban list=SC: possibly suspended since 2025-04 #2
    "]]
    .assert_eq(&on("2025-04-10"));
    expect![[r"
        terror RUS taliban list=SC: suspended since 2025-04 #2
    "]]
    .assert_eq(&on("2025-04-30"));
}

/// An official source gives two days for one act: both are kept, and between them nobody knows.
#[test]
fn an_official_source_contradicts_itself() {
    let world = world("2001-01-05/2001-02-05 recognition.state AAA BBB");
    expect![[r"
        recognition.state AAA BBB: possibly none
        recognition.state AAA BBB: possibly recognised since 2001-01-05/2001-02-05 #1
    "]]
    .assert_eq(&world.ask("recognition.state AAA BBB", "2001-01-20"));
}

/// A source that came back empty says nothing about anyone.
#[test]
fn an_empty_source_delists_nobody() {
    let world = world(
        "2020-01-01 terror.designated USA x list=SDN
         - source.failed - - source=SDN reason=an_empty_file",
    );
    assert_eq!(
        world.ask("terror USA x", "2024-06-01"),
        "terror USA x list=SDN: designated since 2020-01-01 #1\n"
    );
}

/// Recognising a government is not recognising its state, and accepting credentials is neither.
#[test]
fn nothing_follows_from_what_is_not_written() {
    let world = world(
        "2024-01-30 credentials.accepted CHN IEA person=karimi
         2025-07-03 recognition.government RUS IEA of=AFG
         2021-08-15 visit RUS IEA",
    );
    assert_eq!(world.ask("recognition.government CHN IEA", "2025-01-01"), "");
    assert_eq!(world.ask("recognition.state RUS IEA", "2025-08-01"), "recognition.state RUS IEA: none\n");
    assert_eq!(
        world.ask("- RUS AFG", "2025-08-01"),
        "recognition.state RUS AFG: none\nrelations AFG RUS: none\n"
    );
}

/// The Soviet Union goes on as Russia: every standing carries over. A successor inherits nothing.
#[test]
fn what_continues_keeps_its_standings_and_what_succeeds_does_not() {
    let world = world(
        "1933-11-16 recognition.state USA SUN
         1933-11-16 relations.established USA SUN
         1991-12-26 entity.continued_by SUN RUS
         1920-01-01 recognition.state USA CSK
         1993-01-01 entity.succeeded_by CSK CZE",
    );
    assert_eq!(
        world.ask("relations USA SUN", "1990-01-01"),
        "relations SUN USA: in_force since 1933-11-16 #2\n"
    );
    assert_eq!(world.ask("relations USA RUS", "1990-01-01"), "relations RUS USA: none\n");
    assert_eq!(
        world.ask("relations USA RUS", "2000-01-01"),
        "relations RUS USA: in_force since 1933-11-16 #2\n"
    );
    assert_eq!(
        world.ask("relations USA SUN", "2000-01-01"),
        "relations RUS USA: in_force since 1933-11-16 #2\n"
    );
    assert_eq!(world.ask("recognition.state USA CZE", "2000-01-01"), "recognition.state USA CZE: none\n");
}

/// Two acts that make each the heir of the other contradict each other: the first recorded stands.
#[test]
fn who_goes_on_in_a_circle_goes_nowhere() {
    let world = world(
        "1933-11-16 relations.established USA SUN
         1991-12-26 entity.continued_by SUN RUS
         1991-12-26 entity.continued_by RUS SUN",
    );
    assert_eq!(
        world.ask("relations USA RUS", "2000-01-01"),
        "relations RUS USA: in_force since 1933-11-16 #1\n"
    );
    assert_eq!(
        world.ask("relations USA SUN", "2000-01-01"),
        "relations RUS USA: in_force since 1933-11-16 #1\n"
    );
}

/// A circle may close through a party that has gone on already.
#[test]
fn who_has_gone_on_already_closes_no_circle() {
    let world = world(
        "1933-11-16 relations.established USA SUN
         1991-12-25 entity.continued_by SUN CIS
         1991-12-26 entity.continued_by RUS SUN
         1991-12-27 entity.continued_by SUN RUS",
    );
    assert_eq!(
        world.ask("relations USA SUN", "2000-01-01"),
        "relations CIS USA: in_force since 1933-11-16 #1\n"
    );
}

/// A recognition de facto becomes one de jure: the mode is part of what is recognised.
#[test]
fn a_recognition_de_facto_becomes_one_de_jure() {
    let world = world(
        "1921-03-16 recognition.state GBR SUN mode=de_facto
         1924-02-01 recognition.state GBR SUN",
    );
    assert_eq!(
        world.ask("recognition.state GBR SUN", "1922-01-01"),
        "recognition.state GBR SUN: recognised de_facto since 1921-03-16 #1\n"
    );
    assert_eq!(
        world.ask("recognition.state GBR SUN", "1925-01-01"),
        "recognition.state GBR SUN: recognised since 1924-02-01 #2\n"
    );
}
