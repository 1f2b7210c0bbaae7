//! The values that fields of an act may hold, each with one spelling.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::Claim;
use super::draft::Fields;
use super::json::{Members, plain_text, value};
use super::skimmed::Ruled;
use crate::date::Date;
use crate::near::nearest;
use crate::party::PartyId;
use crate::spelling::of_text;

/// A type of field: how it is read from a value, written as one, and what it is when left out.
pub(super) trait Field: Sized {
    fn from_value(value: Value) -> Result<Self, Unfit>;

    /// The same out of JSON text; what is wrong where it does not fit, a value says.
    fn from_json(json: &str) -> Option<Self> {
        Self::from_value(value(json).ok()?).ok()
    }

    /// The field as it is written.
    fn shown(&self) -> Shown<'_>;

    /// The field when it is left out; `None` where it may not be.
    fn absent() -> Option<Self> {
        None
    }

    /// The party that it names, if it names one.
    fn party(&self) -> Option<&PartyId> {
        None
    }

    /// The earlier act that it refers to, if it refers to one.
    fn act(&self) -> Option<&ActRef> {
        None
    }
}

/// A field as it is written: as JSON, or in a table.
#[derive(Debug, Clone)]
pub(crate) enum Shown<'a> {
    /// It is not there, and is left out.
    Nothing,
    Text(&'a str),
    Number(i64),
    Words(Vec<&'static str>),
    Claims(&'a [Claim]),
    Value(Value),
}

impl Shown<'_> {
    pub(crate) fn is_there(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Text(text) => Value::from(*text),
            Self::Number(number) => Value::from(*number),
            Self::Words(words) => words.iter().copied().collect(),
            Self::Claims(claims) => claims.iter().map(claim_value).collect(),
            Self::Value(value) => value.clone(),
        }
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Nothing => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Words(words) => words.serialize(serializer),
            Self::Claims(claims) => serializer.collect_seq(claims.iter().map(ClaimShown)),
            Self::Value(value) => value.serialize(serializer),
        }
    }
}

/// A claim as it is written; what is absent is left out.
struct ClaimShown<'a>(&'a Claim);

impl Serialize for ClaimShown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(shown_of(self.0).filter(|(_, shown)| shown.is_there()))
    }
}

/// A value that is not of the type of its field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub struct Unfit {
    /// What was expected.
    pub expected: String,
    /// What was found, as JSON text; empty where `expected` says it all.
    pub found: String,
    /// The nearest values that would have been right.
    pub nearest: Vec<String>,
}

impl Unfit {
    pub(super) fn new(expected: &str, found: &Value) -> Self {
        const MOST: usize = 60;
        let mut text = found.to_string();
        if text.chars().count() > MOST {
            text = text.chars().take(MOST).chain(['…']).collect();
        }
        Self { expected: expected.to_owned(), found: text, nearest: Vec::new() }
    }

    pub(super) fn because(reason: impl fmt::Display) -> Self {
        Self { expected: reason.to_string(), found: String::new(), nearest: Vec::new() }
    }

    fn words(&self) -> String {
        if self.found.is_empty() {
            self.expected.clone()
        } else {
            format!("expected {}, found {}", self.expected, self.found)
        }
    }
}

impl<T: Field> Field for Option<T> {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        T::from_value(value).map(Some)
    }

    fn from_json(json: &str) -> Option<Self> {
        T::from_json(json).map(Some)
    }

    fn shown(&self) -> Shown<'_> {
        self.as_ref().map_or(Shown::Nothing, T::shown)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn party(&self) -> Option<&PartyId> {
        self.as_ref().and_then(T::party)
    }
}

fn string(value: Value, expected: &str) -> Result<String, Unfit> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(Unfit::new(expected, &value))
        }
    }
}

/// A text, looked at where it lies unless something in it is escaped.
fn text_in<T>(json: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    match plain_text(json) {
        Some(text) => parse(text),
        None => parse(value(json).ok()?.as_str()?),
    }
}

