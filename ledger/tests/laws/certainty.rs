//! The rule of certainty against brute force: every placement of every uncertain day.

use std::collections::BTreeSet;

use ledger::standing::effect::moves;
use ledger::standing::{Knowledge, Move, Timeline, intervals};
use ledger::{Date, Day};
use proptest::prelude::*;

use crate::bench::{World, day, world};

const FIRST: &str = "2001-01-01";
const DAYS: i64 = 6;

fn nth(number: i64) -> Day {
    day(FIRST).checked_add(jiff::Span::new().days(number)).unwrap()
}

/// A little timeline: for each act its first and last possible day, its kind, perhaps a last day of its effect.
fn timelines() -> impl Strategy<Value = Vec<(i64, i64, usize, Option<i64>)>> {
    let act = (0..DAYS, 0..3_i64, 0..4_usize, proptest::option::of(0..4_i64));
    proptest::collection::vec(act, 1..5).prop_map(|acts| {
        acts.into_iter()
            .map(|(from, width, kind, until)| (from, (from + width).min(DAYS - 1), kind, until))
            .collect()
    })
}

fn written(acts: &[(i64, i64, usize, Option<i64>)]) -> World {
    const KINDS: [&str; 4] =
        ["terror.designated", "terror.suspended", "terror.delisted", "terror.designated"];
    let lines: Vec<String> = acts
        .iter()
        .map(|(from, to, kind, until)| {
            let date =
                if from == to { nth(*from).to_string() } else { format!("{}/{}", nth(*from), nth(*to)) };
            // An end before the last day on which the act may begin would be no interval.
            let until = until.filter(|_| *kind == 0).map(|until| format!(" until={}", nth(to + until)));
            format!("{date} {} A B list=L{}", KINDS[*kind], until.unwrap_or_default())
        })
        .collect();
    world(&lines.join("\n"))
}

/// The values that some placement of the days gives: sort what has begun, take the last, let it run out.
fn by_force(world: &World, as_of: Day) -> BTreeSet<String> {
    let acts: Vec<(Vec<Day>, bool, &ledger::Act)> = world
        .entries
        .iter()
        .map(|entry| {
            let date = entry.act.effective.as_ref().unwrap();
            let days: Vec<Day> = date
                .earliest()
                .series(jiff::Span::new().days(1))
                .take_while(|day| *day <= date.latest())
                .collect();
            let exact = days.len() == 1;
            (days, exact, &*entry.act)
        })
        .collect();
    let mut values = BTreeSet::new();
    let placements: usize = acts.iter().map(|(days, ..)| days.len()).product();
    for mut placement in 0..placements {
        let mut placed: Vec<(Day, bool, usize)> = Vec::new();
        for (number, (days, exact, _)) in acts.iter().enumerate() {
            placed.push((days[placement % days.len()], *exact, number));
            placement /= days.len();
        }
        placed.retain(|(day, ..)| *day <= as_of);
        let Some(latest) = placed.iter().map(|(day, ..)| *day).max() else {
            values.insert("none".to_owned());
            continue;
        };
        // On the last day: acts known to be of that very day have an order; the others may come anywhere.
        let last_day: Vec<_> = placed.iter().filter(|(day, ..)| *day == latest).collect();
        let last_exact = last_day.iter().filter(|(_, exact, _)| *exact).map(|(.., number)| *number).max();
        for (_, exact, number) in last_day {
            if !exact || Some(*number) == last_exact {
                values.insert(value(acts[*number].2, as_of));
            }
        }
    }
    values
}

fn value(act: &ledger::Act, as_of: Day) -> String {
    let runs_out = act.until.as_ref().is_some_and(|until: &Date| until.latest() < as_of);
    match (runs_out, act.deed.kind()) {
        (true, _) => "expired",
        (_, "terror.designated") => "designated",
        (_, "terror.suspended") => "suspended",
        _ => "delisted",
    }
    .to_owned()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn the_rule_gives_what_brute_force_gives(acts in timelines(), on in -1..DAYS + 3) {
        let world = written(&acts);
        let as_of = nth(on);
        let knowledge = Knowledge::of(&world.entries);
        let steps: Vec<Move> = knowledge.acts.iter().map(|known| {
            let (_, effect) = moves(&known.act).remove(0);
            Move::of(known, effect, &knowledge)
        }).collect();
        let outcomes = Timeline::new(&steps).at(as_of);
        let told: BTreeSet<String> = outcomes.iter().map(|outcome| outcome.value.as_str().to_owned()).collect();
        prop_assert_eq!(told, by_force(&world, as_of));
    }

    /// The intervals of a register leave no day out, and say of each what asking for that day says.
    #[test]
    fn the_intervals_are_the_answers_of_their_days(acts in timelines()) {
        let world = written(&acts);
        let knowledge = Knowledge::of(&world.entries);
        let steps: Vec<Move> = knowledge.acts.iter().map(|known| {
            let (_, effect) = moves(&known.act).remove(0);
            Move::of(known, effect, &knowledge)
        }).collect();
        let timeline = Timeline::new(&steps);
        let told = intervals(&timeline);
        for number in 0..DAYS + 6 {
            let day = nth(number);
            let on_day: Vec<_> = told.iter()
                .filter(|interval| interval.from.is_none_or(|from| from <= day) && interval.to.is_none_or(|to| day <= to))
                .collect();
            prop_assert!(on_day.len() <= 1);
            match on_day.first() {
                Some(interval) => prop_assert_eq!(&interval.outcomes, &timeline.at(day)),
                None => prop_assert!(!timeline.has_begun(day)),
            }
        }
    }
}

/// A mission suspended or resumed keeps the rank it had, whichever of the possible ones that was.
#[test]
fn what_keeps_the_rank_keeps_every_possible_rank() {
    let world = world(
        "1940-01-01 mission.opened A B rank=legation
         1943 mission.rank_changed A B rank=embassy
         1943-06-01 mission.suspended A B
         1944-06-01 mission.resumed A B",
    );
    expect_test::expect![[r"
        mission A B: possibly open embassy since 1943 #2
        mission A B: possibly suspended legation since 1943-06-01 #3
        mission A B: possibly suspended embassy since 1943-06-01 #3
    "]]
    .assert_eq(&world.ask("mission A B", "1943-06-15"));
    // By the end of the year the change has come: a mission suspended last was an embassy then.
    expect_test::expect![[r"
        mission A B: possibly open embassy since 1943 #2
        mission A B: possibly suspended embassy since 1943-06-01 #3
    "]]
    .assert_eq(&world.ask("mission A B", "1943-12-31"));
}
