//! Terms: what the index finds acts by.
//!
//! A term is a tag and the words after it, each closed by a zero byte, so that whatever a question leaves open
//! can be left off at the end. The terms of registers are the registers themselves, in their order.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::act::{Act, ActId, Deed, Label, Measure, Unfit};
use crate::party::{NotAnId, PartyId};
use crate::register::{Key, Register};
use crate::registrar::family;
use crate::standing::effect::moves;

const REGISTER: u8 = b'r';
const TOWARD: u8 = b'b';

/// No more bytes has the term of a register usually: for so many there is room at once.
const USUAL: usize = 64;

/// Every term under which an act is found; one may come several times.
///
/// What an act moves as corrected is found under the terms of both its forms; see the archive.
pub(crate) fn each_term_of(act: &Act, each: &mut dyn FnMut(&[u8])) {
    for (key, _) in moves(act) {
        each_term_of_key(&key, each);
    }
    each_other_term_of(act, each);
}

/// The terms of a register: its own, and those by which it is found from the party acted upon; a register of a pair,
/// from either.
pub(crate) fn each_term_of_key(key: &Key, each: &mut dyn FnMut(&[u8])) {
    each(&of_key(key));
    let (actor, subject) = (key.actor.as_ref(), key.subject.as_ref());
    if let Some(subject) = subject {
        each(&from_subject(key, subject, actor));
    }
    if let (true, Some(actor)) = (key.is_mutual(), actor) {
        each(&from_subject(key, actor, subject));
    }
}

/// The terms of an act that are not those of registers.
pub(crate) fn each_other_term_of(act: &Act, each: &mut dyn FnMut(&[u8])) {
    if matches!(act.deed, Deed::EntityContinuedBy { .. }) {
        each(CONTINUITY);
    }
    match family(act.deed.kind()) {
        "entity" => each(ENTITIES),
        "registrar" => each(GRANTS),
        _ => {}
    }
}

/// Every term under which an act is found, each once.
pub(crate) fn terms_of(act: &Act) -> BTreeSet<Vec<u8>> {
    let mut terms = BTreeSet::new();
    each_term_of(act, &mut |term| {
        terms.insert(term.to_vec());
    });
    terms
}

/// Every act by which a party goes on as another.
pub(crate) const CONTINUITY: &[u8] = b"c";

/// Every act about who parties are.
pub(crate) const ENTITIES: &[u8] = b"e";

/// Every act that says which registrar may enter what.
pub(crate) const GRANTS: &[u8] = b"k";

/// Every id of an act.
pub(crate) const IDS: &[u8] = b"i";

/// Every act that others are about.
pub(crate) const CASES: &[u8] = b"t";

/// Terms that begin alike: all of them, or those from one up to another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms<'t> {
    prefix: &'t [u8],
    /// The first that is wanted.
    pub(crate) from: &'t [u8],
    /// The first that is not.
    to: Option<&'t [u8]>,
}

impl<'t> Terms<'t> {
    pub(crate) fn under(prefix: &'t [u8]) -> Self {
        Self { prefix, from: prefix, to: None }
    }

    /// The same, cut at these terms, which rise: each of them begins a part.
    pub(crate) fn parted(prefix: &'t [u8], at: &'t [Vec<u8>]) -> Vec<Self> {
        let froms = std::iter::once(prefix).chain(at.iter().map(Vec::as_slice));
        let tos = at.iter().map(|to| Some(to.as_slice())).chain([None]);
        froms.zip(tos).map(|(from, to)| Self { prefix, from, to }).collect()
    }

    /// Whether a term that is not before these is one of them.
    pub(crate) fn reach(&self, term: &[u8]) -> bool {
        term.starts_with(self.prefix) && self.to.is_none_or(|to| term < to)
    }
}

/// Every register.
pub(crate) const REGISTERS: &[u8] = &[REGISTER];

/// Every register in which somebody is acted upon, by that party.
pub(crate) const SUBJECTS: &[u8] = &[TOWARD];

/// Every register of one kind.
pub(crate) fn of_register(register: Register) -> Vec<u8> {
    vec![REGISTER, register as u8]
}

/// The registers of one kind in which a party acts.
pub(crate) fn by(register: Register, actor: &PartyId) -> Vec<u8> {
    let mut term = of_register(register);
    close(&mut term, actor.as_str());
    term
}

/// The register of a regime, or its general licences. One for a target is found with what is imposed on that.
pub(crate) fn of_regime(register: Register, imposer: &PartyId, regime: &Label) -> Vec<u8> {
    let mut term = by(register, imposer);
    // Toward nobody; neither of a state, nor at a post, nor a person.
    term.extend_from_slice(&[0; 4]);
    term.extend_from_slice(regime.as_str().as_bytes());
    term
}

/// The registers toward a party.
pub(crate) fn at(subject: &PartyId) -> Vec<u8> {
    let mut term = vec![TOWARD];
    close(&mut term, subject.as_str());
    term
}