impl Field for Date {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        Self::parse(&string(value, "an EDTF date such as \"2025-07-03\" or \"2003\"")?)
            .map_err(Unfit::because)
    }

    fn from_json(json: &str) -> Option<Self> {
        text_in(json, |text| Self::parse(text).ok())
    }

    fn shown(&self) -> Shown<'_> {
        Shown::Text(self.as_str())
    }
}

impl Field for PartyId {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        Self::parse(&string(value, "the id of a party")?).map_err(Unfit::because)
    }

    fn from_json(json: &str) -> Option<Self> {
        text_in(json, |text| Self::parse(text).ok())
    }

    fn shown(&self) -> Shown<'_> {
        Shown::Text(self.as_str())
    }

    fn party(&self) -> Option<&PartyId> {
        Some(self)
    }
}

impl Field for i64 {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        value.as_i64().ok_or_else(|| Unfit::new("a whole number", &value))
    }

    fn shown(&self) -> Shown<'_> {
        Shown::Number(*self)
    }
}

/// Text types: a name, how it is kept, what it may hold, and the rule. What is copied often is kept in place where it is
/// short.
macro_rules! text_types {
    ($($(#[$doc:meta])* $name:ident in $kept:ty, $expected:literal, $rule:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($kept);

        impl $name {
            /// Reads the text.
            ///
            /// # Errors
            /// [`Unfit`] when it breaks the rule of this type.
            pub fn parse(text: &str) -> Result<Self, Unfit> {
                if Self::allows(text) { Ok(Self(text.into())) } else { Err(Unfit::new($expected, &Value::from(text))) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                of_text(deserializer, Self::parse)
            }
        }

        impl Ruled for $name {
            fn allows(text: &str) -> bool {
                let rule: fn(&str) -> bool = $rule;
                rule(text)
            }
        }

        impl Field for $name {
            fn from_value(value: Value) -> Result<Self, Unfit> {
                Self::parse(&string(value, $expected)?)
            }

            fn from_json(json: &str) -> Option<Self> {
                text_in(json, |text| Self::parse(text).ok())
            }

            fn shown(&self) -> Shown<'_> {
                Shown::Text(self.as_str())
            }
        }
    )+};
}

/// The most characters of a label.
const LABEL_CHARACTERS: usize = 200;

/// Whether a text is printable ASCII, as most are: then its bytes tell all of it.
fn is_plain(text: &str) -> bool {
    // Without a way out in the middle, many bytes are looked at at once.
    text.bytes().fold(true, |plain, byte| plain & (b' '..0x7f).contains(&byte))
}

fn has_control(text: &str, but: &[char]) -> bool {
    text.contains(|c: char| c.is_control() && !but.contains(&c))
}

fn is_text(text: &str) -> bool {
    if is_plain(text) {
        return text.bytes().any(|byte| byte != b' ');
    }
    !text.trim().is_empty() && !has_control(text, &['\n', '\t'])
}

fn is_label(text: &str) -> bool {
    if is_plain(text) {
        let ends = text.as_bytes().first().zip(text.as_bytes().last());
        let bare = ends.is_some_and(|(first, last)| *first != b' ' && *last != b' ');
        return bare && text.len() <= LABEL_CHARACTERS;
    }
    !text.is_empty()
        && text.trim() == text
        && !has_control(text, &[])
        && text.chars().count() <= LABEL_CHARACTERS
}

text_types! {
    /// Free text, of one line or several.
    Text in Box<str>, "text that is not blank and has no control characters", is_text;
    /// One line that names something: a regime, a list, a post, a group.
    Label in SmolStr, "one line of 1 to 200 characters, with no space at either end", is_label;
    /// The submitter's own id of an act.
    ActId in Box<str>, "one line of 1 to 200 characters that does not begin with `#`",
        |t| is_label(t) && !t.starts_with('#');
}

/// An earlier act: by the id that its submitter gave, or by the number of its entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ActRef {
    /// The act's own id.
    Id(ActId),
    /// The entry's number, from 1; written `#12`.
    Number(u64),
}

