//! From a list to acts: an edition beside what the ledger knows from the same source.
//!
//! The days. Where the source gives the day of a listing, that is its day. Else all that is known is that the
//! party was not listed when the edition before was observed, and is now: the day is the interval from the day
//! after that observation to the day of this one. An edition is taken to hold at the end of the day on which it
//! was observed. A first edition says only that its entries were listed *by* then: `../2024-02-28`. Where a later
//! edition gives the day, and it lies within what was inferred, the act is corrected.

use std::collections::{BTreeMap, BTreeSet};

use ledger::act::{Act, ActId, ActRef, Changes as Changed, Claim, Label, Measures, Stance, Submitted, Text};
use ledger::standing::Known;
use ledger::standing::names::Named;
use ledger::standing::value::Word;
use ledger::{Date, Day, Deed, Key, Knowledge, PartyId, Question, Register, Registers, Standing, answer};
use serde_json::Value;

use super::{Chronicle, Content, Days, Edition, Entry, Listing, Told};

/// An edition as it was observed.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    /// The source whose edition it is.
    pub source: &'a Text,
    /// The party that publishes it.
    pub publisher: &'a PartyId,
    /// The digest of the file.
    pub digest: &'a Text,
    /// The name of the file.
    pub file: &'a str,
    /// The day on which it was observed.
    pub on: Day,
}

/// The edition of a source that the ledger observed last.
#[derive(Debug, Clone)]
pub(crate) struct Last {
    pub entry: u64,
    pub on: Day,
    pub published: Option<Date>,
    pub digest: Text,
}

/// What an edition changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// What happened, as acts.
    pub acts: Vec<Submitted>,
    /// What a registrar should look at.
    pub findings: Vec<String>,
    /// How many parties the ledger knew as listed by this source.
    pub known: usize,
    /// Parties that were not listed and are.
    pub listed: usize,
    /// Parties that are listed under something else than before.
    pub moved: usize,
    /// Parties of which the list says other names.
    pub renamed: usize,
    /// Parties that are gone.
    pub removed: usize,
    /// Acts that the source tells and the ledger did not know.
    pub told: usize,
    /// Acts that the source tells otherwise than before.
    pub corrected: usize,
}

impl Changes {
    fn enter(&mut self, acts: impl IntoIterator<Item = Act>) {
        self.acts.extend(acts.into_iter().map(Submitted::from));
    }
}

impl Last {
    /// The last edition of a source: a notice with its digest.
    pub(crate) fn of(knowledge: &Knowledge<'_>, source: &Text) -> Option<Self> {
        Self::all(knowledge, source).next()
    }

    /// The editions of a source, the last first.
    pub(crate) fn all(knowledge: &Knowledge<'_>, source: &Text) -> impl Iterator<Item = Self> {
        knowledge.acts.iter().rev().filter(|known| known.counts()).filter_map(|known| {
            let Deed::Notice { .. } = known.act.deed else { return None };
            let claim = claim_of(known, source)?;
            Some(Self {
                entry: known.entry.number,
                on: known.act.effective.as_ref()?.latest(),
                published: known.act.published.clone(),
                digest: claim.digest.clone()?,
            })
        })
    }
}

/// Compares what a file says with what the ledger knows.
pub(crate) fn compare(
    knowledge: &Knowledge<'_>,
    parties: &BTreeMap<PartyId, Named>,
    content: Content,
    seen: &Seen<'_>,
) -> Changes {
    match content {
        Content::Edition(edition) => compare_edition(&Book::open(knowledge, parties, seen), edition),
        Content::Chronicle(chronicle) => compare_chronicle(knowledge, chronicle, seen),
    }
}

fn compare_edition(book: &Book<'_>, edition: Edition) -> Changes {
    let mut gone = book.listed.clone();
    let rekeyed = book.rekeyed(&edition);
    let mut changes = Changes { findings: edition.findings, ..Changes::default() };
    // Each record goes as its acts come: together they would be the most that an import ever holds.
    for entry in edition.entries {
        let before = gone.remove(&entry.party).unwrap_or_default();
        let was = rekeyed.get(&entry.party);
        book.take(entry, edition.days, &before, was, &mut changes);
    }
    let heirs: BTreeMap<&PartyId, &PartyId> = rekeyed.iter().map(|(new, old)| (old, new)).collect();
    changes.known = book.listed.len();
    changes.removed = gone.len();
    for (party, keys) in gone {
        let why = heirs.get(&party).map(|new| format!("; {new} is new and seems to be the same, re-keyed"));
        changes.enter(keys.iter().map(|key| book.removal(key, &party, why.as_deref(), None)));
    }
    changes
}