/// The registers of one party toward another.
pub(crate) fn toward(actor: &PartyId, subject: &PartyId) -> Vec<u8> {
    let mut term = at(subject);
    close(&mut term, actor.as_str());
    term
}

/// The registers that only a party itself is in: its existence and its names.
pub(crate) fn of_party(party: &PartyId) -> Vec<u8> {
    let mut term = at(party);
    close(&mut term, "");
    term
}

/// A register, whole: the terms of registers are in the order of registers.
pub(crate) fn of_key(key: &Key) -> Vec<u8> {
    let mut term = Vec::with_capacity(USUAL);
    term.extend_from_slice(&[REGISTER, key.register as u8]);
    close(&mut term, word_of(key.actor.as_ref()));
    close(&mut term, word_of(key.subject.as_ref()));
    push_rest(&mut term, key);
    term
}

fn from_subject(key: &Key, subject: &PartyId, actor: Option<&PartyId>) -> Vec<u8> {
    let mut term = Vec::with_capacity(USUAL);
    term.push(TOWARD);
    close(&mut term, subject.as_str());
    close(&mut term, word_of(actor));
    term.push(key.register as u8);
    push_rest(&mut term, key);
    term
}

/// What tells a register from its neighbours; what is not there at the end is left off.
fn push_rest(term: &mut Vec<u8>, key: &Key) {
    let Key { of, post, person, regime, measure, list, licence, .. } = key;
    let bare = term.len();
    close(term, word_of(of.as_ref()));
    close(term, text_of(post.as_ref()));
    close(term, word_of(person.as_ref()));
    close(term, text_of(regime.as_ref()));
    term.push(measure.map_or(0, |measure| measure as u8 + 1));
    close(term, text_of(list.as_ref()));
    close(term, text_of(licence.as_ref()));
    while term.len() > bare && term.last() == Some(&0) {
        term.pop();
    }
}

fn word_of(party: Option<&PartyId>) -> &str {
    party.map_or("", PartyId::as_str)
}

fn text_of(label: Option<&Label>) -> &str {
    label.map_or("", Label::as_str)
}

/// The register of a term, where it is a term of registers.
pub(crate) fn key_of(term: &[u8]) -> Option<Key> {
    let (tag, mut rest) = term.split_first()?;
    let (register, actor, subject);
    if *tag == REGISTER {
        register = take_register(&mut rest)?;
        actor = party(take_word(&mut rest)?).ok()?;
        subject = party(take_word(&mut rest)?).ok()?;
    } else {
        subject = party(take_word(&mut rest)?).ok()?;
        actor = party(take_word(&mut rest)?).ok()?;
        register = take_register(&mut rest)?;
    }
    let mut key = Key { actor, subject, ..Key::bare(register) };
    if key.is_mutual() && key.actor > key.subject {
        std::mem::swap(&mut key.actor, &mut key.subject);
    }
    if rest.is_empty() {
        return Some(key);
    }
    key.of = party(take_word(&mut rest)?).ok()?;
    key.post = label(take_word(&mut rest)?).ok()?;
    key.person = party(take_word(&mut rest)?).ok()?;
    key.regime = label(take_word(&mut rest)?).ok()?;
    if let Some((measure, after)) = rest.split_first() {
        rest = after;
        key.measure = match measure.checked_sub(1) {
            Some(place) => Some(*Measure::ALL.get(usize::from(place))?),
            None => None,
        };
    }
    key.list = label(take_word(&mut rest)?).ok()?;
    key.licence = label(take_word(&mut rest)?).ok()?;
    Some(key)
}

/// Whether a term of a register is its own.
pub(crate) fn is_own(term: &[u8]) -> bool {
    term.first() == Some(&REGISTER)
}

/// Adds the own term of a register, whichever of its terms is given; none where it is no term of a register.
pub(crate) fn push_own(term: &[u8], own: &mut Vec<u8>) -> Option<()> {
    let (tag, mut rest) = term.split_first()?;
    if *tag == REGISTER {
        own.extend_from_slice(term);
        return Some(());
    }
    let (subject, actor) = (take_word(&mut rest)?, take_word(&mut rest)?);
    let register = take_register(&mut rest)?;
    let is_turned = Key::bare(register).is_mutual() && actor > subject;
    let (actor, subject) = if is_turned { (subject, actor) } else { (actor, subject) };
    own.extend_from_slice(&of_register(register));
    close(own, actor);
    close(own, subject);
    own.extend_from_slice(rest);
    Some(())
}

/// The parties that the own term of a register names, as words.
pub(crate) fn parties_of(own: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = own.get(2..).unwrap_or_default();
    let (actor, subject, of) = (take_word(&mut rest), take_word(&mut rest), take_word(&mut rest));
    take_word(&mut rest);
    let person = take_word(&mut rest);
    [actor, subject, of, person].into_iter().flatten().filter(|party| !party.is_empty())
}

/// Whether a term is one of a register.
pub(crate) fn is_of_register(term: &[u8]) -> bool {
    term.first().is_some_and(|tag| [REGISTER, TOWARD].contains(tag))
}