impl ActRef {
    /// Reads `#12` or an id.
    ///
    /// # Errors
    /// [`Unfit`] when it is neither.
    pub fn parse(text: &str) -> Result<Self, Unfit> {
        let Some(digits) = text.strip_prefix('#') else {
            return ActId::parse(text).map(Self::Id);
        };
        match digits.parse::<u64>() {
            Ok(number) if number > 0 && number.to_string() == digits => Ok(Self::Number(number)),
            _ => Err(Unfit::new("the id of an act, or `#` and the number of an entry", &Value::from(text))),
        }
    }
}

impl fmt::Display for ActRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Number(number) => write!(f, "#{number}"),
        }
    }
}

impl Field for ActRef {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        Self::parse(&string(value, "the id of an act, or `#` and the number of an entry")?)
    }

    fn shown(&self) -> Shown<'_> {
        match self {
            Self::Id(id) => Shown::Text(id.as_str()),
            Self::Number(_) => Shown::Value(Value::from(self.to_string())),
        }
    }

    fn act(&self) -> Option<&ActRef> {
        Some(self)
    }
}

/// Closed lists of words: each a type with a word for each value.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[doc = concat!("`", $word, "`")] $variant,)+
        }

        impl $name {
            /// Every word of the list, in the order of its binary form.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// Every value, in that order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The value of a word; `None` for a word that is not of the list.
            #[must_use]
            pub fn of_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}
pub(crate) use words;

/// Makes lists of words the types of fields, perhaps with the word that holds when none is given.
macro_rules! word_fields {
    ($($name:ident $(or $default:ident)?),+ $(,)?) => {$(
        impl Field for $name {
            fn from_value(value: Value) -> Result<Self, Unfit> {
                word_of(value, Self::WORDS, Self::of_word)
            }

            fn from_json(json: &str) -> Option<Self> {
                text_in(json, Self::of_word)
            }

            fn shown(&self) -> Shown<'_> {
                Shown::Text(self.word())
            }

            $(fn absent() -> Option<Self> {
                Some(Self::$default)
            })?
        }
    )+};
}

word_fields! {
    Mode or DeJure, Manner or Express, Rank, Class, Measure, PartyKind, Stance or Asserts,
}

fn word_of<T>(value: Value, words: &[&str], of_word: fn(&str) -> Option<T>) -> Result<T, Unfit> {
    if let Some(word) = value.as_str().and_then(of_word) {
        return Ok(word);
    }
    let expected = format!("one of {}", words.join(", "));
    let word = string(value, &expected)?;
    let nearest = nearest(&word, words.iter().copied());
    Err(Unfit { nearest, ..Unfit::new(&expected, &Value::from(word)) })
}

words! {
    /// Whether a recognition is full in law or of a fact.
    Mode { DeJure = "de_jure", DeFacto = "de_facto", }

    /// Whether a recognition was declared or follows from conduct.
    Manner { Express = "express", Implied = "implied", }

    /// The rank of a mission.
    Rank {
        Embassy = "embassy", HighCommission = "high_commission", Nunciature = "nunciature",
        Legation = "legation", LiaisonOffice = "liaison_office", InterestsSection = "interests_section",
        ConsulateGeneral = "consulate_general", Consulate = "consulate", Unofficial = "unofficial",
    }

    /// The class of a head of mission (VCDR, article 14), or his standing in for one (article 19).
    Class {
        Ambassador = "ambassador", Minister = "minister", ChargeDaffaires = "charge_daffaires",
        ChargeAdInterim = "charge_ad_interim",
    }

    /// What a sanction restricts.
    Measure {
        AssetFreeze = "asset_freeze", TravelBan = "travel_ban", ArmsEmbargo = "arms_embargo",
        TradeEmbargo = "trade_embargo", ExportControl = "export_control", ImportControl = "import_control",
        Finance = "finance", Services = "services", Transport = "transport", Diplomatic = "diplomatic",
        Comprehensive = "comprehensive", Other = "other",
    }

    /// What a party is.
    PartyKind {
        State = "state", Government = "government", Organisation = "organisation", Group = "group",
        Person = "person", Company = "company", Vessel = "vessel", Aircraft = "aircraft", Other = "other",
    }

    /// Whether a source asserts an act or denies it.
    Stance { Asserts = "asserts", Denies = "denies", }
}

/// One or more measures, none twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Measures(SmallVec<[Measure; 8]>);