/// Acts are compared by their ids: new ones are entered, others corrected where the source tells them otherwise. One
/// that the source no longer tells may have been right: that is for a person to say.
fn compare_chronicle(knowledge: &Knowledge<'_>, chronicle: Chronicle, seen: &Seen<'_>) -> Changes {
    let mut changes = Changes { findings: chronicle.findings, ..Changes::default() };
    let told = knowledge.acts.iter().filter(|known| known.counts() && claim_of(known, seen.source).is_some());
    let mut before: BTreeMap<&ActId, &Known<'_>> =
        told.filter_map(|known| Some((known.act.id.as_ref()?, known))).collect();
    changes.known = before.len();
    for Told { act, locator } in chronicle.acts {
        let Some(known) = act.id.as_ref().and_then(|id| before.remove(id)) else {
            changes.enter([Act { claims: vec![seen.claim(&locator)], ..act }]);
            changes.told += 1;
            continue;
        };
        let set = otherwise(&known.act, &act);
        if let (false, Some(id)) = (set.is_empty(), &act.id) {
            let deed = Changed::new(set).map(|set| Deed::ActCorrected {
                actor: None,
                act: ActRef::Id(id.clone()),
                set,
            });
            let claims = vec![seen.claim(&locator)];
            changes.enter(deed.map(|deed| Act { claims, ..Act::new(deed, None) }));
            changes.corrected += 1;
        }
    }
    let gone =
        before.values().map(|known| format!("entry {} is no longer told by the source", known.entry.number));
    changes.findings.extend(gone);
    changes
}

/// The fields that are told otherwise, with their new values; the claims are the edition's own.
fn otherwise(old: &Act, new: &Act) -> serde_json::Map<String, Value> {
    let fields = |act: &Act| -> BTreeMap<&'static str, Value> {
        act.fields().into_iter().filter(|(name, _)| *name != "claims").collect()
    };
    let (old, new) = (fields(old), fields(new));
    let names: BTreeSet<&&str> = old.keys().chain(new.keys()).collect();
    let value = |name: &str| new.get(name).cloned().unwrap_or(Value::Null);
    let differ = names.into_iter().filter(|name| old.get(**name) != new.get(**name));
    differ.map(|name| ((*name).to_owned(), value(name))).collect()
}

/// What the ledger knows of a source, and how to write what follows.
struct Book<'a> {
    knowledge: &'a Knowledge<'a>,
    seen: &'a Seen<'a>,
    last: Option<Last>,
    parties: &'a BTreeMap<PartyId, Named>,
    /// The registers by which the source lists a party.
    listed: BTreeMap<PartyId, BTreeSet<Key>>,
    /// Every register that some act of the source moved, with the last entry that moved it.
    touched: BTreeMap<Key, u64>,
    /// Listings of the source that someone else ended: the entry.
    ended: BTreeMap<Key, u64>,
}

impl<'a> Book<'a> {
    fn open(knowledge: &'a Knowledge<'a>, parties: &'a BTreeMap<PartyId, Named>, seen: &'a Seen<'a>) -> Self {
        let mut book = Self {
            knowledge,
            seen,
            last: Last::of(knowledge, seen.source),
            parties,
            listed: BTreeMap::new(),
            touched: BTreeMap::new(),
            ended: BTreeMap::new(),
        };
        for known in knowledge.acts.iter().filter(|known| known.counts()) {
            if claim_of(known, seen.source).is_some() {
                let keys = ledger::standing::effect::moves(&known.act).into_iter().map(|(key, _)| key);
                book.touched.extend(keys.filter(is_listing).map(|key| (key, known.entry.number)));
            }
        }
        let registers = Registers::of(knowledge);
        for register in [Register::Sanction, Register::Terror] {
            let question = Question {
                as_of: seen.on,
                register: Some(register),
                actor: None,
                subject: None,
                through: false,
            };
            for standing in answer(&registers, &question).standings {
                book.enter(&standing);
            }
        }
        book
    }

    fn enter(&mut self, standing: &Standing) {
        // What is suspended still stands on the list.
        let stands = standing.value.is_alive() || standing.value.is(Word::Designated);
        let touched = self.touched.get(&standing.key);
        if stands && (touched.is_some() || self.rests_on_source(&standing.basis)) {
            if let Some(subject) = &standing.key.subject {
                self.listed.entry(subject.clone()).or_default().insert(Key::clone(&standing.key));
            }
        } else if let (Some(ours), Some(last)) = (touched, standing.basis.last())
            && last > ours
        {
            self.ended.insert(Key::clone(&standing.key), *last);
        }
    }