/// The kind of the register of a term.
pub(crate) fn register_of(term: &[u8]) -> Option<Register> {
    let (tag, mut rest) = term.split_first()?;
    if *tag == TOWARD {
        take_word(&mut rest)?;
        take_word(&mut rest)?;
    }
    take_register(&mut rest)
}

fn take_register(rest: &mut &[u8]) -> Option<Register> {
    let (register, after) = rest.split_first()?;
    *rest = after;
    Register::ALL.get(usize::from(*register)).copied()
}

/// The next word, up to the byte that closes it or the end.
fn take_word<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    let (word, after) = rest.split_at(length);
    *rest = after.get(1..).unwrap_or_default();
    std::str::from_utf8(word).ok()
}

/// A party, or nobody.
fn party(word: &str) -> Result<Option<PartyId>, NotAnId> {
    if word.is_empty() { Ok(None) } else { PartyId::parse(word).map(Some) }
}

fn label(word: &str) -> Result<Option<Label>, Unfit> {
    if word.is_empty() { Ok(None) } else { Label::parse(word).map(Some) }
}

/// The act of an id. Ids are long and never looked through in order: the first bytes of their hash do.
pub(crate) fn of_id(hash: u64) -> Vec<u8> {
    [IDS, &hash.to_be_bytes()].concat()
}

/// The first bytes of the hash of an id.
pub(crate) fn hash_of_id(id: &ActId) -> u64 {
    let hash = blake3::hash(id.as_str().as_bytes());
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// Every act about an act, about one of those, and so on; the act is named by where it begins.
pub(crate) fn about(offset: u64) -> Vec<u8> {
    [CASES, &offset.to_be_bytes()].concat()
}

/// How many bytes of a term are its beginning.
const BEGINNING: usize = 16;

/// The first sixteen bytes of a term, those that are missing as zeros: it orders as the terms do, where it differs.
pub(crate) fn beginning(term: &[u8]) -> u128 {
    let mut bytes = [0; BEGINNING];
    let length = term.len().min(BEGINNING);
    bytes[..length].copy_from_slice(&term[..length]);
    u128::from_be_bytes(bytes)
}

/// The order of two terms, each with its beginning: most comparisons need no more.
pub(crate) fn order(one: (u128, &[u8]), other: (u128, &[u8])) -> Ordering {
    let is_all = one.1.len().max(other.1.len()) <= BEGINNING;
    let rest = || if is_all { one.1.len().cmp(&other.1.len()) } else { one.1.cmp(other.1) };
    one.0.cmp(&other.0).then_with(rest)
}

fn close(term: &mut Vec<u8>, word: &str) {
    term.extend_from_slice(word.as_bytes());
    term.push(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Vec<Key> {
        let party = |id: &str| PartyId::parse(id).unwrap();
        let label = |text: &str| Label::parse(text).unwrap();
        let (a, b, c) = (party("A"), party("AB"), party("ofac:35096"));
        let sanction = Key { regime: Some(label("R")), ..Key::toward(Register::Sanction, &a, &c) };
        vec![
            Key::of_party(Register::Existence, &a),
            Key::between(Register::Relations, &b, &a),
            Key::toward(Register::Mission, &a, &b),
            Key { post: Some(label("Łódź")), ..Key::toward(Register::Mission, &a, &b) },
            Key { of: Some(c.clone()), ..Key::toward(Register::RecognitionGovernment, &a, &b) },
            Key { person: Some(b.clone()), ..Key::toward(Register::Envoy, &a, &c) },
            Key { measure: Some(Measure::ALL[0]), ..sanction.clone() },
            Key { measure: Some(Measure::ALL[1]), ..sanction.clone() },
            Key { regime: Some(label("R 2")), measure: Some(Measure::ALL[0]), ..sanction.clone() },
            Key { list: Some(label("SC")), ..Key::toward(Register::Terror, &b, &c) },
            Key::of_regime(&a, &label("R")),
            Key {
                register: Register::Licence,
                licence: Some(label("GL 1")),
                ..Key::of_regime(&a, &label("R"))
            },
            Key {
                register: Register::Licence,
                licence: Some(label("GL 1")),
                measure: Some(Measure::ALL[2]),
                ..sanction
            },
        ]
    }

    #[test]
    fn a_term_is_read_back_as_its_register() {
        for key in keys() {
            each_term_of_key(&key, &mut |term| {
                assert_eq!(key_of(term).as_ref(), Some(&key), "{term:?}");
                assert_eq!(register_of(term), Some(key.register), "{term:?}");
                let mut own = Vec::new();
                push_own(term, &mut own).unwrap();
                assert_eq!(own, of_key(&key), "{term:?}");
            });
        }
    }

    #[test]
    fn the_terms_of_registers_are_in_the_order_of_registers() {
        for one in keys() {
            for other in keys() {
                assert_eq!(of_key(&one).cmp(&of_key(&other)), one.cmp(&other), "{one:?} {other:?}");
            }
        }
    }
}
