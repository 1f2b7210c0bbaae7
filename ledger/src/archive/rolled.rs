//! The part of the roll that some new acts are checked against: what they name, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::{ActId, ActRef, Changes, Deed, PartyKind, Submitted};
use crate::party::PartyId;
use crate::roll::Roll;
use crate::standing::Recorded;

use super::indexed::{Indexed, Unread};
use super::present::Present;

/// From so many acts on it pays to know beforehand what the ledger may hold at all, and from a share of those that it
/// holds: to learn it, their ids and parties are gone through once.
const MANY: u64 = 256;
const SHARE: u64 = 256;

impl Indexed {
    /// The roll as far as these acts need it: the parties that they name, the ids that they bear or refer to, and
    /// all that is about the acts that they are about.
    pub(crate) fn roll_for(&mut self, acts: &[Submitted]) -> Result<Roll, Unread> {
        self.looked_up += acts.len() as u64;
        if self.present.is_none() && self.looked_up >= MANY.max(self.head().number / SHARE) {
            self.present = Some(Present::of(self)?);
        }
        let mut roll = Roll::default();
        let mut entries: BTreeMap<u64, Recorded> = BTreeMap::new();
        let mut parties: BTreeSet<&PartyId> = BTreeSet::new();
        let mut named: BTreeSet<PartyId> = BTreeSet::new();
        let mut targets: BTreeSet<u64> = BTreeSet::new();
        for Submitted { act, .. } in acts {
            parties.extend(act.deed.parties().map(|(_, party)| party));
            let referred = match act.deed.target() {
                Some(ActRef::Id(id)) => Some(id),
                Some(ActRef::Number(number)) => {
                    targets.extend(self.offset_of(*number)?);
                    None
                }
                None => None,
            };
            for offset in [self.known(act.id.as_ref())?, self.referred(referred)?].into_iter().flatten() {
                let entry = self.entry_at(offset)?;
                entries.insert(entry.number, entry);
                targets.insert(offset);
            }
            if let Deed::ActCorrected { set, .. } = &act.deed {
                named.extend(named_in(set));
            }
        }
        for offset in targets {
            for entry in self.case_of(offset)? {
                named.extend(entry.act.deed.parties().map(|(_, party)| party.clone()));
                if let Deed::ActCorrected { set, .. } = &entry.act.deed {
                    named.extend(named_in(set));
                }
                entries.insert(entry.number, entry);
            }
        }
        for (number, entry) in entries {
            roll.enter_as(number, &entry.act);
        }
        for party in parties.into_iter().chain(&named) {
            if let Some((kind, number)) = self.declared(party)? {
                roll.declare(party.clone(), kind, number);
            }
        }
        roll.set_count(self.head().number);
        Ok(roll)
    }

    /// Where the act begins that has the id of a new one, where there may be such an act. From here on there may be.
    fn known(&mut self, id: Option<&ActId>) -> Result<Option<u64>, Unread> {
        let Some(id) = id else { return Ok(None) };
        let may_be = self.present.as_mut().is_none_or(|present| present.add_id(id));
        if may_be { self.offset_of_id(id) } else { Ok(None) }
    }

    /// Where the act begins that a new one refers to, where there may be such an act.
    fn referred(&mut self, id: Option<&ActId>) -> Result<Option<u64>, Unread> {
        let Some(id) = id else { return Ok(None) };
        if self.present.as_ref().is_some_and(|present| !present.may_hold_id(id)) {
            return Ok(None);
        }
        let found = self.offset_of_id(id)?;
        // When it is taken in, it is asked again.
        self.referred.extend(found.map(|offset| (id.clone(), offset)));
        Ok(found)
    }

    /// What a party was declared as, and by which entry; parties are named again and again.
    fn declared(&mut self, party: &PartyId) -> Result<Option<(PartyKind, u64)>, Unread> {
        if let Some(known) = self.declared.get(party) {
            return Ok(Some(*known));
        }
        if self.present.as_ref().is_some_and(|present| !present.may_hold_party(party)) {
            return Ok(None);
        }
        let Some(entry) = self.declaration(party)? else { return Ok(None) };
        let Deed::EntityCreated { party: kind, .. } = &entry.act.deed else { return Ok(None) };
        self.declared.insert(party.clone(), (*kind, entry.number));
        Ok(Some((*kind, entry.number)))
    }

    /// The act at an offset, the one that it is about in the end, and all that is about that one.
    fn case_of(&self, offset: u64) -> Result<Vec<Recorded>, Unread> {
        let act = self.entry_at(offset)?.act;
        let root = self.root_of(&act, offset)?.unwrap_or(offset);
        self.with_all_about(root)
    }
}

/// The parties that a correction may name.
pub(crate) fn named_in(set: &Changes) -> impl Iterator<Item = PartyId> {
    set.values().filter_map(|(_, value)| PartyId::parse(value.as_str()?).ok())
}
