//! Who may be meant by a name: every party that is called so or nearly so, ranked, with the reason.
//!
//! It lists and never decides. Names are compared without case, diacritics and punctuation, and in Latin letters
//! whatever their script (crate `deunicode`); words may stand in another order and be spelt a little otherwise
//! (Jaro-Winkler, crate `strsim`).

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::act::Label;
use crate::date::Day;
use crate::near::plain;
use crate::party::PartyId;

use super::names::Named;

/// A party that may be meant.
#[derive(Debug, Clone)]
pub struct Likely<'a> {
    /// The party.
    pub party: &'a Named,
    /// The name, id or code that is like the one sought.
    pub called: String,
    /// In what way.
    pub how: How,
    /// How like, from 0 to 1.
    pub likeness: f64,
}

/// In what way a name is the one sought, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// It is the id.
    Id,
    /// It is a code in another scheme.
    Code,
    /// It is the name on the day.
    Name,
    /// It is the name on another day.
    OtherDay,
    /// It is an alias.
    Alias,
    /// It has the same words in another order.
    SameWords,
    /// It has every word sought, and others.
    MoreWords,
    /// Its words are spelt nearly so.
    Near,
}

impl How {
    /// The reason, for a person.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Code => "code",
            Self::Name => "name",
            Self::OtherDay => "name of another day",
            Self::Alias => "alias",
            Self::SameWords => "same words in another order",
            Self::MoreWords => "every word, and more",
            Self::Near => "spelt nearly so",
        }
    }
}

/// What is less like than this is not listed: below it, most are strangers.
const ENOUGH: f64 = 0.85;

/// What a word must at least be like, to be looked at as one of a name.
const WORD_ENOUGH: f64 = 0.8;

/// Every name of every party by its words, to be sought in many times.
#[derive(Debug)]
pub struct Directory<'a> {
    names: Vec<Entry<'a>>,
    /// The places in `names` of the names that have a word.
    by_word: BTreeMap<String, Vec<usize>>,
    parties: &'a BTreeMap<PartyId, Named>,
}

/// A name of a party.
#[derive(Debug)]
struct Entry<'a> {
    party: &'a Named,
    called: &'a str,
    exact: How,
    words: Words,
}

impl<'a> Directory<'a> {
    /// The names of parties, as they are on a day.
    #[must_use]
    pub fn new(parties: &'a BTreeMap<PartyId, Named>, day: Day) -> Self {
        let mut directory = Self { names: Vec::new(), by_word: BTreeMap::new(), parties };
        for party in parties.values() {
            let today = party.name_on(day);
            for name in party.names.iter().map(|(name, _)| name.as_str()) {
                directory.enter(party, name, if name == today { How::Name } else { How::OtherDay });
            }
            for alias in party.aliases.iter().map(Label::as_str) {
                directory.enter(party, alias, How::Alias);
            }
        }
        directory
    }

    fn enter(&mut self, party: &'a Named, called: &'a str, exact: How) {
        let words = Words::of(called);
        for word in &words.sorted {
            self.by_word.entry(word.clone()).or_default().push(self.names.len());
        }
        self.names.push(Entry { party, called, exact, words });
    }

    /// The parties that a name may mean, the likeliest first, each with its best reason.
    #[must_use]
    pub fn likely(&self, name: &str) -> Vec<Likely<'a>> {
        let mut best: BTreeMap<&PartyId, Likely<'a>> = BTreeMap::new();
        let ids = self.parties.values().filter_map(|party| identified(party, name));
        for likely in ids.chain(self.named(name)) {
            let known = best.entry(&likely.party.id).or_insert_with(|| likely.clone());
            if likely.is_before(known).is_lt() {
                *known = likely;
            }
        }
        let mut found: Vec<Likely<'a>> = best.into_values().collect();
        found.sort_by(|a, b| a.is_before(b).then_with(|| a.party.id.cmp(&b.party.id)));
        found
    }

    fn named(&self, name: &str) -> impl Iterator<Item = Likely<'a>> {
        let sought = Words::of(name);
        let near = |word: &str| sought.sorted.iter().any(|s| strsim::jaro_winkler(s, word) >= WORD_ENOUGH);
        let with_word = self.by_word.iter().filter(|(word, _)| near(word)).flat_map(|(_, places)| places);
        let places: BTreeSet<usize> = with_word.copied().collect();
        let ways = places.into_iter().filter_map(|place| {
            let Entry { party, called, exact, words } = self.names.get(place)?;
            let (how, likeness) = way(&sought, words, *exact)?;
            Some(Likely { party, called: (*called).to_owned(), how, likeness })
        });
        ways.collect::<Vec<_>>().into_iter()
    }
}

