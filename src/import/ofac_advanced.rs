//! The lists of the US Treasury as advanced XML (`SDN_ADVANCED.XML`, `CONS_ADVANCED.XML`), in the sanctions data
//! model of the UN: the only one of their forms that gives days of designation.
//!
//! First come the reference values, which say what the numbers of all that follows mean; then each `DistinctParty`
//! with its names; last each `SanctionsEntry`: on which list a party stands, since when, under which programmes.
//! A party's `FixedRef` is the `uid` and `ent_num` of the other forms.

use std::collections::BTreeMap;
use std::io::BufRead;

use ledger::act::Label;
use ledger::{Date, PartyId};

use super::ofac_csv::{kind, programmes};
use super::xml::Element;
use super::{
    Broken, Days, Edition, Entry, Listing, OFAC_NOT_SDN, OFAC_SDN, codes, label, ofac_xml, party, state, xml,
};

/// Reference values that are looked up; of others there is no need.
const REFERENCES: [&str; 9] = [
    "CalendarType",
    "DocNameStatus",
    "EntryEventType",
    "FeatureType",
    "List",
    "NamePartType",
    "PartySubType",
    "PartyType",
    "SanctionsType",
];
/// How the list of specially designated nationals is called among the lists.
const SDN: &str = "SDN List";

/// Reads an edition.
pub(crate) fn read(bytes: impl BufRead) -> Result<Edition, Broken> {
    let mut records = vec!["DateOfIssue", "DistinctParty", "SanctionsEntry"];
    records.extend(REFERENCES);
    let mut reading = Reading {
        usa: state("USA"),
        published: None,
        references: BTreeMap::new(),
        entries: Vec::new(),
        profiles: BTreeMap::new(),
        lists: BTreeMap::new(),
    };
    xml::read(bytes, "Sanctions", &records, &mut |record, place| reading.take(&record, place))?;
    Ok(reading.done())
}

/// What was read so far.
struct Reading {
    usa: PartyId,
    published: Option<Date>,
    /// The reference values, by kind and number.
    references: BTreeMap<(String, String), Reference>,
    entries: Vec<Entry>,
    /// The place in `entries` of each profile.
    profiles: BTreeMap<String, usize>,
    /// How many parties stand on each list.
    lists: BTreeMap<String, usize>,
}

struct Reference {
    text: String,
    /// Of a subtype of parties: its type.
    party_type: String,
}

impl Reading {
    fn take(&mut self, record: &Element, place: &str) -> Result<(), Broken> {
        match record.name.as_str() {
            "DateOfIssue" => self.published = Some(self.date(record, place)?),
            "DistinctParty" => self.party(record, place)?,
            "SanctionsEntry" => self.listed(record, place)?,
            name if REFERENCES.contains(&name) => {
                let reference = Reference {
                    text: record.text.trim().to_owned(),
                    party_type: record.attribute("PartyTypeID").to_owned(),
                };
                self.references.insert((name.to_owned(), record.attribute("ID").to_owned()), reference);
            }
            _ => {}
        }
        Ok(())
    }

    /// What a number of the file means.
    fn reference(&self, name: &str, number: &str, place: &str) -> Result<&Reference, Broken> {
        let found = self.references.get(&(name.to_owned(), number.to_owned()));
        found.ok_or_else(|| Broken(format!("{place}: the file does not say what {name} `{number}` is")))
    }

    fn word(&self, element: &Element, name: &str, place: &str) -> Result<&str, Broken> {
        let number = element.attribute(&format!("{name}ID"));
        self.reference(name, number, place).map(|reference| reference.text.as_str())
    }

