//! What the index holds beside the place of an act, under the term of a register: what the act does to that register,
//! as the register knew it from some entry on.
//!
//! An act that others are about has several versions, each known from one of those on; the last one known counts. One
//! may say that the act does not move the register any more.

use crate::standing::Move;

use super::segment::{IndexFault, push_varint, take_varint};

/// What an act does to a register, as known from an entry on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// The entry of the act.
    pub number: u64,
    /// The entry from which on it is known so.
    pub known_from: u64,
    /// What it does; none where it does not move the register any more.
    pub step: Option<Move>,
}

impl Version {
    pub(crate) fn to_bytes(number: u64, known_from: u64, step: Option<&Move>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32);
        push_varint(&mut bytes, number);
        push_varint(&mut bytes, known_from - number);
        if let Some(step) = step {
            bincode::serde::encode_into_std_write(step, &mut bytes, bincode::config::standard())
                .expect("what an act does has a binary form");
        }
        bytes
    }

    pub(crate) fn read(mut bytes: &[u8]) -> Result<Self, IndexFault> {
        let (number, known_from) = take_numbers(&mut bytes)?;
        let step = if bytes.is_empty() {
            None
        } else {
            let read = bincode::serde::borrow_decode_from_slice(bytes, bincode::config::standard());
            let (step, _): (Move, usize) = read.map_err(|_| IndexFault::Damaged)?;
            Some(Move { number, ..step })
        };
        Ok(Self { number, known_from, step })
    }
}

/// Whether these bytes are a version that is known after an entry; there may be nothing beside the place of an act.
pub(crate) fn is_known(mut bytes: &[u8], last: u64) -> Result<bool, IndexFault> {
    Ok(!bytes.is_empty() && take_numbers(&mut bytes)?.1 <= last)
}

fn take_numbers(bytes: &mut &[u8]) -> Result<(u64, u64), IndexFault> {
    let number = take_varint(bytes).ok_or(IndexFault::Damaged)?;
    let known_from = take_varint(bytes).and_then(|more| number.checked_add(more));
    Ok((number, known_from.ok_or(IndexFault::Damaged)?))
}

/// Of versions, the last one of each act, in the order of the acts.
pub(crate) fn settled(mut versions: Vec<Version>) -> Vec<Move> {
    if let [_] = versions[..] {
        return versions.pop().and_then(|version| version.step).into_iter().collect();
    }
    // Most come in their order already.
    versions.sort_by_key(|version| (version.number, version.known_from));
    let mut moves: Vec<Move> = Vec::with_capacity(versions.len());
    let mut versions = versions.into_iter().peekable();
    while let Some(version) = versions.next() {
        let is_last = versions.peek().is_none_or(|next| next.number != version.number);
        moves.extend(version.step.filter(|_| is_last));
    }
    moves
}
