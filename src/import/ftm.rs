//! Follow the Money entities as JSON lines, the form in which `OpenSanctions` and its like publish.
//!
//! An entity has an `id`, a `schema` and `properties`, each a list of texts. A `Sanction` names its `entity`, who
//! imposed it (`country`, else `authority`), its `program`, and the day of listing where that is known; one with an
//! `endDate` has ended. Only parties under some sanction are taken: an owner or an address is on no list.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufRead, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use ledger::act::{Label, Measure, PartyKind};
use ledger::standing::names::Named;
use ledger::{Date, Key, PartyId, Register};
use serde::Deserialize;

use super::{Broken, Edition, Entry, Listing, codes, label, sanction, terror, within_reason};

/// How long a line may be, in bytes.
const LONGEST: u64 = 4 * 1024 * 1024;
/// How many bytes of lines are parsed in one go.
const BLOCK: usize = 256 * 1024;
/// How many blocks may wait for each of those who parse.
const WAITING: usize = 2;

#[derive(Deserialize)]
struct Record<'l> {
    #[serde(borrow)]
    id: Word<'l>,
    #[serde(borrow)]
    schema: Word<'l>,
    #[serde(borrow)]
    properties: Properties<'l>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default, bound(deserialize = "'de: 'l"))]
struct Properties<'l> {
    name: Vec<Word<'l>>,
    alias: Vec<Word<'l>>,
    weak_alias: Vec<Word<'l>>,
    previous_name: Vec<Word<'l>>,
    birth_date: Vec<Word<'l>>,
    wikidata_id: Vec<Word<'l>>,
    imo_number: Vec<Word<'l>>,
    entity: Vec<Word<'l>>,
    authority: Vec<Word<'l>>,
    country: Vec<Word<'l>>,
    program: Vec<Word<'l>>,
    program_id: Vec<Word<'l>>,
    provisions: Vec<Word<'l>>,
    listing_date: Vec<Word<'l>>,
    start_date: Vec<Word<'l>>,
    end_date: Vec<Word<'l>>,
}

/// A text of a line; copied only where it has escapes.
#[derive(Deserialize)]
struct Word<'l>(#[serde(borrow)] Cow<'l, str>);

impl std::ops::Deref for Word<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// What a line comes to.
enum Parsed {
    /// A party that may be listed.
    Party(Entry),
    /// Listings, by a body that the ledger does not know, where it is named.
    Sanction { body: Option<String>, listings: Vec<(PartyId, Listing)> },
}

/// Some lines, and the number of the first.
type Block = (u64, Vec<u8>);
type Outcome = Result<Vec<Parsed>, Broken>;

/// Reads an edition; imposers are found among the parties by their ISO code.
///
/// Lines need nothing of one another, so blocks of them are parsed side by side, and gathered in their order.
pub(crate) fn read(mut bytes: impl BufRead, parties: &BTreeMap<PartyId, Named>) -> Result<Edition, Broken> {
    let imposers = Imposers::of(parties);
    let count = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let begin = |_| {
            let (give, blocks) = sync_channel::<Block>(WAITING);
            let (tell, outcomes) = sync_channel::<Outcome>(WAITING);
            let imposers = &imposers;
            scope.spawn(move || parse_all(&blocks, &tell, imposers));
            (give, outcomes)
        };
        let parsers: Vec<(SyncSender<Block>, Receiver<Outcome>)> = (0..count).map(begin).collect();
        let mut gathered = Gathered::default();
        let (mut line, mut given, mut taken) = (1, 0, 0);
        while let Some((lines, block)) = next_block(&mut bytes, line)? {
            let first = line;
            line += lines;
            if given - taken == count * WAITING {
                gathered.take(&parsers[taken % count].1)?;
                taken += 1;
            }
            // Who parses ends only when nothing more is given.
            drop(parsers[given % count].0.send((first, block)));
            given += 1;
        }
        while taken < given {
            gathered.take(&parsers[taken % count].1)?;
            taken += 1;
        }
        Ok(gathered.edition())
    })
}

/// Whole lines, some hundred kilobytes of them, and how many they are.
fn next_block(bytes: &mut impl BufRead, line: u64) -> Result<Option<(u64, Vec<u8>)>, Broken> {
    let mut block = Vec::with_capacity(BLOCK + BLOCK / 4);
    let mut lines = 0;
    while block.len() < BLOCK {
        let count = bytes.by_ref().take(LONGEST).read_until(b'\n', &mut block)?;
        if count as u64 == LONGEST {
            return Err(Broken(format!("line {} is longer than {LONGEST} bytes", line + lines)));
        }
        if count == 0 {
            break;
        }
        lines += 1;
    }
    Ok(if block.is_empty() { None } else { Some((lines, block)) })
}

fn parse_all(blocks: &Receiver<Block>, tell: &SyncSender<Outcome>, imposers: &Imposers) {
    for (line, block) in blocks {
        if tell.send(parse(&block, line, imposers)).is_err() {
            return;
        }
    }
}

