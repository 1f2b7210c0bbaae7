//! The consolidated list of the UN Security Council, XML.
//!
//! An `INDIVIDUAL` or `ENTITY` has its `REFERENCE_NUMBER` (`QDi.001`), its regime in `UN_LIST_TYPE` and its day of
//! listing in `LISTED_ON`. A few days carry an offset from UTC (`2015-04-14-04:00`): the day is New York's, where
//! the Council sits, and is taken as it is written. Removals simply vanish.
//!
//! The file does not say which measures bind whom. Every regime freezes assets; who may not travel or buy arms
//! differs from person to person, and is not entered.

use std::io::BufRead;

use ledger::act::{Label, Measure, PartyKind};
use ledger::{Date, PartyId};

use super::xml::Element;
use super::{Broken, Edition, Entry, Listing, codes, label, name, party, sanction, state, xml};

/// Reads an edition.
pub(crate) fn read(bytes: impl BufRead) -> Result<Edition, Broken> {
    let mut edition = Edition::default();
    let un = state("UN");
    xml::read(bytes, "CONSOLIDATED_LIST", &["INDIVIDUAL", "ENTITY"], &mut |record, place| {
        match record.name.as_str() {
            "INDIVIDUAL" => edition.entries.push(entry(&record, "INDIVIDUAL", &un, place)?),
            "ENTITY" => edition.entries.push(entry(&record, "ENTITY", &un, place)?),
            _ => edition.published = day(record.attribute("dateGenerated"), place)?,
        }
        Ok(())
    })?;
    Ok(edition)
}

fn entry(record: &Element, class: &str, un: &PartyId, place: &str) -> Result<Entry, Broken> {
    let number = record.word("REFERENCE_NUMBER");
    let target = party("un", number, place)?;
    let regime = label(record.word("UN_LIST_TYPE"))
        .ok_or_else(|| Broken(format!("{place}: {number} stands under no regime")))?;
    let names = ["FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"].map(|part| record.word(part));
    let since = day(record.word("LISTED_ON"), place)?;
    Ok(Entry {
        kind: if class == "INDIVIDUAL" { PartyKind::Person } else { PartyKind::Other },
        name: name(&names.join(" "), number)?,
        aliases: aliases(record, class),
        codes: codes([("un", number), ("un_dataid", record.word("DATAID"))]),
        born: born(record),
        listings: vec![Listing { key: sanction(un, &target, regime, Measure::AssetFreeze), since }],
        locator: number.to_owned(),
        party: target,
    })
}

/// An alias may hold several, parted by `;`.
fn aliases(record: &Element, class: &str) -> Vec<Label> {
    let tag = format!("{class}_ALIAS");
    let latin = record.all(&tag).flat_map(|alias| alias.word("ALIAS_NAME").split(';'));
    let original = record.word("NAME_ORIGINAL_SCRIPT");
    latin.chain([original]).filter_map(label).collect()
}

fn born(record: &Element) -> Option<String> {
    let birth = record.child("INDIVIDUAL_DATE_OF_BIRTH")?;
    let day = [birth.word("DATE"), birth.word("YEAR")].into_iter().find(|word| !word.is_empty())?;
    Some(day.to_owned())
}

/// `2018-08-24`, perhaps with a time of day or an offset behind it.
fn day(text: &str, place: &str) -> Result<Option<Date>, Broken> {
    if text.is_empty() {
        return Ok(None);
    }
    let bad = || Broken(format!("{place}: `{text}` is no day"));
    let (day, rest) = text.split_at_checked(10).ok_or_else(bad)?;
    let follows = rest.is_empty() || rest.starts_with(['T', '+', '-', 'Z']);
    let day: ledger::Day = day.parse().map_err(|_| bad())?;
    if follows { Ok(Some(Date::on(day))) } else { Err(bad()) }
}
