//! The lists of the US Treasury as XML (`sdn.xml`, `consolidated.xml`): one schema for both, and nothing in the
//! file says which of the two it is.
//!
//! `<sdnEntry>` has `uid`, `lastName`, `firstName`, `sdnType`, programmes, other names and births.

use std::io::BufRead;

use ledger::act::{Label, Measure};
use ledger::{Date, Day, PartyId};

use super::ofac_csv::{kind, programmes};
use super::xml::Element;
use super::{Broken, Edition, Entry, codes, label, party, state, xml};

/// What a programme of the SDN list does: it blocks property.
pub(crate) fn sdn(_programme: &str) -> Measure {
    Measure::AssetFreeze
}

/// What a programme beside the SDN list does: the directives under EO 13662 close the capital market; the others
/// differ from entry to entry, in words.
pub(crate) fn not_sdn(programme: &str) -> Measure {
    if programme == "UKRAINE-EO13662" { Measure::Finance } else { Measure::Other }
}

/// Reads an edition; `measure` says what a programme of this list does.
pub(crate) fn read(bytes: impl BufRead, measure: fn(&str) -> Measure) -> Result<Edition, Broken> {
    let mut edition = Edition::default();
    let mut count = None;
    let usa = state("USA");
    xml::read(bytes, "sdnList", &["publshInformation", "sdnEntry"], &mut |record, place| {
        match record.name.as_str() {
            "publshInformation" => {
                edition.published = Some(Date::on(day(record.word("Publish_Date"), place)?));
                count = record.word("Record_Count").parse::<usize>().ok();
            }
            "sdnEntry" => edition.entries.push(entry(&record, &usa, measure, place)?),
            _ => {}
        }
        Ok(())
    })?;
    match count {
        Some(count) if count != edition.entries.len() => {
            Err(Broken(format!("it says that it holds {count} entries, and holds {}", edition.entries.len())))
        }
        _ => Ok(edition),
    }
}

fn entry(
    record: &Element,
    usa: &PartyId,
    measure: fn(&str) -> Measure,
    place: &str,
) -> Result<Entry, Broken> {
    let uid = record.word("uid");
    let target = party("ofac", uid, place)?;
    let tags = record.child("programList").into_iter().flat_map(|list| list.all("program"));
    let listings: Vec<_> =
        tags.flat_map(|tag| programmes(tag.text.trim(), usa, &target, measure(tag.text.trim()))).collect();
    if listings.is_empty() {
        return Err(Broken(format!("{place}: {uid} names no programme")));
    }
    let others = record.child("akaList").into_iter().flat_map(|list| list.all("aka"));
    let births = record.child("dateOfBirthList").into_iter().flat_map(|list| list.all("dateOfBirthItem"));
    Ok(Entry {
        kind: kind(record.word("sdnType"), place)?,
        name: called(record).ok_or_else(|| Broken(format!("{place}: {uid} has no name")))?,
        aliases: others.filter_map(called).collect(),
        codes: codes([("ofac", uid)]),
        born: births.map(|birth| birth.word("dateOfBirth").to_owned()).next(),
        listings,
        locator: format!("uid {uid}"),
        party: target,
    })
}

/// `MUGABE, Robert Gabriel`, as the list itself writes names.
fn called(record: &Element) -> Option<Label> {
    match (record.word("lastName"), record.word("firstName")) {
        (last, "") => label(last),
        ("", first) => label(first),
        (last, first) => label(&format!("{last}, {first}")),
    }
}

/// `04/06/2018`: month, day, year.
fn day(text: &str, place: &str) -> Result<Day, Broken> {
    let bad = || Broken(format!("{place}: `{text}` is no day"));
    let mut parts = text.split('/');
    let (Some(month), Some(day), Some(year), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(bad());
    };
    format!("{year}-{month:0>2}-{day:0>2}").parse().map_err(|_| bad())
}
