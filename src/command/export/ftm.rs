//! Who stands under sanctions, as Follow the Money entities, one a line: what `import ftm` reads.
//!
//! A party is a `Person`, `Company`, `Organization`, `PublicBody`, `Vessel`, `Airplane` or `LegalEntity`; a sanction or
//! listing is a `Sanction`. Its `country` is that of the imposer, its `provisions` are the measure, or the name of the
//! register of terrorists. A date that such entities cannot hold, such as an interval, stands in the `summary`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ledger::act::{Label, PartyKind};
use ledger::standing::answer::key_fields;
use ledger::standing::names::Named;
use ledger::standing::timeline::Certainty;
use ledger::standing::value::Word;
use ledger::{Date, Day, Key, PartyId, Question, Register, Registers, Standing, answer};
use serde_json::{Map, Value, json};

use super::runs::{Run, runs};

/// A sanction or listing, as the entities tell it.
struct Told {
    key: Arc<Key>,
    value: String,
    since: Option<String>,
    until: Option<String>,
    is_certain: bool,
}

/// The entities of those that stand under sanctions on the day that is asked for.
pub(super) fn standing(
    registers: &Registers,
    parties: &BTreeMap<PartyId, Named>,
    question: &Question,
) -> Vec<Value> {
    let told = listings(question).into_iter().flat_map(|question| answer(registers, &question).standings);
    let stands = |standing: &Standing| standing.value.is_alive() || standing.value.is(Word::Designated);
    let told = told.filter(stands).map(|standing| Told {
        value: standing.value.as_str().to_owned(),
        since: standing.since.as_ref().map(ToString::to_string),
        until: standing.until.as_ref().map(ToString::to_string),
        is_certain: standing.certainty == Certainty::Certain,
        key: standing.key,
    });
    entities(parties, question.as_of, &told.collect::<Vec<_>>())
}

/// The entities of all that ever stood under sanctions by the day that is asked for.
pub(super) fn ever(
    registers: &Registers,
    parties: &BTreeMap<PartyId, Named>,
    question: &Question,
) -> Vec<Value> {
    let told = listings(question).into_iter().flat_map(|question| runs(registers, &question));
    let stood = |run: &Run| run.outcome.value.is_alive() || run.outcome.value.is(Word::Designated);
    let told = told.filter(stood).map(|run| Told {
        value: run.outcome.value.as_str().to_owned(),
        since: between(run.from, run.sure_from),
        until: run.to.and_then(|last| between(run.sure_to, Some(last))),
        is_certain: run.sure_from.is_some(),
        key: run.key,
    });
    entities(parties, question.as_of, &told.collect::<Vec<_>>())
}

/// The question about each of the registers that list somebody.
fn listings(question: &Question) -> Vec<Question> {
    let asked = |register: &Register| question.register.is_none_or(|only| only == *register);
    let all = [Register::Sanction, Register::Terror].into_iter().filter(asked);
    all.map(|register| Question { register: Some(register), ..question.clone() }).collect()
}

/// A day, or all that is known of one.
fn between(first: Option<Day>, last: Option<Day>) -> Option<String> {
    let first = first.filter(|day| *day != Day::MIN).map_or_else(|| "..".to_owned(), |day| day.to_string());
    let last = last.filter(|day| *day != Day::MIN).map_or_else(|| "..".to_owned(), |day| day.to_string());
    match (first.as_str(), last.as_str()) {
        ("..", "..") => None,
        _ if first == last => Some(first),
        // `2019-04-01/2019-04-30` is the month of April.
        _ => Some(shortest(&first, &last).unwrap_or_else(|| format!("{first}/{last}"))),
    }
}

fn shortest(first: &str, last: &str) -> Option<String> {
    let prefixes = [first.get(..7), first.get(..4)].into_iter().flatten();
    let mut dates = prefixes.filter_map(|prefix| Date::parse(prefix).ok());
    dates
        .find(|date| date.earliest().to_string() == first && date.latest().to_string() == last)
        .map(|date| date.to_string())
}

