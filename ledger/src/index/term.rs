//! Terms: what the index finds acts by.
//!
//! A term is a tag and the words after it, each closed by a zero byte, so that whatever a question leaves open
//! can be left off at the end.

use std::collections::BTreeSet;

use crate::act::{Act, ActId, Deed, Label};
use crate::party::PartyId;
use crate::register::{Key, Register};
use crate::registrar::family;
use crate::standing::effect::moves;

/// The terms under which the acts that move registers are found: all that a question about one of them needs.
///
/// What an act moves as corrected is found under the terms of both its forms; see the archive.
pub(crate) fn terms_of(act: &Act) -> BTreeSet<Vec<u8>> {
    let mut terms = BTreeSet::new();
    for (key, _) in moves(act) {
        terms.insert(of_register(key.register));
        insert_pair(&mut terms, &key, key.actor.as_ref(), key.subject.as_ref());
        if key.is_mutual() {
            insert_pair(&mut terms, &key, key.subject.as_ref(), key.actor.as_ref());
        }
        if let (Register::Regime | Register::Licence, Some(imposer), Some(regime)) =
            (key.register, &key.actor, &key.regime)
        {
            terms.insert(of_regime(imposer, regime, key.subject.as_ref()));
        }
    }
    if matches!(act.deed, Deed::EntityContinuedBy { .. }) {
        terms.insert(CONTINUITY.to_vec());
    }
    match family(act.deed.kind()) {
        "entity" => drop(terms.insert(ENTITIES.to_vec())),
        "registrar" => drop(terms.insert(GRANTS.to_vec())),
        _ => {}
    }
    terms
}

fn insert_pair(terms: &mut BTreeSet<Vec<u8>>, key: &Key, actor: Option<&PartyId>, subject: Option<&PartyId>) {
    if let Some(actor) = actor {
        let mut term = toward(actor, subject);
        term.push(key.register as u8);
        terms.insert(term);
    }
    if let Some(subject) = subject {
        let mut term = at(subject);
        close(&mut term, actor.map_or("", PartyId::as_str));
        term.push(key.register as u8);
        terms.insert(term);
    }
}

/// Every act by which a party goes on as another.
pub(crate) const CONTINUITY: &[u8] = b"c";

/// Every act about who parties are.
pub(crate) const ENTITIES: &[u8] = b"e";

/// Every act that says which registrar may enter what.
pub(crate) const GRANTS: &[u8] = b"k";

/// Every act of one kind of register.
pub(crate) fn of_register(register: Register) -> Vec<u8> {
    vec![b'r', register as u8]
}

/// The acts of one party; with nothing after it, toward anyone.
pub(crate) fn by(actor: &PartyId) -> Vec<u8> {
    let mut term = vec![b'a'];
    close(&mut term, actor.as_str());
    term
}

/// The acts of one party toward another, or toward nobody in particular.
pub(crate) fn toward(actor: &PartyId, subject: Option<&PartyId>) -> Vec<u8> {
    let mut term = by(actor);
    close(&mut term, subject.map_or("", PartyId::as_str));
    term
}

/// The acts toward one party.
pub(crate) fn at(subject: &PartyId) -> Vec<u8> {
    let mut term = vec![b'b'];
    close(&mut term, subject.as_str());
    term
}

/// The acts that only a party's own registers hold: its existence and its names.
pub(crate) fn of_party(party: &PartyId) -> Vec<u8> {
    let mut term = at(party);
    close(&mut term, "");
    term
}

/// The regime itself and its licences, general ones or those for one target.
pub(crate) fn of_regime(imposer: &PartyId, regime: &Label, target: Option<&PartyId>) -> Vec<u8> {
    let mut term = vec![b'g'];
    close(&mut term, imposer.as_str());
    close(&mut term, regime.as_str());
    close(&mut term, target.map_or("", PartyId::as_str));
    term
}

/// The act of an id. Ids are long and never looked through in order: the first bytes of their hash do.
pub(crate) fn of_id(id: &ActId) -> Vec<u8> {
    let mut term = vec![b'i'];
    term.extend_from_slice(&blake3::hash(id.as_str().as_bytes()).as_bytes()[..8]);
    term
}

/// Every act about an act, about one of those, and so on; the act is named by where it begins.
pub(crate) fn about(offset: u64) -> Vec<u8> {
    let mut term = vec![b't'];
    term.extend_from_slice(&offset.to_be_bytes());
    term
}

/// The last byte of a term that ends with a register, where it is of this register.
pub(crate) fn is_of(term: &[u8], register: Register) -> bool {
    term.last() == Some(&(register as u8))
}

fn close(term: &mut Vec<u8>, word: &str) {
    term.extend_from_slice(word.as_bytes());
    term.push(0);
}
