//! Who: the parties that act and are acted upon.
//!
//! A party has an id that never changes and carries no meaning; its names are dated, and are data. States use
//! ISO 3166-1 alpha-3, others a short id or a namespaced one (`IEA`, `ofac:35096`).

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::spelling::of_text;

/// The most characters that an id of a party may have.
pub const ID_CHARACTERS: usize = 64;

/// The id of a party: 1 to 64 of `A–Z a–z 0–9 . _ : -`, the first a letter or digit.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyId(SmolStr);

/// The text is not the id of a party.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an id: 1 to 64 of `A-Z a-z 0-9 . _ : -`, the first a letter or digit")]
pub struct NotAnId(pub String);

impl PartyId {
    /// Reads an id.
    ///
    /// # Errors
    /// [`NotAnId`] when the text is empty, too long, or has another character.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        let bytes = text.as_bytes();
        let first = bytes.first().is_some_and(u8::is_ascii_alphanumeric);
        let rest = bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(b));
        let fits = first && rest && bytes.len() <= ID_CHARACTERS;
        if fits { Ok(Self(text.into())) } else { Err(NotAnId(text.to_owned())) }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for PartyId {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for PartyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for PartyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PartyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        of_text(deserializer, Self::parse)
    }
}