impl Measures {
    /// The measures, as given.
    #[must_use]
    pub fn as_slice(&self) -> &[Measure] {
        &self.0
    }

    /// Takes measures.
    ///
    /// # Errors
    /// [`Unfit`] when there is none, or one stands twice.
    pub fn new(measures: impl IntoIterator<Item = Measure>) -> Result<Self, Unfit> {
        let mut taken = SmallVec::new();
        for measure in measures {
            if taken.contains(&measure) {
                return Err(Unfit::because("a measure stands twice"));
            }
            taken.push(measure);
        }
        if taken.is_empty() { Err(Unfit::because("at least one measure is needed")) } else { Ok(Self(taken)) }
    }
}

impl<'de> Deserialize<'de> for Measures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(SmallVec::<[Measure; 8]>::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Field for Measures {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        let items = match value {
            Value::Array(items) => items,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                vec![value]
            }
        };
        Self::new(items.into_iter().map(Measure::from_value).collect::<Result<Vec<_>, _>>()?)
    }

    fn shown(&self) -> Shown<'_> {
        Shown::Words(self.0.iter().map(|measure| measure.word()).collect())
    }
}

/// Codes of a party in other schemes (`iso3`, `cow`, `gw`, `m49`, `wikidata`, `ofac`, `un` …).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Codes(BTreeMap<Box<str>, Box<str>>);

impl Codes {
    /// The schemes and codes, in the order of the schemes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(scheme, code)| (&**scheme, &**code))
    }

    /// Adds a code.
    ///
    /// # Errors
    /// [`Unfit`] when the scheme or the code is not of the form that they have.
    pub fn insert(&mut self, scheme: &str, code: &str) -> Result<(), Unfit> {
        let is_scheme = !scheme.is_empty()
            && scheme.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !is_scheme || !is_label(code) {
            let pair = Value::from(format!("{scheme}: {code}"));
            return Err(Unfit::new("schemes of `a-z 0-9 _`, each with a code of one line", &pair));
        }
        self.0.insert(scheme.into(), code.into());
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut codes = Self::default();
        for (scheme, code) in BTreeMap::<String, String>::deserialize(deserializer)? {
            codes.insert(&scheme, &code).map_err(serde::de::Error::custom)?;
        }
        Ok(codes)
    }
}

impl Field for Codes {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        let mut codes = Self::default();
        for (scheme, code) in table(value, "a table of codes such as {\"cow\":\"700\"}")? {
            codes.insert(&scheme, &string(code, "a code, as text")?)?;
        }
        Ok(codes)
    }

    fn shown(&self) -> Shown<'_> {
        if self.0.is_empty() {
            return Shown::Nothing;
        }
        let codes = self.iter().map(|(scheme, code)| (scheme.to_owned(), Value::from(code)));
        Shown::Value(Value::Object(codes.collect()))
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

fn table(value: Value, expected: &str) -> Result<Map<String, Value>, Unfit> {
    match value {
        Value::Object(map) => Ok(map),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Unfit::new(expected, &value))
        }
    }
}

/// What a correction sets: names of fields and their new values as JSON text, `null` to remove one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Changes(Vec<(Box<str>, Box<str>)>);

impl Changes {
    /// The fields that are set or removed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| &**name)
    }

    /// The fields with their new values.
    pub fn values(&self) -> impl Iterator<Item = (String, Value)> {
        self.0.iter().map(|(name, json)| {
            let value = serde_json::from_str(json).unwrap_or(Value::Null);
            ((**name).to_owned(), value)
        })
    }

    /// Takes fields with their new values.
    ///
    /// # Errors
    /// [`Unfit`] when there is none, or one that cannot be corrected.
    pub fn new(map: Map<String, Value>) -> Result<Self, Unfit> {
        let mut changes: Vec<(Box<str>, Box<str>)> = Vec::new();
        for (name, value) in map {
            let name = if name == "measure" { "measures".to_owned() } else { name };
            if ["id", "kind", "act"].contains(&name.as_str()) {
                return Err(Unfit::because(format!(
                    "`{name}` of an act cannot be corrected: retract the act and enter another"
                )));
            }
            changes.push((name.into(), value.to_string().into()));
        }
        if changes.is_empty() {
            return Err(Unfit::because("nothing to set"));
        }
        changes.sort();
        Ok(Self(changes))
    }
}

