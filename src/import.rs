//! Lists as the world publishes them: foreign formats in, what they say out.
//!
//! ```text
//! file ──reading──▶ bytes ──one file a format──▶ Edition ──compare──▶ acts + findings
//! ```
//!
//! A list is a state, and the ledger wants acts: an [`Edition`] is therefore compared with what the ledger knows
//! from the same source, and the difference is what happened between the two. Nothing here writes, and nothing
//! here reads a clock: the command decides what becomes of the acts.

pub(crate) mod canada_sema;
pub(crate) mod compare;
mod ftm;
pub(crate) mod mapped;
mod ofac_advanced;
pub(crate) mod ofac_csv;
pub(crate) mod ofac_xml;
pub(crate) mod reading;
pub(crate) mod un_sc;
pub(crate) mod us_missions;
mod xml;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Read};

use self::mapped::Mapping;
use clap::ValueEnum;
use ledger::act::{Act, Codes, Label, Measure, PartyKind};
use ledger::standing::names::Named;
use ledger::{Date, Key, PartyId, Register};

/// The formats that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    /// The SDN list of the US Treasury: the CSV without header, or its XML
    OfacSdn,
    /// The consolidated (non-SDN) list of the US Treasury, XML
    OfacXml,
    /// Either list of the US Treasury as advanced XML, which alone gives days of designation
    OfacAdvanced,
    /// The consolidated list of the UN Security Council, XML
    UnSc,
    /// The autonomous sanctions list of Canada, XML
    CanadaSema,
    /// Changes in the status of US missions abroad, CSV
    UsMissions,
    /// Any CSV, with a mapping of its columns
    Csv,
    /// Follow the Money entities, JSON lines
    Ftm,
}

/// What a file says.
#[derive(Debug)]
pub(crate) enum Content {
    /// A state: who stands on a list.
    Edition(Edition),
    /// Acts, each with its day.
    Chronicle(Chronicle),
}

/// Acts as a source tells them.
#[derive(Debug, Default)]
pub(crate) struct Chronicle {
    /// The acts, each with its place in the file.
    pub acts: Vec<Told>,
    /// What a registrar should know of the reading.
    pub findings: Vec<String>,
}

/// One act of a chronicle. Its id is made of what the source says, and so is the same in the next edition.
#[derive(Debug)]
pub(crate) struct Told {
    pub act: Act,
    pub locator: String,
}

/// What a list says: who stands on it, and under what.
#[derive(Debug, Default)]
pub(crate) struct Edition {
    /// The day on which it was published, where it says so.
    pub published: Option<Date>,
    /// Who stands on it.
    pub entries: Vec<Entry>,
    /// What a registrar should know of the reading.
    pub findings: Vec<String>,
    /// The source to which it belongs, where the format has several and the file says.
    pub source: Option<&'static str>,
    /// Of what the days are that it gives.
    pub days: Days,
    /// Whether the end of the file is the end of the list, and not merely where the file was cut.
    pub ending: Ending,
}

/// What is known of the end of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The format closes itself, and it is closed.
    #[default]
    Closed,
    /// The mark with which the publisher ends the file is not there: lines may be missing.
    Unmarked,
}

/// Of what the days are that a list gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Days {
    /// Each of the listing by which it stands.
    #[default]
    OfListings,
    /// Each of a whole record: of the first listing of its party, and perhaps of no later one.
    OfEntries,
}

/// One record of a list: a party and what it is listed under.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub party: PartyId,
    pub kind: PartyKind,
    pub name: Label,
    pub aliases: Vec<Label>,
    pub codes: Codes,
    /// When a person was born, in the words of the source: it tells people of one name apart.
    pub born: Option<String>,
    pub listings: Vec<Listing>,
    /// Where in the list the record stands: its id there.
    pub locator: String,
}

/// A register in which a party is listed, and the day of listing where the list gives one.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    pub key: Key,
    pub since: Option<Date>,
}

/// Why a file is no edition: nothing follows from it, and least of all that anybody was taken off a list.
#[derive(Debug)]
pub(crate) struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(format!("it cannot be read to its end: {error}"))
    }
}

/// The source of the editions of the SDN list, in whichever format they come.
const OFAC_SDN: &str = "OFAC SDN list";
/// That of the other lists of the US Treasury.
const OFAC_NOT_SDN: &str = "OFAC consolidated non-SDN list";