/// What some lines come to.
fn parse(block: &[u8], first: u64, imposers: &Imposers) -> Outcome {
    let mut parsed = Vec::new();
    for (number, line) in (first..).zip(block.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let record: Record<'_> =
            serde_json::from_slice(line).map_err(|error| Broken(format!("line {number}: {error}")))?;
        if &*record.schema == "Sanction" {
            parsed.extend(sanctions(&record.properties, imposers, number)?);
        } else if let Some(kind) = kind(&record.schema) {
            parsed.extend(entry(&record, kind).map(Parsed::Party));
        }
    }
    Ok(parsed)
}

/// What all lines came to so far.
#[derive(Default)]
struct Gathered {
    entries: BTreeMap<PartyId, Entry>,
    bodies: BTreeMap<String, Entry>,
    listings: Vec<(PartyId, Listing)>,
}

impl Gathered {
    /// Takes in the next block.
    fn take(&mut self, outcomes: &Receiver<Outcome>) -> Result<(), Broken> {
        let outcome = outcomes.recv().map_err(|error| Broken(error.to_string()))?;
        for parsed in outcome? {
            match parsed {
                Parsed::Party(entry) => drop(self.entries.insert(entry.party.clone(), entry)),
                Parsed::Sanction { body: authority, listings } => {
                    if let Some(authority) = authority {
                        self.bodies.entry(authority).or_insert_with_key(|authority| body(authority));
                    }
                    self.listings.extend(listings);
                }
            }
        }
        within_reason(self.entries.len().max(self.listings.len()))
    }

    fn edition(mut self) -> Edition {
        let mut edition = Edition::default();
        for (party, listing) in self.listings {
            if let Some(entry) = self.entries.get_mut(&party) {
                entry.add(listing);
            } else {
                let finding = format!("a sanction is of {party}, which the file does not describe");
                edition.findings.push(finding);
            }
        }
        edition.entries = self.bodies.into_values().collect();
        edition.entries.extend(self.entries.into_values().filter(|entry| !entry.listings.is_empty()));
        edition
    }
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
fn entry(record: &Record<'_>, kind: PartyKind) -> Option<Entry> {
    let Record { id, properties: told, .. } = record;
    let mut names = told.name.iter().filter_map(|name| label(name));
    let name = names.next().or_else(|| label(id))?;
    let others = told.alias.iter().chain(&told.weak_alias).chain(&told.previous_name);
    let first = |words: &[Word<'_>]| words.first().map_or_else(String::new, |word| word.to_string());
    Some(Entry {
        party: party(id),
        kind,
        name,
        aliases: names.chain(others.filter_map(|name| label(name))).collect(),
        codes: codes([
            ("ftm", &**id),
            ("wikidata", &first(&told.wikidata_id)),
            ("imo", &first(&told.imo_number)),
        ]),
        born: told.birth_date.first().map(|word| word.to_string()),
        listings: Vec::new(),
        locator: id.to_string(),
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
fn sanctions(told: &Properties<'_>, imposers: &Imposers, line: u64) -> Result<Option<Parsed>, Broken> {
    if !told.end_date.is_empty() {
        return Ok(None);
    }
    let authority = told.authority.first().map_or("an authority not named", |word| word);
    let known = told.country.iter().find_map(|country| imposers.0.get(&country.to_lowercase()));
    let (imposer, body) = match known {
        Some(imposer) => (imposer.clone(), None),
        None => (body_id(authority), Some(authority.to_owned())),
    };
    let regime = told.program_id.first().or(told.program.first()).and_then(|program| label(program));
    let regime: Label = regime
        .or_else(|| label(authority))
        .ok_or_else(|| Broken(format!("line {line}: a sanction of no programme")))?;
    let since = told.listing_date.iter().chain(&told.start_date).find_map(|date| day(date));
    let of = |id: &Word<'_>| {
        let target = party(id);
        let key = register(&imposer, &target, regime.clone(), &told.provisions);
        (target, Listing { key, since: since.clone() })
    };
    let listings = told.entity.iter().map(of).collect();
    Ok(Some(Parsed::Sanction { body, listings }))
}

/// The register of a sanction. Its provisions are words for people, save where this program wrote them.
fn register(imposer: &PartyId, target: &PartyId, regime: Label, provisions: &[Word<'_>]) -> Key {
    match provisions {
        [word] if &**word == Register::Terror.word() => terror(imposer, target, regime),
        [word] => sanction(imposer, target, regime, Measure::of_word(word).unwrap_or(Measure::Other)),
        _ => sanction(imposer, target, regime, Measure::Other),
    }
}

/// An authority as a party.
fn body(authority: &str) -> Entry {
    Entry {
        party: body_id(authority),
        kind: PartyKind::Organisation,
        name: label(authority).unwrap_or_else(|| Label::parse("authority").expect("one word")),
        aliases: Vec::new(),
        codes: codes([]),
        born: None,
        listings: Vec::new(),
        locator: authority.to_owned(),
    }
}

fn body_id(authority: &str) -> PartyId {
    party(&format!("authority-{}", &blake3::hash(authority.as_bytes()).to_hex()[..12]))
}

/// `2022`, `2022-02`, `2022-02-28`; a time of day is left off.
fn day(text: &str) -> Option<Date> {
    Date::parse(text.split('T').next().unwrap_or_default()).ok()
}