impl<'de> Deserialize<'de> for Changes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut map = Map::new();
        for (name, json) in Vec::<(String, String)>::deserialize(deserializer)? {
            map.insert(name, serde_json::from_str(&json).map_err(serde::de::Error::custom)?);
        }
        Self::new(map).map_err(serde::de::Error::custom)
    }
}

impl Field for Changes {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        Self::new(table(value, "a table of the fields to set, such as {\"effective\":\"2003-02-14\"}")?)
    }

    fn shown(&self) -> Shown<'_> {
        Shown::Value(Value::Object(self.values().collect()))
    }
}

impl Field for Vec<Claim> {
    fn from_value(value: Value) -> Result<Self, Unfit> {
        let expected = "a list of claims such as [{\"source\":\"Official Gazette\"}]";
        match value {
            Value::Array(items) => items.into_iter().map(claim).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                Err(Unfit::new(expected, &value))
            }
        }
    }

    fn from_json(json: &str) -> Option<Self> {
        Members::of_each(json)?.iter_mut().map(claim_in).collect()
    }

    fn shown(&self) -> Shown<'_> {
        if self.is_empty() { Shown::Nothing } else { Shown::Claims(self) }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

const CLAIM_FIELDS: [&str; 7] = ["source", "url", "published", "retrieved", "locator", "digest", "stance"];

fn claim(value: Value) -> Result<Claim, Unfit> {
    let mut map = table(value, "a claim such as {\"source\":\"Official Gazette\"}")?;
    if let Some(name) = map.keys().find(|name| !CLAIM_FIELDS.contains(&name.as_str())) {
        return Err(Unfit {
            nearest: nearest(name, CLAIM_FIELDS.into_iter()),
            ..Unfit::because(format!("a claim has no field `{name}`; it takes {}", CLAIM_FIELDS.join(", ")))
        });
    }
    Ok(Claim {
        source: claim_field(&mut map, "source")?,
        url: claim_field(&mut map, "url")?,
        published: claim_field(&mut map, "published")?,
        retrieved: claim_field(&mut map, "retrieved")?,
        locator: claim_field(&mut map, "locator")?,
        digest: claim_field(&mut map, "digest")?,
        stance: claim_field(&mut map, "stance")?,
    })
}

/// A claim all of which fits.
fn claim_in(members: &mut Members<'_>) -> Option<Claim> {
    let claim = Claim {
        source: members.take("source")?,
        url: members.take("url")?,
        published: members.take("published")?,
        retrieved: members.take("retrieved")?,
        locator: members.take("locator")?,
        digest: members.take("digest")?,
        stance: members.take("stance")?,
    };
    members.are_read().then_some(claim)
}

fn claim_field<T: Field>(map: &mut Map<String, Value>, name: &str) -> Result<T, Unfit> {
    let within = |unfit: Unfit| Unfit { expected: format!("{name} of a claim: {}", unfit.expected), ..unfit };
    match map.remove(name) {
        Some(value) => T::from_value(value).map_err(within),
        None => T::absent().ok_or_else(|| Unfit::because(format!("a claim needs `{name}`"))),
    }
}

fn claim_value(claim: &Claim) -> Value {
    let present = shown_of(claim).filter(|(_, shown)| shown.is_there());
    Value::Object(present.map(|(name, shown)| (name.to_owned(), shown.to_value())).collect())
}

/// The fields of a claim; that a source asserts what it is given for goes without saying.
fn shown_of(claim: &Claim) -> impl Iterator<Item = (&'static str, Shown<'_>)> {
    let stance = if claim.stance == Stance::Asserts { Shown::Nothing } else { claim.stance.shown() };
    let values = [
        claim.source.shown(),
        claim.url.shown(),
        claim.published.shown(),
        claim.retrieved.shown(),
        claim.locator.shown(),
        claim.digest.shown(),
        stance,
    ];
    CLAIM_FIELDS.into_iter().zip(values)
}