impl ListFormat {
    /// The name under which the editions of a list belong together, and who publishes it. A CSV has neither: its
    /// mapping says both; nor has Follow the Money: the registrar says.
    pub(crate) fn source(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::OfacSdn | Self::OfacAdvanced => Some((OFAC_SDN, "USA")),
            Self::OfacXml => Some((OFAC_NOT_SDN, "USA")),
            Self::UnSc => Some(("UN Security Council consolidated list", "UN")),
            Self::CanadaSema => Some(("Canada consolidated autonomous sanctions list", "CAN")),
            Self::UsMissions => Some(("US Diplomatic Mission Status Data", "USA")),
            Self::Csv | Self::Ftm => None,
        }
    }

    /// Reads a file; where it names parties by their names, they are found among those of the ledger.
    pub(crate) fn read(
        self,
        bytes: &mut dyn Read,
        parties: &BTreeMap<PartyId, Named>,
        mapping: Option<&Mapping>,
    ) -> Result<Content, Broken> {
        let mut bytes = io::BufReader::new(bytes);
        if bytes.fill_buf()?.is_empty() {
            return Err(Broken("it is empty".to_owned()));
        }
        let edition = match self {
            Self::OfacSdn if reading::begins_as_xml(&mut bytes)? => ofac_xml::read(bytes, ofac_xml::sdn)?,
            Self::OfacSdn => ofac_csv::read(bytes)?,
            Self::OfacXml => ofac_xml::read(bytes, ofac_xml::not_sdn)?,
            Self::OfacAdvanced => ofac_advanced::read(bytes)?,
            Self::UnSc => un_sc::read(bytes)?,
            Self::CanadaSema => canada_sema::read(bytes)?,
            Self::UsMissions => return us_missions::read(bytes, parties).and_then(Chronicle::checked),
            Self::Ftm => ftm::read(bytes, parties)?,
            Self::Csv => {
                let mapping =
                    mapping.ok_or_else(|| Broken("it needs a mapping of its columns".to_owned()))?;
                return mapped::read(bytes, mapping, parties).and_then(Chronicle::checked);
            }
        };
        edition.checked()
    }
}

impl Edition {
    /// An edition with no entry, or with two of one id, is not one to draw conclusions from.
    fn checked(self) -> Result<Content, Broken> {
        if self.entries.is_empty() {
            return Err(Broken("it holds no entry".to_owned()));
        }
        let mut ids: Vec<&PartyId> = self.entries.iter().map(|entry| &entry.party).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Broken(format!("two of its records have the id {}", pair[0]))),
            None => Ok(Content::Edition(self)),
        }
    }
}

impl Chronicle {
    /// A chronicle without an act says nothing.
    fn checked(self) -> Result<Content, Broken> {
        if self.acts.is_empty() {
            Err(Broken("it holds no act".to_owned()))
        } else {
            Ok(Content::Chronicle(self))
        }
    }
}

impl Content {
    /// How many records it has.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Edition(edition) => edition.entries.len(),
            Self::Chronicle(chronicle) => chronicle.acts.len(),
        }
    }

    /// The day on which it was published, where it says so.
    pub(crate) fn published(&self) -> Option<&Date> {
        match self {
            Self::Edition(edition) => edition.published.as_ref(),
            Self::Chronicle(_) => None,
        }
    }

    /// The source to which it belongs, where the file says.
    pub(crate) fn source(&self) -> Option<&'static str> {
        match self {
            Self::Edition(edition) => edition.source,
            Self::Chronicle(_) => None,
        }
    }

    /// What is known of its end.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::Edition(edition) => edition.ending,
            Self::Chronicle(_) => Ending::Closed,
        }
    }
}

impl Entry {
    /// Adds a listing; where one register is told twice, the first day holds.
    fn add(&mut self, listing: Listing) {
        match self.listings.iter_mut().find(|known| known.key == listing.key) {
            None => self.listings.push(listing),
            Some(known) => {
                let day = |date: &Option<Date>| date.as_ref().map(Date::earliest);
                if listing.since.is_some()
                    && (known.since.is_none() || day(&listing.since) < day(&known.since))
                {
                    known.since = listing.since;
                }
            }
        }
    }
}

/// How many records an edition may have, sixty times those of the longest list read here: a small file that unfolds
/// to more is no list, and would fill the memory.
const MOST_RECORDS: usize = 1_000_000;

/// Refuses what has more records than any list.
fn within_reason(records: usize) -> Result<(), Broken> {
    if records > MOST_RECORDS {
        return Err(Broken(format!("it has more than {MOST_RECORDS} records, as no list has")));
    }
    Ok(())
}

/// The register of a measure against a party.
fn sanction(imposer: &PartyId, target: &PartyId, regime: Label, measure: Measure) -> Key {
    Key { regime: Some(regime), measure: Some(measure), ..Key::toward(Register::Sanction, imposer, target) }
}

