//! Sanctions: regimes that end, licences, partial liftings, renewals.

use expect_test::expect;

use crate::bench::world;

#[test]
fn a_regime_that_ends_takes_its_own_sanctions_and_no_other() {
    let world = world(
        "2003-03-07 regime.created USA - regime=ZIMBABWE
         2003-03-07 sanction.imposed USA x regime=ZIMBABWE measures=asset_freeze,travel_ban
         2010-01-01 sanction.lifted USA x regime=ZIMBABWE measures=travel_ban
         2024-03-04 sanction.imposed USA x regime=GLOMAG measures=asset_freeze
         2024-03-04 regime.terminated USA - regime=ZIMBABWE
         2003-03-07 sanction.imposed GBR x regime=ZIMBABWE measures=asset_freeze",
    );
    expect![[r"
        sanction GBR x regime=ZIMBABWE measure=asset_freeze: in_force since 2003-03-07 #6
        sanction USA x regime=GLOMAG measure=asset_freeze: in_force since 2024-03-04 #4
        sanction USA x regime=ZIMBABWE measure=asset_freeze: terminated since 2024-03-04 #2 #5
        sanction USA x regime=ZIMBABWE measure=travel_ban: lifted since 2010-01-01 #3
    "]]
    .assert_eq(&world.ask("sanction - x", "2024-03-04"));
    // Before it ended, and for one who was never under it, the end says nothing.
    expect![[r"
        sanction GBR x regime=ZIMBABWE measure=asset_freeze: in_force since 2003-03-07 #6
        sanction USA x regime=ZIMBABWE measure=asset_freeze: in_force since 2003-03-07 #2
        sanction USA x regime=ZIMBABWE measure=travel_ban: lifted since 2010-01-01 #3
    "]]
    .assert_eq(&world.ask("sanction - x", "2024-03-03"));
    assert_eq!(world.ask("sanction - y", "2024-03-04"), "");
}

#[test]
fn a_regime_ended_on_a_day_that_is_not_known_leaves_its_sanctions_in_doubt() {
    let world = world(
        "2003-03-07 sanction.imposed USA x regime=R measures=finance
         2024-03 regime.terminated USA - regime=R",
    );
    expect![[r"
        sanction USA x regime=R measure=finance: possibly in_force since 2003-03-07 #1
        sanction USA x regime=R measure=finance: possibly terminated since 2024-03 #1 #2
    "]]
    .assert_eq(&world.ask("sanction USA x", "2024-03-10"));
}

#[test]
fn what_is_imposed_after_the_end_of_its_regime_stands() {
    let world = world(
        "2003-03-07 sanction.imposed USA x regime=R measures=finance
         2010-01-01 regime.terminated USA - regime=R
         2012-01-01 sanction.imposed USA x regime=R measures=finance",
    );
    assert_eq!(
        world.ask("sanction USA x", "2013-01-01"),
        "sanction USA x regime=R measure=finance: in_force since 2012-01-01 #3\n"
    );
}

#[test]
fn a_licence_lifts_nothing_and_is_named_beside_the_measure() {
    let world = world(
        "2014-03-20 sanction.imposed USA x regime=EO_13661 measures=asset_freeze,finance
         2014-04-01 licence.granted USA - regime=EO_13661 licence=GL_1 until=2014-06-30
         2014-05-01 licence.granted USA x regime=EO_13661 licence=SL_7 measures=finance
         2014-05-01 licence.granted USA y regime=EO_13661 licence=SL_8",
    );
    expect![[r"
        sanction USA x regime=EO 13661 measure=asset_freeze: in_force since 2014-03-20, licensed GL 1 #1
        sanction USA x regime=EO 13661 measure=finance: in_force since 2014-03-20, licensed GL 1, licensed SL 7 #1
    "]]
    .assert_eq(&world.ask("sanction USA x", "2014-05-15"));
    expect![[r"
        sanction USA x regime=EO 13661 measure=asset_freeze: in_force since 2014-03-20 #1
        sanction USA x regime=EO 13661 measure=finance: in_force since 2014-03-20, licensed SL 7 #1
    "]]
    .assert_eq(&world.ask("sanction USA x", "2014-07-01"));
}

#[test]
fn a_renewal_goes_on_where_it_meets_the_old_end_and_begins_anew_after_a_gap() {
    let world = world(
        "2014-07-31 sanction.imposed EU x regime=833 measures=finance until=2015-01-31
         2015-02-01 sanction.renewed EU x regime=833 measures=finance until=2015-07-31
         2015-09-01 sanction.renewed EU x regime=833 measures=finance",
    );
    let on = |day| world.ask("sanction EU x", day);
    assert_eq!(
        on("2015-03-01"),
        "sanction EU x regime=833 measure=finance: in_force since 2014-07-31 until 2015-07-31 #1 #2\n"
    );
    assert_eq!(
        on("2015-08-15"),
        "sanction EU x regime=833 measure=finance: expired since 2015-08-01 until 2015-07-31 #1 #2\n"
    );
    assert_eq!(on("2015-09-01"), "sanction EU x regime=833 measure=finance: in_force since 2015-09-01 #3\n");
}

#[test]
fn an_end_that_is_not_known_to_the_day_leaves_both_possible() {
    let world = world("2014-01-01 terror.designated USA x list=L until=2015-06");
    expect![[r"
        terror USA x list=L: possibly designated since 2014-01-01 until 2015-06 #1
        terror USA x list=L: possibly expired since 2015-06-02/2015-07-01 until 2015-06 #1
    "]]
    .assert_eq(&world.ask("terror USA x", "2015-06-15"));
}

#[test]
fn lifting_what_was_never_imposed_is_taken_as_it_comes() {
    let world = world("2015-01-01 sanction.lifted USA x regime=R measures=finance");
    assert_eq!(
        world.ask("sanction USA x", "2016-01-01"),
        "sanction USA x regime=R measure=finance: lifted since 2015-01-01 #1\n"
    );
}
