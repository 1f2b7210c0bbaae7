//! Finding a party by what people call it: an id, a code, a name of today or of another day.

use std::collections::BTreeMap;

use crate::act::{Deed, Label, PartyKind};
use crate::date::{Date, Day};
use crate::near::{nearest, plain};
use crate::party::PartyId;

use super::knowledge::Knowledge;

/// A party with what it is called.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its id.
    pub id: PartyId,
    /// What it is.
    pub kind: PartyKind,
    /// The entry that declared it.
    pub declared_by: u64,
    /// Its names, each with the day from which it bears it, in order.
    pub names: Vec<(Label, Option<Date>)>,
    /// Other names by which it is found.
    pub aliases: Vec<Label>,
    /// Its codes in other schemes: scheme and code.
    pub codes: Vec<(String, String)>,
}

impl Named {
    /// The name that it bears at the end of a day, as far as is sure; its id where it has none.
    #[must_use]
    pub fn name_on(&self, day: Day) -> &str {
        let borne = |since: &Option<Date>| since.as_ref().is_none_or(|since| since.latest() <= day);
        let name = self.names.iter().rev().find(|(_, since)| borne(since)).or_else(|| self.names.first());
        name.map_or(self.id.as_str(), |(name, _)| name.as_str())
    }
}

/// Which party a word means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// This one.
    One(PartyId),
    /// Any of these: a person must say which.
    Several(Vec<PartyId>),
    /// None; these are called something near.
    None(Vec<String>),
}

/// Every party that the register knows, by id.
#[must_use]
pub fn parties(knowledge: &Knowledge<'_>) -> BTreeMap<PartyId, Named> {
    let mut parties: BTreeMap<PartyId, Named> = BTreeMap::new();
    for known in knowledge.acts.iter().filter(|known| known.counts()) {
        let since = known.act.effective.clone();
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these three say what a party is called")]
        match &known.act.deed {
            Deed::EntityCreated { subject, party, name, codes } => {
                let named = parties.entry(subject.clone()).or_insert_with(|| Named {
                    id: subject.clone(),
                    kind: *party,
                    declared_by: known.entry.number,
                    names: Vec::new(),
                    aliases: Vec::new(),
                    codes: Vec::new(),
                });
                // The name of a declaration is the first one, however late the declared day.
                named.names.extend(name.iter().map(|name| (name.clone(), None)));
                named.codes.extend(codes.iter().map(|(scheme, code)| (scheme.to_owned(), code.to_owned())));
            }
            Deed::EntityRenamed { subject, name } => {
                if let Some(named) = parties.get_mut(subject) {
                    named.names.push((name.clone(), since));
                }
            }
            Deed::EntityAliasAdded { subject, name } => {
                if let Some(named) = parties.get_mut(subject) {
                    named.aliases.push(name.clone());
                }
            }
            _ => {}
        }
    }
    for named in parties.values_mut() {
        named.names.sort_by_key(|(_, since)| since.as_ref().map_or(Day::MIN, Date::earliest));
    }
    parties
}

/// Finds the party that a word means on a day: by id, by `scheme:code`, by a name or alias of any day.
///
/// A name borne on the day goes before a name of another day: in 1965 `Congo` is not who it was in 1995.
#[must_use]
pub fn find_party(parties: &BTreeMap<PartyId, Named>, word: &str, day: Day) -> Match {
    if let Some(id) = PartyId::parse(word).ok().filter(|id| parties.contains_key(id)) {
        return Match::One(id);
    }
    let wanted = plain(word);
    let called = |named: &&Named| plain(named.name_on(day)) == wanted;
    let ever_called = |named: &&Named| {
        named
            .names
            .iter()
            .map(|(name, _)| name)
            .chain(&named.aliases)
            .any(|name| plain(name.as_str()) == wanted)
    };
    let coded = |named: &&Named| {
        named.codes.iter().any(|(scheme, code)| format!("{scheme}:{code}").eq_ignore_ascii_case(word))
    };
    let same_id = |named: &&Named| named.id.as_str().eq_ignore_ascii_case(word);
    let steps: [&dyn Fn(&&Named) -> bool; 4] = [&same_id, &called, &ever_called, &coded];
    for step in steps {
        let found: Vec<PartyId> = parties.values().filter(step).map(|named| named.id.clone()).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Match::One(one.clone()),
            _ => return Match::Several(found),
        }
    }
    let words = parties.values().flat_map(|named| {
        let names = named.names.iter().map(|(name, _)| name.as_str());
        names.chain(named.aliases.iter().map(Label::as_str)).chain([named.id.as_str()])
    });
    Match::None(nearest(word, words))
}