/// The register of a listing as a terrorist.
fn terror(designator: &PartyId, target: &PartyId, list: Label) -> Key {
    Key { list: Some(list), ..Key::toward(Register::Terror, designator, target) }
}

/// Text as a name: one line, single spaces; what is too long for a name is cut, and ends in `…`.
fn label(text: &str) -> Option<Label> {
    const MOST: usize = 200;
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let mut line = String::with_capacity(text.len());
    for word in words {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.chars().count() > MOST {
        line = line.chars().take(MOST - 1).collect::<String>().trim_end().to_owned() + "…";
    }
    Label::parse(&line).ok()
}

/// The name of a record; one without is broken.
fn name(text: &str, locator: &str) -> Result<Label, Broken> {
    label(text).ok_or_else(|| Broken(format!("{locator} has no name")))
}

/// The id of a party under the scheme of its list.
fn party(scheme: &str, id: &str, place: &str) -> Result<PartyId, Broken> {
    PartyId::parse(&format!("{scheme}:{id}"))
        .map_err(|_| Broken(format!("{place}: `{id}` is no id of a record")))
}

/// A party that the ledger declares itself.
fn state(id: &str) -> PartyId {
    PartyId::parse(id).expect("the ids of publishers are ids")
}

/// Codes of a party in other schemes; empty ones are left out.
fn codes<const N: usize>(pairs: [(&str, &str); N]) -> Codes {
    let mut codes = Codes::default();
    for (scheme, code) in pairs {
        // A code that is no line of text is no code: the party is found by its id all the same.
        drop(codes.insert(scheme, code));
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that look random and are the same every time.
    fn shaken(seed: u64) -> impl FnMut(usize) -> usize {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move |bound| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).unwrap()
        }
    }

    /// A hundred broken variants of a file: cut, flipped, in another encoding, blown up, doubled.
    fn broken(text: &str) -> Vec<Vec<u8>> {
        let whole = text.as_bytes();
        let mut variants = Vec::new();
        for seed in 1..=24 {
            let mut pick = shaken(seed);
            variants.push(whole[..pick(whole.len())].to_vec());
            let mut flipped = whole.to_vec();
            flipped[pick(whole.len())] ^= 1 << pick(8);
            variants.push(flipped);
            let mut huge = whole.to_vec();
            let at = pick(whole.len());
            huge.splice(at..at, vec![b'x'; 200_000]);
            variants.push(huge);
            let mut torn = whole.to_vec();
            torn.drain(pick(whole.len() / 2)..whole.len() / 2 + pick(whole.len() / 2));
            variants.push(torn);
        }
        variants.push(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
        variants.push(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect());
        variants.push([b"\xff\xfe\x00", whole].concat());
        variants.push(vec![0; 10_000]);
        variants
    }

    #[test]
    fn no_list_has_more_than_a_million_records() {
        assert!(within_reason(1_000_000).is_ok());
        assert!(within_reason(1_000_001).is_err());
    }

    /// Whatever is wrong with a file, it is read or it is broken; what is read is whole.
    #[test]
    fn a_hundred_broken_variants_of_each_format() {
        let mapping = Mapping::parse(include_str!("../tests/data/mapping.toml")).expect("a mapping");
        let formats = [
            (ListFormat::OfacSdn, include_str!("../tests/data/sdn.csv")),
            (ListFormat::OfacXml, include_str!("../tests/data/ofac-consolidated.xml")),
            (ListFormat::OfacAdvanced, include_str!("../tests/data/ofac-advanced.xml")),
            (ListFormat::UnSc, include_str!("../tests/data/un-sc.xml")),
            (ListFormat::CanadaSema, include_str!("../tests/data/canada-sema.xml")),
            (ListFormat::UsMissions, include_str!("../tests/data/us-missions.csv")),
            (ListFormat::Csv, include_str!("../tests/data/mapped.csv")),
            (ListFormat::Ftm, include_str!("../tests/data/entities.ftm.json")),
        ];
        let nobody = BTreeMap::new();
        for (format, text) in formats {
            let read = |bytes: &[u8]| format.read(&mut &*bytes, &nobody, Some(&mapping));
            let whole = read(text.as_bytes()).map(|content| content.count());
            assert!(whole.is_ok(), "{format:?}: {whole:?}");
            for (number, bytes) in broken(text).into_iter().enumerate() {
                match read(&bytes) {
                    Ok(content) => assert!(content.count() > 0, "{format:?} {number}"),
                    Err(Broken(reason)) => assert!(!reason.is_empty(), "{format:?} {number}"),
                }
            }
        }
    }
}
