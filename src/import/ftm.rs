//! Follow the Money entities as JSON lines, the form in which `OpenSanctions` and its like publish.
//!
//! An entity has an `id`, a `schema` and `properties`, each a list of texts. A `Sanction` names its `entity`, who
//! imposed it (`country`, else `authority`), its `program`, and the day of listing where that is known; one with an
//! `endDate` has ended. Only parties under some sanction are taken: an owner or an address is on no list.

use std::collections::BTreeMap;
use std::io::BufRead;

use ledger::act::{Label, Measure, PartyKind};
use ledger::standing::names::Named;
use ledger::{Date, Key, PartyId, Register};
use serde::Deserialize;

use super::{Broken, Edition, Entry, Listing, codes, label, sanction, terror};

#[derive(Deserialize)]
struct Record {
    id: String,
    schema: String,
    properties: Properties,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    name: Vec<String>,
    alias: Vec<String>,
    weak_alias: Vec<String>,
    previous_name: Vec<String>,
    birth_date: Vec<String>,
    wikidata_id: Vec<String>,
    imo_number: Vec<String>,
    entity: Vec<String>,
    authority: Vec<String>,
    country: Vec<String>,
    program: Vec<String>,
    program_id: Vec<String>,
    provisions: Vec<String>,
    listing_date: Vec<String>,
    start_date: Vec<String>,
    end_date: Vec<String>,
}

/// Reads an edition; imposers are found among the parties by their ISO code.
pub(crate) fn read(mut bytes: impl BufRead, parties: &BTreeMap<PartyId, Named>) -> Result<Edition, Broken> {
    let imposers = Imposers::of(parties);
    let mut entries: BTreeMap<PartyId, Entry> = BTreeMap::new();
    let mut bodies: BTreeMap<String, Entry> = BTreeMap::new();
    let mut listings: Vec<(PartyId, Listing)> = Vec::new();
    let (mut line, mut number) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        number += 1;
        if bytes.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let record: Record =
            serde_json::from_slice(&line).map_err(|error| Broken(format!("line {number}: {error}")))?;
        if record.schema == "Sanction" {
            listings.extend(sanctions(&record.properties, &imposers, &mut bodies, number)?);
        } else if let Some(entry) = kind(&record.schema).and_then(|kind| entry(&record, kind)) {
            entries.insert(entry.party.clone(), entry);
        }
    }
    let mut edition = Edition::default();
    for (party, listing) in listings {
        match entries.get_mut(&party) {
            Some(entry) => entry.add(listing),
            None => {
                edition.findings.push(format!("a sanction is of {party}, which the file does not describe"));
            }
        }
    }
    edition.entries = bodies.into_values().collect();
    edition.entries.extend(entries.into_values().filter(|entry| !entry.listings.is_empty()));
    Ok(edition)
}

/// The schemata that are parties.
fn kind(schema: &str) -> Option<PartyKind> {
    match schema {
        "Person" => Some(PartyKind::Person),
        "Company" => Some(PartyKind::Company),
        "Vessel" => Some(PartyKind::Vessel),
        "Airplane" => Some(PartyKind::Aircraft),
        "Organization" | "PublicBody" | "LegalEntity" | "CryptoWallet" | "Security" | "Asset" => {
            Some(PartyKind::Other)
        }
        _ => None,
    }
}

/// A party; one without a name goes by its id.
fn entry(record: &Record, kind: PartyKind) -> Option<Entry> {
    let Record { id, properties: told, .. } = record;
    let mut names = told.name.iter().filter_map(|name| label(name));
    let name = names.next().or_else(|| label(id))?;
    let others = told.alias.iter().chain(&told.weak_alias).chain(&told.previous_name);
    let first = |words: &[String]| words.first().cloned().unwrap_or_default();
    Some(Entry {
        party: party(id),
        kind,
        name,
        aliases: names.chain(others.filter_map(|name| label(name))).collect(),
        codes: codes([
            ("ftm", id),
            ("wikidata", &first(&told.wikidata_id)),
            ("imo", &first(&told.imo_number)),
        ]),
        born: told.birth_date.first().cloned(),
        listings: Vec::new(),
        locator: id.clone(),
    })
}