impl Likely<'_> {
    fn is_before(&self, other: &Self) -> Ordering {
        self.how.cmp(&other.how).then(other.likeness.total_cmp(&self.likeness))
    }
}

/// A party whose id or code is sought.
fn identified<'a>(party: &'a Named, name: &str) -> Option<Likely<'a>> {
    let sure = |how, called: String| Some(Likely { party, called, how, likeness: 1.0 });
    if party.id.as_str().eq_ignore_ascii_case(name) {
        return sure(How::Id, party.id.to_string());
    }
    let is_it = |(scheme, code): &&(String, String)| code == name || format!("{scheme}:{code}") == name;
    let (scheme, code) = party.codes.iter().find(is_it)?;
    sure(How::Code, format!("{scheme}:{code}"))
}

/// A name as its words, in Latin letters.
#[derive(Debug)]
struct Words {
    plain: String,
    sorted: Vec<String>,
}

impl Words {
    fn of(name: &str) -> Self {
        let plain = if name.is_ascii() { plain(name) } else { plain(&deunicode::deunicode(name)) };
        let mut sorted: Vec<String> = plain.split_whitespace().map(str::to_owned).collect();
        sorted.sort_unstable();
        Self { plain, sorted }
    }

    /// How like, from 0 to 1: each word beside the likest of the other name, by its length. What is sought weighs
    /// three times what is found, for lists give more names than people know.
    fn likeness(&self, other: &Self) -> f64 {
        0.75 * self.covered(other) + 0.25 * other.covered(self)
    }

    #[allow(clippy::cast_precision_loss, reason = "names are short")]
    fn covered(&self, other: &Self) -> f64 {
        let mut sum = 0.0;
        let mut length = 0.0;
        for word in &self.sorted {
            let likest =
                other.sorted.iter().map(|theirs| strsim::jaro_winkler(word, theirs)).fold(0.0, f64::max);
            sum += likest * word.len() as f64;
            length += word.len() as f64;
        }
        if length > 0.0 { sum / length } else { 0.0 }
    }
}

/// In what way one name is another, if in any.
fn way(sought: &Words, called: &Words, exact: How) -> Option<(How, f64)> {
    if called.plain == sought.plain {
        return Some((exact, 1.0));
    }
    if called.sorted == sought.sorted {
        return Some((How::SameWords, 1.0));
    }
    let likeness = sought.likeness(called);
    if sought.sorted.iter().all(|word| called.sorted.binary_search(word).is_ok()) {
        return Some((How::MoreWords, likeness));
    }
    (likeness >= ENOUGH).then_some((How::Near, likeness))
}

#[cfg(test)]
mod tests {
    use super::{Words, way};
    use crate::standing::likely::How;

    fn compare(sought: &str, called: &str) -> Option<How> {
        way(&Words::of(sought), &Words::of(called), How::Name).map(|(how, _)| how)
    }

    #[test]
    fn names_are_compared_as_people_write_them() {
        assert_eq!(compare("Robert Mugabe", "MUGABE, Robert"), Some(How::SameWords));
        assert_eq!(compare("Robert Mugabe", "MUGABE, Robert Gabriel"), Some(How::MoreWords));
        assert_eq!(compare("Côte d'Ivoire", "Cote d’Ivoire"), Some(How::Name));
        assert_eq!(compare("Лукашенко", "LUKASHENKO"), Some(How::Name));
        assert_eq!(compare("Aleksandr Lukashenka", "Aliaksandr Lukashenko"), Some(How::Near));
        assert_eq!(compare("Robert Mugabe", "Jane Doe"), None);
    }
}