    /// A party with its names; on which list it stands comes later in the file.
    fn party(&mut self, record: &Element, place: &str) -> Result<(), Broken> {
        let number = record.attribute("FixedRef");
        let target = party("ofac", number, place)?;
        let profile =
            record.child("Profile").ok_or_else(|| Broken(format!("{place}: {number} has no profile")))?;
        let subtype = self.reference("PartySubType", profile.attribute("PartySubTypeID"), place)?;
        let class = match subtype.text.as_str() {
            "Unknown" | "" => self.reference("PartyType", &subtype.party_type, place)?.text.as_str(),
            told => told,
        };
        let (name, aliases) = self.names(profile, number, place)?;
        let entry = Entry {
            kind: kind(class, place)?,
            name,
            aliases,
            codes: codes([("ofac", number)]),
            born: self.born(profile, place)?,
            listings: Vec::new(),
            locator: format!("FixedRef {number}"),
            party: target,
        };
        self.profiles.insert(profile.attribute("ID").to_owned(), self.entries.len());
        self.entries.push(entry);
        Ok(())
    }

    /// The name, which is the primary alias of the primary identity in Latin letters, and all others.
    fn names(&self, profile: &Element, number: &str, place: &str) -> Result<(Label, Vec<Label>), Broken> {
        let mut first: Option<(u8, Label)> = None;
        let mut all = Vec::new();
        for identity in profile.all("Identity") {
            let mut parts: BTreeMap<&str, &str> = BTreeMap::new();
            let groups = identity.all("NamePartGroups").flat_map(|groups| groups.all("MasterNamePartGroup"));
            for group in groups.flat_map(|master| master.all("NamePartGroup")) {
                parts.insert(group.attribute("ID"), self.word(group, "NamePartType", place)?);
            }
            for alias in identity.all("Alias") {
                for written in alias.all("DocumentedName") {
                    let Some(name) = called(written, &parts) else { continue };
                    let primary = [identity, alias].iter().all(|of| of.attribute("Primary") == "true");
                    let latin = self.word(written, "DocNameStatus", place)?.starts_with("Primary");
                    let rank = u8::from(!primary) * 2 + u8::from(!latin);
                    if first.as_ref().is_none_or(|(best, _)| rank < *best) {
                        first = Some((rank, name.clone()));
                    }
                    all.push(name);
                }
            }
        }
        let (_, name) = first.ok_or_else(|| Broken(format!("{place}: {number} has no name")))?;
        all.retain(|other| *other != name);
        Ok((name, all))
    }

    /// When a person was born, in the words that the other forms of the list use: `21 Feb 1924`, `1953`.
    fn born(&self, profile: &Element, place: &str) -> Result<Option<String>, Broken> {
        for feature in profile.all("Feature") {
            if self.word(feature, "FeatureType", place)? != "Birthdate" {
                continue;
            }
            let periods = feature.all("FeatureVersion").flat_map(|version| version.all("DatePeriod"));
            for period in periods {
                let side = |name: &str, bound: &str| period.child(name).and_then(|side| side.child(bound));
                if let (Some(from), Some(to)) = (side("Start", "From"), side("End", "To")) {
                    return Ok(Some(born(&self.date(from, place)?, &self.date(to, place)?)));
                }
            }
        }
        Ok(None)
    }

    /// That a party stands on a list: under every programme, since the day on which its entry was made.
    fn listed(&mut self, record: &Element, place: &str) -> Result<(), Broken> {
        let profile = record.attribute("ProfileID");
        let index = *self.profiles.get(profile).ok_or_else(|| {
            Broken(format!("{place}: an entry is of profile `{profile}`, which the file does not describe"))
        })?;
        let list = self.word(record, "List", place)?.to_owned();
        let measure = if list == SDN { ofac_xml::sdn } else { ofac_xml::not_sdn };
        let mut tags = Vec::new();
        for measure in record.all("SanctionsMeasure") {
            if self.word(measure, "SanctionsType", place)? == "Program" {
                tags.push(measure.word("Comment"));
            }
        }
        let mut days = Vec::new();
        for event in record.all("EntryEvent") {
            if let ("Created", Some(date)) = (self.word(event, "EntryEventType", place)?, event.child("Date"))
            {
                days.push(self.date(date, place)?);
            }
        }
        let since = since(&days, tags.len());
        let target = self.entries[index].party.clone();
        let found: Vec<Listing> =
            tags.iter().flat_map(|tag| programmes(tag, &self.usa, &target, measure(tag))).collect();
        if found.is_empty() {
            return Err(Broken(format!("{place}: the entry of profile {profile} names no programme")));
        }
        for listing in found {
            self.entries[index].add(Listing { since: since.clone(), ..listing });
        }
        *self.lists.entry(list).or_default() += 1;
        Ok(())
    }