    fn rests_on_source(&self, basis: &[u64]) -> bool {
        let mut acts = basis.iter().filter_map(|number| self.knowledge.act(*number));
        acts.any(|known| claim_of(known, self.seen.source).is_some())
    }

    /// What follows from one record, given by which registers its party was listed.
    fn take(
        &self,
        mut entry: Entry,
        days: Days,
        before: &BTreeSet<Key>,
        was: Option<&PartyId>,
        changes: &mut Changes,
    ) {
        let start = changes.acts.len();
        let known = self.parties.get(&entry.party);
        match known {
            None => self.declare(&mut entry, was, changes),
            Some(named) => self.amend(&mut entry, named, changes),
        }
        let (entry, named_only) = (&entry, changes.acts.len());
        let now: BTreeSet<&Key> = entry.listings.iter().map(|listing| &listing.key).collect();
        let ended: Vec<&Key> = before.iter().filter(|key| !now.contains(key)).collect();
        let begun: Vec<&Listing> =
            entry.listings.iter().filter(|listing| !before.contains(&listing.key)).collect();
        let group = if ended.is_empty() || begun.is_empty() { None } else { self.group(entry) };
        changes.enter(ended.iter().map(|key| self.removal(key, &entry.party, None, group.as_ref())));
        for listing in &begun {
            let since = listing.since.as_ref().filter(|day| before.is_empty() || self.is_of(days, day));
            match self.listing(entry, &listing.key, since, group.as_ref()) {
                Ok(act) => changes.enter([act]),
                Err(finding) => changes.findings.push(finding),
            }
        }
        let has_moved = changes.acts.len() > named_only;
        changes.listed += usize::from(before.is_empty() && has_moved);
        changes.moved += usize::from(!before.is_empty() && has_moved);
        changes.renamed += usize::from(known.is_some() && named_only > start);
        let dated = entry.listings.iter().filter(|listing| before.contains(&listing.key));
        let dated = dated.filter_map(|listing| self.dated(entry, listing)).collect::<Vec<_>>();
        changes.corrected += dated.len();
        changes.enter(dated);
    }

    /// Whether a day may be that of a listing that the last edition did not have, of a party that it had.
    fn is_of(&self, days: Days, day: &Date) -> bool {
        match days {
            Days::OfListings => true,
            Days::OfEntries => self.last.as_ref().is_none_or(|last| day.earliest() > last.on),
        }
    }

    /// The correction of a listing whose day was inferred and now is told.
    fn dated(&self, entry: &Entry, listing: &Listing) -> Option<Act> {
        let day = listing.since.as_ref()?;
        let number = *self.touched.get(&listing.key)?;
        let known = self.knowledge.act(number)?;
        let inferred = known.act.effective.as_ref()?;
        let is_within = inferred.earliest() <= day.earliest() && day.latest() <= inferred.latest();
        if known.act.deed != begins(&listing.key, false) || !is_within || inferred == day {
            return None;
        }
        let mut set = serde_json::Map::from_iter([("effective".to_owned(), Value::from(day.as_str()))]);
        if known.act.note.as_ref().is_some_and(|note| note.as_str().starts_with(INFERRED)) {
            set.insert("note".to_owned(), Value::Null);
        }
        let act = ActRef::Number(number);
        let deed = Deed::ActCorrected { actor: None, act, set: Changed::new(set).ok()? };
        Some(self.act(deed, None, &entry.locator))
    }

    /// A party that the ledger does not know is declared, with its other names.
    fn declare(&self, entry: &mut Entry, was: Option<&PartyId>, changes: &mut Changes) {
        let mut act = self.act(
            Deed::EntityCreated {
                subject: entry.party.clone(),
                party: entry.kind,
                name: Some(entry.name.clone()),
                codes: std::mem::take(&mut entry.codes),
            },
            None,
            &entry.locator,
        );
        let rekeyed = was.map(|old| format!("{old} is gone and seems to be the same, re-keyed"));
        if let (Some(words), Some(old)) = (&rekeyed, was) {
            changes.findings.push(format!("{}: {words}; see whether it goes on ({old})", entry.party));
        }
        let notes: Vec<String> = born(entry).into_iter().chain(rekeyed).collect();
        act.note = Text::parse(&notes.join("\n")).ok();
        changes.enter([act]);
        let aliases = new_names(std::mem::take(&mut entry.aliases), &BTreeSet::from([&entry.name]));
        changes.enter(self.aliases(entry, aliases, None));
    }