fn entities(parties: &BTreeMap<PartyId, Named>, day: Day, told: &[Told]) -> Vec<Value> {
    let targets: BTreeSet<&PartyId> = told.iter().filter_map(|told| told.key.subject.as_ref()).collect();
    let named = targets.into_iter().filter_map(|id| parties.get(id));
    let mut entities: Vec<Value> = named.map(|named| party(named, day)).collect();
    entities.extend(told.iter().filter_map(|told| sanction(told, parties, day)));
    entities
}

fn party(named: &Named, day: Day) -> Value {
    let schema = match named.kind {
        PartyKind::Person => "Person",
        PartyKind::Company => "Company",
        PartyKind::Organisation | PartyKind::Group => "Organization",
        PartyKind::State | PartyKind::Government => "PublicBody",
        PartyKind::Vessel => "Vessel",
        PartyKind::Aircraft => "Airplane",
        PartyKind::Other => "LegalEntity",
    };
    let name = named.name_on(day);
    let others = named.names.iter().map(|(name, _)| name.as_str()).filter(|other| *other != name);
    let mut properties = Properties::default();
    properties.add("name", name);
    others.for_each(|other| properties.add("previousName", other));
    named.aliases.iter().map(Label::as_str).for_each(|alias| properties.add("alias", alias));
    for (scheme, property) in [("wikidata", "wikidataId"), ("imo", "imoNumber")] {
        properties.add(property, code(named, scheme));
    }
    properties.add("topics", "sanction");
    entity(&id(named), schema, name, &properties)
}

fn sanction(told: &Told, parties: &BTreeMap<PartyId, Named>, day: Day) -> Option<Value> {
    let (actor, subject) = (told.key.actor.as_ref()?, told.key.subject.as_ref()?);
    let imposer = parties.get(actor)?;
    let under = told.key.regime.as_ref().or(told.key.list.as_ref()).map_or("", Label::as_str);
    let iso = match actor.as_str() {
        collective @ ("UN" | "EU") => collective,
        _ => code(imposer, "iso2"),
    };
    let measure = told.key.measure.map_or(Register::Terror.word(), ledger::act::Measure::word);
    let mut properties = Properties::default();
    properties.add("entity", &id(parties.get(subject)?));
    properties.add("authority", imposer.name_on(day));
    properties.add("country", &iso.to_lowercase());
    properties.add("program", under);
    properties.add("provisions", measure);
    properties.add("status", &told.value);
    for (property, word, date) in [("startDate", "since", &told.since), ("endDate", "until", &told.until)] {
        let Some(date) = date.as_deref() else { continue };
        if is_plain(date) {
            properties.add(property, date);
        } else {
            properties.add("summary", &format!("{word} {date}"));
        }
    }
    if !told.is_certain {
        properties.add("summary", "possible only, as far as the dates of the acts tell");
    }
    let mut key: Vec<String> =
        key_fields(&told.key).into_iter().map(|(name, word)| format!("{name} {word}")).collect();
    key.extend([actor.to_string(), subject.to_string(), told.value.clone()]);
    key.extend(told.since.clone());
    let digest = blake3::hash(key.join("\n").as_bytes()).to_hex();
    let caption = format!("{under} {measure}");
    Some(entity(&format!("sanction-{}", &digest[..24]), "Sanction", &caption, &properties))
}

/// The id of an entity: where it came as one, its own.
fn id(named: &Named) -> String {
    match code(named, "ftm") {
        "" => named.id.to_string(),
        own => own.to_owned(),
    }
}

fn code<'n>(named: &'n Named, scheme: &str) -> &'n str {
    named.codes.iter().find(|(other, _)| other == scheme).map_or("", |(_, code)| code)
}

/// `2022`, `2022-02`, `2022-02-28`: all that such entities can hold.
fn is_plain(date: &str) -> bool {
    [4, 7, 10].contains(&date.len())
        && date.starts_with(|c: char| c.is_ascii_digit())
        && date.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// The properties of an entity, each a list of texts.
#[derive(Default)]
struct Properties(Map<String, Value>);

impl Properties {
    fn add(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            return;
        }
        let list = self.0.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(texts) = list {
            texts.push(Value::from(text));
        }
    }
}

fn entity(id: &str, schema: &str, caption: &str, properties: &Properties) -> Value {
    json!({ "id": id, "caption": caption, "schema": schema, "properties": properties.0 })
}