    /// `<Year>`, `<Month>` and `<Day>`, as far as they are there.
    fn date(&self, element: &Element, place: &str) -> Result<Date, Broken> {
        let calendar = element.attribute("CalendarTypeID");
        if !calendar.is_empty() && self.references.keys().any(|(name, _)| name == "CalendarType") {
            let calendar = &self.reference("CalendarType", calendar, place)?.text;
            if calendar != "Gregorian" {
                return Err(Broken(format!("{place}: a date of the calendar `{calendar}`")));
            }
        }
        let parts = ["Year", "Month", "Day"].map(|part| element.word(part));
        let text: Vec<String> =
            parts.iter().take_while(|part| !part.is_empty()).map(|part| format!("{part:0>2}")).collect();
        let text = text.join("-");
        Date::parse(&text).map_err(|_| Broken(format!("{place}: `{text}` is no date")))
    }

    fn done(self) -> Edition {
        let mut edition = Edition { published: self.published, days: Days::OfEntries, ..Edition::default() };
        let described = self.entries.len();
        edition.entries = self.entries;
        edition.entries.retain(|entry| !entry.listings.is_empty());
        if described > edition.entries.len() {
            let count = described - edition.entries.len();
            edition.findings.push(format!("{count} of the parties that it describes stand on no list"));
        }
        let others = || self.lists.keys().filter(|list| *list != SDN);
        edition.source = Some(if self.lists.contains_key(SDN) { OFAC_SDN } else { OFAC_NOT_SDN });
        if self.lists.contains_key(SDN) && others().next().is_some() {
            let others: Vec<&str> = others().map(String::as_str).collect();
            edition.findings.push(format!("besides the SDN list it has entries of {}", others.join(", ")));
        }
        edition
    }
}

/// `MUGABE, Robert Gabriel`, as the other forms of the list write names: what is no last name follows it.
fn called(written: &Element, parts: &BTreeMap<&str, &str>) -> Option<Label> {
    let values = || written.all("DocumentedNamePart").flat_map(|part| part.all("NamePartValue"));
    let is_last = |value: &&Element| parts.get(value.attribute("NamePartGroupID")) == Some(&"Last Name");
    let join = |values: Vec<&Element>| values.iter().map(|v| v.text.trim()).collect::<Vec<_>>().join(" ");
    let last = join(values().filter(is_last).collect());
    let rest = join(values().filter(|value| !is_last(value)).collect());
    match (last.trim(), rest.trim()) {
        (last, "") => label(last),
        ("", rest) => label(rest),
        (last, rest) => label(&format!("{last}, {rest}")),
    }
}

/// The day of an entry. Where it was made in several steps, nothing says which of its programmes came when.
fn since(days: &[Date], programmes: usize) -> Option<Date> {
    let first = days.iter().min_by_key(|day| day.earliest())?;
    let last = days.iter().max_by_key(|day| day.latest())?;
    if programmes <= 1 || first == last {
        return Some(first.clone());
    }
    Date::parse(&format!("{}/{}", first.earliest(), last.latest())).ok()
}

/// A day, a year, or what lies between two days.
fn born(from: &Date, to: &Date) -> String {
    let (first, last) = (from.earliest(), to.latest());
    let whole_year = (first.month(), first.day(), last.month(), last.day()) == (1, 1, 12, 31);
    if first == last {
        first.strftime("%d %b %Y").to_string()
    } else if whole_year && first.year() == last.year() {
        first.year().to_string()
    } else {
        format!("{first} to {last}")
    }
}