    /// A party that the ledger knows gets the names that are new. A name is the source's to change where the
    /// source gave it; elsewhere it is one more alias.
    fn amend(&self, entry: &mut Entry, named: &Named, changes: &mut Changes) {
        if named.kind != entry.kind {
            changes.findings.push(format!(
                "{}: the list says {}, the ledger {} (entry {})",
                entry.party,
                entry.kind.word(),
                named.kind.word(),
                named.declared_by
            ));
        }
        let mut known: BTreeSet<&Label> =
            named.names.iter().map(|(name, _)| name).chain(&named.aliases).collect();
        let date = self.between();
        if named.name_on(self.seen.on) != entry.name.as_str() && self.rests_on_source(&[named.declared_by]) {
            let (subject, name) = (entry.party.clone(), entry.name.clone());
            let deed = Deed::EntityRenamed { subject, name };
            changes.enter([self.act(deed, Some(date.clone()), &entry.locator)]);
        } else if !known.contains(&entry.name) {
            let (subject, name) = (entry.party.clone(), entry.name.clone());
            let deed = Deed::EntityAliasAdded { subject, name };
            changes.enter([self.act(deed, Some(date.clone()), &entry.locator)]);
        }
        known.insert(&entry.name);
        let aliases = new_names(std::mem::take(&mut entry.aliases), &known);
        changes.enter(self.aliases(entry, aliases, Some(&date)));
    }

    fn aliases(&self, entry: &Entry, new: Vec<Label>, date: Option<&Date>) -> impl Iterator<Item = Act> {
        new.into_iter().map(move |name| {
            let deed = Deed::EntityAliasAdded { subject: entry.party.clone(), name };
            self.act(deed, date.cloned(), &entry.locator)
        })
    }

    /// The act by which a party comes to be listed; or why nothing is entered, for a person to decide.
    fn listing(
        &self,
        entry: &Entry,
        key: &Key,
        since: Option<&Date>,
        group: Option<&Label>,
    ) -> Result<Act, String> {
        let before = self.touched.get(key);
        if let Some(number) = self.ended.get(key) {
            return Err(format!(
                "{} still stands under {}, which entry {number} ended on another source's word: nothing was entered",
                entry.party,
                under(key),
            ));
        }
        let (date, note) = match (since, before) {
            (Some(day), None) => (day.clone(), None),
            (Some(day), Some(_)) => (
                self.between(),
                Some(format!("listed again; the source says since {day}; {}", self.inferred())),
            ),
            (None, _) => (self.between(), Some(self.inferred())),
        };
        let mut act = self.act(begins(key, before.is_some()), Some(date), &entry.locator);
        act.note = note.and_then(|note| Text::parse(&note).ok());
        act.group = group.cloned();
        Ok(act)
    }

    fn removal(&self, key: &Key, party: &PartyId, why: Option<&str>, group: Option<&Label>) -> Act {
        let mut act = self.act(ends(key), Some(self.between()), &format!("no longer there: {party}"));
        act.note = Text::parse(&format!("{}{}", self.inferred(), why.unwrap_or_default())).ok();
        act.group = group.cloned();
        act
    }

    /// When something happened of which the source gives no day: after the last edition and by this one.
    fn between(&self) -> Date {
        let on = self.seen.on;
        let text = match &self.last {
            None => format!("../{on}"),
            Some(last) => match last.on.tomorrow() {
                Ok(first) if first < on => format!("{first}/{on}"),
                _ => on.to_string(),
            },
        };
        Date::parse(&text).unwrap_or_else(|_| Date::on(on))
    }

    fn inferred(&self) -> String {
        match &self.last {
            None => format!("{INFERRED}: it stands in the first edition, observed on {}", self.seen.on),
            Some(last) => {
                format!("{INFERRED} from the editions observed on {} and {}", last.on, self.seen.on)
            }
        }
    }

    fn group(&self, entry: &Entry) -> Option<Label> {
        Label::parse(&format!("{} {} {}", self.seen.source, self.seen.on, entry.party)).ok()
    }

    fn act(&self, deed: Deed, effective: Option<Date>, locator: &str) -> Act {
        Act { claims: vec![self.seen.claim(locator)], ..Act::new(deed, effective) }
    }

