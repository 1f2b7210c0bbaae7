//! The table of the states of the world, which every ledger opens with.

use ledger::act::json;
use ledger::roll::Roll;
use ledger::standing::names::parties;
use ledger::standing::{Knowledge, Recorded};
use ledger::{Hash, PartyId, world};

use crate::bench::{day, instant};

#[test]
fn the_table_reads_and_its_acts_could_be_appended() {
    let (acts, problems) = json::read(world::STATES.as_bytes());
    assert_eq!(problems, []);
    assert_eq!(Roll::default().check(&acts, &|_| None).map(|fates| fates.len()), Ok(acts.len()));
}

#[test]
fn the_table_knows_the_names_of_any_day() {
    let entries: Vec<Recorded> = world::states()
        .into_iter()
        .zip(1..)
        .map(|(submitted, number)| Recorded {
            number,
            recorded_at: instant("2020-01-01"),
            asserted: true,
            hash: Hash::NONE,
            act: submitted.act,
        })
        .collect();
    let knowledge = Knowledge::of(&entries);
    let parties = parties(&knowledge);
    let name = |id: &str, on: &str| parties[&PartyId::parse(id).unwrap()].name_on(day(on)).to_owned();
    assert_eq!(name("LKA", "1960-01-01"), "Ceylon");
    assert_eq!(name("LKA", "1980-01-01"), "Sri Lanka");
    assert_eq!(name("SWZ", "2018-04-19"), "Eswatini");
    assert_eq!(name("MKD", "2020-01-01"), "North Macedonia");
    let states = parties.values().filter(|party| party.kind.word() == "state").count();
    assert!(states > 197, "{states}");
}
