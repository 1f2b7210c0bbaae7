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

/// The terms under which the acts that move registers are found: all that a question about one of them needs. One
/// may come several times.
///
/// What an act moves as corrected is found under the terms of both its forms; see the archive.
pub(crate) fn each_term_of(act: &Act, each: &mut dyn FnMut(&[u8])) {
    for (key, _) in moves(act) {
        each(&of_register(key.register));
        each_of_pair(&key, key.actor.as_ref(), key.subject.as_ref(), each);
        if key.is_mutual() {
            each_of_pair(&key, key.subject.as_ref(), key.actor.as_ref(), each);
        }
        if let (Register::Regime | Register::Licence, Some(imposer), Some(regime)) =
            (key.register, &key.actor, &key.regime)
        {
            // A licence for one target is found with what is imposed on that.
            if key.subject.is_none() {
                each(&of_regime(imposer, regime));
            }
        }
    }
    if matches!(act.deed, Deed::EntityContinuedBy { .. }) {
        each(CONTINUITY);
    }
    match family(act.deed.kind()) {
        "entity" => each(ENTITIES),
        "registrar" => each(GRANTS),
        _ => {}
    }
}

/// The same, each once.
pub(crate) fn terms_of(act: &Act) -> BTreeSet<Vec<u8>> {
    let mut terms = BTreeSet::new();
    each_term_of(act, &mut |term| {
        terms.insert(term.to_vec());
    });
    terms
}

fn each_of_pair(key: &Key, actor: Option<&PartyId>, subject: Option<&PartyId>, each: &mut dyn FnMut(&[u8])) {
    if let Some(actor) = actor {
        let mut term = toward(actor, subject);
        term.push(key.register as u8);
        each(&term);
    }
    if let Some(subject) = subject {
        let mut term = at(subject);
        close(&mut term, actor.map_or("", PartyId::as_str));
        term.push(key.register as u8);
        each(&term);
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

/// The regime itself and its general licences.
pub(crate) fn of_regime(imposer: &PartyId, regime: &Label) -> Vec<u8> {
    let mut term = vec![b'g'];
    close(&mut term, imposer.as_str());
    close(&mut term, regime.as_str());
    term
}

/// The act of an id. Ids are long and never looked through in order: the first bytes of their hash do.
pub(crate) fn of_id(hash: u64) -> Vec<u8> {
    let mut term = vec![b'i'];
    term.extend_from_slice(&hash.to_be_bytes());
    term
}

/// The first bytes of the hash of an id.
pub(crate) fn hash_of_id(id: &ActId) -> u64 {
    let hash = blake3::hash(id.as_str().as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
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