    /// New parties that have the name, the birth and the programmes of one that is gone: the new id and the old.
    fn rekeyed(&self, edition: &Edition) -> BTreeMap<PartyId, PartyId> {
        let there: BTreeSet<&PartyId> = edition.entries.iter().map(|entry| &entry.party).collect();
        let mut gone: BTreeMap<_, &PartyId> = BTreeMap::new();
        for (party, keys) in self.listed.iter().filter(|(party, _)| !there.contains(party)) {
            if let Some(named) = self.parties.get(party) {
                let declared = self.knowledge.act(named.declared_by);
                let note = declared.and_then(|known| known.act.note.as_ref()).map(Text::as_str);
                let born = note.into_iter().flat_map(str::lines).find(|line| line.starts_with(BORN));
                let name = named.name_on(self.seen.on).to_lowercase();
                gone.insert((name, born.map(str::to_owned), unders(keys.iter())), party);
            }
        }
        let new = edition.entries.iter().filter(|entry| !self.parties.contains_key(&entry.party));
        new.filter_map(|entry| {
            let name = entry.name.as_str().to_lowercase();
            let same = (name, born(entry), unders(entry.listings.iter().map(|listing| &listing.key)));
            Some((entry.party.clone(), (*gone.get(&same)?).clone()))
        })
        .collect()
    }
}

impl Seen<'_> {
    /// The word of this edition for an act, at a place of it.
    pub(crate) fn claim(&self, locator: &str) -> Claim {
        Claim {
            source: self.source.clone(),
            url: None,
            published: None,
            retrieved: Some(Date::on(self.on)),
            locator: Text::parse(locator).ok(),
            digest: Some(self.digest.clone()),
            stance: Stance::Asserts,
        }
    }
}

const BORN: &str = "born ";
/// How the note of an act begins whose day the source does not give.
const INFERRED: &str = "day inferred";

fn born(entry: &Entry) -> Option<String> {
    entry.born.as_ref().map(|born| format!("{BORN}{born}"))
}

/// The names that are not known yet, each once.
fn new_names(mut names: Vec<Label>, known: &BTreeSet<&Label>) -> Vec<Label> {
    let fresh: Vec<bool> = {
        let mut seen: BTreeSet<&Label> = BTreeSet::new();
        names.iter().map(|name| !known.contains(name) && seen.insert(name)).collect()
    };
    let mut fresh = fresh.into_iter();
    names.retain(|_| fresh.next() == Some(true));
    names
}

/// What a source says of an act.
fn claim_of<'k>(known: &'k Known<'_>, source: &Text) -> Option<&'k Claim> {
    known.act.claims.iter().find(|claim| claim.source == *source && claim.digest.is_some())
}

fn is_listing(key: &Key) -> bool {
    matches!(key.register, Register::Sanction | Register::Terror)
}

/// What a listing is under: the regime or the list.
pub(crate) fn under(key: &Key) -> &str {
    key.regime.as_ref().or(key.list.as_ref()).map_or("", Label::as_str)
}

fn unders<'k>(keys: impl Iterator<Item = &'k Key>) -> Vec<String> {
    let mut unders: Vec<String> = keys.map(|key| under(key).to_owned()).collect();
    unders.sort_unstable();
    unders
}

/// The deed that begins a listing, or begins it again.
fn begins(key: &Key, again: bool) -> Deed {
    let (actor, subject) = between(key);
    match (&key.regime, &key.measure, &key.list) {
        (Some(regime), Some(measure), _) => {
            let (regime, measures) = (regime.clone(), only(*measure));
            if again {
                Deed::SanctionReimposed { actor, subject, regime, measures }
            } else {
                Deed::SanctionImposed { actor, subject, regime, measures }
            }
        }
        (_, _, Some(list)) => Deed::TerrorDesignated { actor, subject, list: list.clone() },
        _ => unreachable!("a listing has a regime and a measure, or a list"),
    }
}

/// The deed that ends it.
fn ends(key: &Key) -> Deed {
    let (actor, subject) = between(key);
    match (&key.regime, &key.measure, &key.list) {
        (Some(regime), Some(measure), _) => {
            Deed::SanctionLifted { actor, subject, regime: regime.clone(), measures: only(*measure) }
        }
        (_, _, Some(list)) => Deed::TerrorDelisted { actor, subject, list: list.clone() },
        _ => unreachable!("a listing has a regime and a measure, or a list"),
    }
}

fn between(key: &Key) -> (PartyId, PartyId) {
    match (&key.actor, &key.subject) {
        (Some(actor), Some(subject)) => (actor.clone(), subject.clone()),
        _ => unreachable!("a listing is by one party, of another"),
    }
}

fn only(measure: ledger::act::Measure) -> Measures {
    Measures::new([measure]).expect("one measure stands once")
}
