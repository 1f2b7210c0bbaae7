//! What a collective does reaches its members and those bound by it, while they are.

use expect_test::expect;

use crate::bench::world;

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
