//! An act looked at where it lies: every field is checked, and only its id and its deed are kept. An audit asks for no more,
//! and most of an act are its sources.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error};
use smallvec::SmallVec;

use super::{ActId, Deed, Label, Stance, Text};
use crate::date::Date;

/// The fields of an [`Act`](super::Act), in their order.
#[derive(serde::Deserialize)]
pub(crate) struct Skimmed<'a> {
    pub(crate) id: Option<&'a str>,
    pub(crate) deed: Deed,
    _dates: [Option<Sound<Date>>; 6],
    _instrument: Option<Sound<Text>>,
    _basis: Option<Sound<Text>>,
    _claims: SmallVec<[Claim; 4]>,
    _order: Option<i64>,
    _group: Option<Sound<Label>>,
    _note: Option<Sound<Text>>,
}

/// The fields of a [`Claim`](super::Claim), in their order.
#[derive(serde::Deserialize)]
struct Claim {
    _source: Sound<Text>,
    _url: Option<Sound<Text>>,
    _published: Option<Sound<Date>>,
    _retrieved: Option<Sound<Date>>,
    _locator: Option<Sound<Text>>,
    _digest: Option<Sound<Text>>,
    _stance: Stance,
}

impl<'a> Skimmed<'a> {
    /// Reads an act; none where it is none.
    pub(crate) fn read<D: Deserializer<'a>>(deserializer: D) -> Option<Self> {
        let act = Self::deserialize(deserializer).ok()?;
        act.id.is_none_or(ActId::allows).then_some(act)
    }
}

/// A type of text that is told by its text alone.
pub(crate) trait Ruled {
    /// Whether a text is of this type.
    fn allows(text: &str) -> bool;
}

impl Ruled for Date {
    fn allows(text: &str) -> bool {
        Self::parse(text).is_ok()
    }
}

/// A text of a type was there.
struct Sound<T>(PhantomData<T>);

impl<'de, T: Ruled> Deserialize<'de> for Sound<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&str>::deserialize(deserializer)?;
        if T::allows(text) { Ok(Self(PhantomData)) } else { Err(D::Error::custom("not of its type")) }
    }
}
