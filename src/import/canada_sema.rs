//! The consolidated autonomous sanctions list of Canada (Special Economic Measures Act), XML.
//!
//! Records have no id: one is known by its country, schedule and item, as the regulations number them. A repealed
//! item leaves its number empty, so numbers keep their meaning. Every record has its `DateOfListing`.

use std::io::BufRead;

use ledger::act::{Label, Measure, PartyKind};
use ledger::{Date, Day, PartyId};

use super::xml::Element;
use super::{Broken, Edition, Entry, Listing, codes, label, name, party, sanction, state, xml};

/// Reads an edition.
pub(crate) fn read(bytes: impl BufRead) -> Result<Edition, Broken> {
    let mut edition = Edition::default();
    let canada = state("CAN");
    xml::read(bytes, "data-set", &["record"], &mut |record, place| {
        if record.name == "record" {
            edition.entries.push(entry(&record, &canada, place)?);
        }
        Ok(())
    })?;
    Ok(edition)
}

fn entry(record: &Element, canada: &PartyId, place: &str) -> Result<Entry, Broken> {
    // `Belarus / Bélarus`: the English name, then the French.
    let country = record.word("Country").split(" / ").next().unwrap_or_default().trim();
    let regime = label(country).ok_or_else(|| Broken(format!("{place}: a record of no country")))?;
    let (schedule, item) = (record.word("Schedule"), record.word("Item"));
    let id =
        [country, schedule, item].map(slug).into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let target = party("canada", &id.join(":"), place)?;
    let locator = format!("{country}, schedule {schedule}, item {item}");
    let since = Date::on(day(record.word("DateOfListing"), place)?);
    let person = format!("{} {}", record.word("GivenName"), record.word("LastName"));
    let ship = record.word("ShipIMONumber");
    let (kind, called, measure) = match record.word("EntityOrShip") {
        "" => (PartyKind::Person, person.as_str(), Measure::AssetFreeze),
        called if ship.is_empty() => (PartyKind::Other, called, Measure::AssetFreeze),
        called => (PartyKind::Vessel, called, Measure::Transport),
    };
    let born = record.word("DateOfBirthOrShipBuildDate");
    Ok(Entry {
        kind,
        name: name(called, &locator)?,
        aliases: aliases(record.word("Aliases")),
        codes: codes([("imo", ship)]),
        born: (kind == PartyKind::Person && !born.is_empty()).then(|| born.to_owned()),
        listings: vec![Listing { key: sanction(canada, &target, regime, measure), since: Some(since) }],
        locator,
        party: target,
    })
}

fn day(text: &str, place: &str) -> Result<Day, Broken> {
    text.parse().map_err(|_| Broken(format!("{place}: `{text}` is no day of listing")))
}

/// Aliases are parted by `;`; where there is none, by `,`. Some say in which language they are.
fn aliases(text: &str) -> Vec<Label> {
    let mark = if text.contains(';') { ';' } else { ',' };
    let bare = |part: &str| part.split_once(": ").map_or(part, |(_, name)| name).to_owned();
    text.split(mark).filter_map(|part| label(&bare(part))).collect()
}

/// Words as a part of an id: at most 24 letters and digits, anything else a `-`.
fn slug(words: &str) -> String {
    const MOST: usize = 24;
    let plain = words.to_lowercase();
    let parts: Vec<&str> =
        plain.split(|c: char| !c.is_ascii_alphanumeric() && c != '.').filter(|p| !p.is_empty()).collect();
    let mut slug = parts.join("-");
    slug.truncate(MOST);
    slug
}