/// The id of a party; what would be no id here is hashed.
fn party(id: &str) -> PartyId {
    let hashed = || format!("ftm:{}", &blake3::hash(id.as_bytes()).to_hex()[..24]);
    PartyId::parse(&format!("ftm:{id}"))
        .unwrap_or_else(|_| PartyId::parse(&hashed()).expect("hexadecimal digits"))
}

/// Who imposes: parties by their ISO 3166 code in small letters.
struct Imposers(BTreeMap<String, PartyId>);

impl Imposers {
    fn of(parties: &BTreeMap<PartyId, Named>) -> Self {
        let coded = parties.values().flat_map(|party| {
            let codes = party.codes.iter().filter(|(scheme, _)| scheme == "iso2");
            codes.map(|(_, code)| (code.to_lowercase(), party.id.clone()))
        });
        let mut imposers: BTreeMap<String, PartyId> = coded.collect();
        for id in ["UN", "EU"] {
            let known = parties.keys().find(|party| party.as_str() == id);
            imposers.extend(known.map(|party| (id.to_lowercase(), party.clone())));
        }
        Self(imposers)
    }
}

/// The registers of one sanction. An authority of no known country becomes a party of its own.
fn sanctions(
    told: &Properties,
    imposers: &Imposers,
    bodies: &mut BTreeMap<String, Entry>,
    line: u64,
) -> Result<Vec<(PartyId, Listing)>, Broken> {
    if !told.end_date.is_empty() {
        return Ok(Vec::new());
    }
    let place = || format!("line {line}");
    let authority = told.authority.first().map_or("an authority not named", String::as_str);
    let imposer = match told.country.iter().find_map(|country| imposers.0.get(&country.to_lowercase())) {
        Some(imposer) => imposer.clone(),
        None => bodies.entry(authority.to_owned()).or_insert_with(|| body(authority)).party.clone(),
    };
    let regime = told.program_id.first().or(told.program.first()).and_then(|program| label(program));
    let regime: Label = regime
        .or_else(|| label(authority))
        .ok_or_else(|| Broken(format!("{}: a sanction of no programme", place())))?;
    let since = told.listing_date.iter().chain(&told.start_date).find_map(|date| day(date));
    let of = |id: &String| {
        let target = party(id);
        let key = register(&imposer, &target, regime.clone(), &told.provisions);
        (target, Listing { key, since: since.clone() })
    };
    Ok(told.entity.iter().map(of).collect())
}

/// The register of a sanction. Its provisions are words for people, save where this program wrote them.
fn register(imposer: &PartyId, target: &PartyId, regime: Label, provisions: &[String]) -> Key {
    match provisions {
        [word] if word == Register::Terror.word() => terror(imposer, target, regime),
        [word] => sanction(imposer, target, regime, Measure::of_word(word).unwrap_or(Measure::Other)),
        _ => sanction(imposer, target, regime, Measure::Other),
    }
}

/// An authority as a party.
fn body(authority: &str) -> Entry {
    let id = format!("authority-{}", &blake3::hash(authority.as_bytes()).to_hex()[..12]);
    Entry {
        party: party(&id),
        kind: PartyKind::Organisation,
        name: label(authority).unwrap_or_else(|| Label::parse("authority").expect("one word")),
        aliases: Vec::new(),
        codes: codes([]),
        born: None,
        listings: Vec::new(),
        locator: authority.to_owned(),
    }
}

/// `2022`, `2022-02`, `2022-02-28`; a time of day is left off.
fn day(text: &str) -> Option<Date> {
    Date::parse(text.split('T').next().unwrap_or_default()).ok()
}
