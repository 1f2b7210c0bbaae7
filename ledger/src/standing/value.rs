//! The values that registers take.

use serde::{Deserialize, Serialize};

use crate::act::Label;
use crate::act::word::words;

words! {
    /// A value of a register that is one of a closed list.
    Word {
        /// No act has moved the register.
        None = "none",
        Recognised = "recognised", Withdrawn = "withdrawn", Refused = "refused",
        Dealings = "dealings", Ended = "ended",
        InForce = "in_force", Suspended = "suspended", Severed = "severed",
        Open = "open", Closed = "closed",
        AgrementGiven = "agrement_given", AgrementRefused = "agrement_refused", Appointed = "appointed",
        Arrived = "arrived", CopyReceived = "copy_received", Accepted = "accepted",
        RecalledForConsultations = "recalled_for_consultations", Returned = "returned",
        Recalled = "recalled", PersonaNonGrata = "persona_non_grata",
        Lifted = "lifted", Annulled = "annulled", Terminated = "terminated",
        /// What an act wrote has run out by the act's own terms.
        Expired = "expired",
        Granted = "granted", Revoked = "revoked",
        Designated = "designated", Delisted = "delisted",
        Member = "member", Left = "left", Bound = "bound",
        Exists = "exists", Dissolved = "dissolved", Annexed = "annexed", Continued = "continued",
    }
}

/// What an act does to the order of its day: ends come before begins, and suspensions after both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It ends something.
    End,
    /// It begins something.
    Begin,
    /// It suspends what has begun.
    Suspend,
}

/// The value of a register: a word, or, for the register of names, a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// One of the closed list.
    Word(Word),
    /// The name of a party.
    Name(Label),
}

impl Value {
    /// The value as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Word(word) => word.word(),
            Self::Name(name) => name.as_str(),
        }
    }

    /// Whether it is this word.
    #[must_use]
    pub fn is(&self, word: Word) -> bool {
        *self == Self::Word(word)
    }

    /// Whether a measure that stands so still binds or may bind again: a terminated regime ends it.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.is(Word::InForce) || self.is(Word::Suspended)
    }

    /// The place within a group of one day of an act that writes this value.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Name(_) => Phase::Begin,
            Self::Word(word) => word.phase(),
        }
    }
}

impl Word {
    fn phase(self) -> Phase {
        match self {
            Self::Recognised
            | Self::Refused
            | Self::Dealings
            | Self::InForce
            | Self::Open
            | Self::AgrementGiven
            | Self::Appointed
            | Self::Arrived
            | Self::CopyReceived
            | Self::Accepted
            | Self::Returned
            | Self::Granted
            | Self::Designated
            | Self::Member
            | Self::Bound
            | Self::Exists => Phase::Begin,
            Self::Suspended | Self::RecalledForConsultations => Phase::Suspend,
            Self::None
            | Self::Withdrawn
            | Self::Ended
            | Self::Severed
            | Self::Closed
            | Self::AgrementRefused
            | Self::Recalled
            | Self::PersonaNonGrata
            | Self::Lifted
            | Self::Annulled
            | Self::Terminated
            | Self::Expired
            | Self::Revoked
            | Self::Delisted
            | Self::Left
            | Self::Dissolved
            | Self::Annexed
            | Self::Continued => Phase::End,
        }
    }
}

impl From<Word> for Value {
    fn from(word: Word) -> Self {
        Self::Word(word)
    }
}
