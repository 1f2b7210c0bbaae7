//! Registers: one question each, with one answer at a time.
//!
//! A [`Key`] names one register: whom it is between, and what tells it from its neighbours (the post, the person,
//! the regime and measure, the list). Recognition, relations, missions, envoys, sanctions and listings move
//! independently (VCDR 45, VCCR 2 (3)): each act writes only the registers of its own kind.

use crate::act::word::words;
use crate::act::{Label, Measure};
use crate::party::PartyId;

words! {
    /// The kinds of register.
    Register {
        /// Whether a party recognises a state.
        RecognitionState = "recognition.state",
        /// Whether a party recognises a regime as the government of a state.
        RecognitionGovernment = "recognition.government",
        /// Diplomatic relations of a pair.
        Relations = "relations",
        /// Consular relations of a pair.
        Consular = "consular",
        /// The mission of a sender with a host, at a post.
        Mission = "mission",
        /// A person sent by one party to another.
        Envoy = "envoy",
        /// One measure of one regime against one target.
        Sanction = "sanction",
        /// A sanctions regime.
        Regime = "regime",
        /// A licence under a regime.
        Licence = "licence",
        /// A target on a list of terrorists.
        Terror = "terror",
        /// A member of a collective.
        Membership = "membership",
        /// A party bound by the measures of a collective.
        Binding = "binding",
        /// Whether a party exists.
        Existence = "existence",
        /// The name of a party.
        Name = "name",
    }
}

/// One register: the question to which its acts give the answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// The kind of register.
    pub register: Register,
    /// The party that acts; for a pair, the first in the alphabet; none for a party's own existence and name.
    pub actor: Option<PartyId>,
    /// The party acted upon; for a pair, the second in the alphabet.
    pub subject: Option<PartyId>,
    /// The state of which a regime is the government.
    pub of: Option<PartyId>,
    /// The post of a mission; none for the embassy.
    pub post: Option<Label>,
    /// The person sent.
    pub person: Option<PartyId>,
    /// The sanctions regime.
    pub regime: Option<Label>,
    /// The measure.
    pub measure: Option<Measure>,
    /// The list.
    pub list: Option<Label>,
    /// The licence.
    pub licence: Option<Label>,
}

impl Key {
    /// The register of this kind from one party toward another.
    #[must_use]
    pub fn toward(register: Register, actor: &PartyId, subject: &PartyId) -> Self {
        Self { actor: Some(actor.clone()), subject: Some(subject.clone()), ..Self::bare(register) }
    }

    /// The register of this kind between two parties, in either order.
    #[must_use]
    pub fn between(register: Register, one: &PartyId, other: &PartyId) -> Self {
        Self::toward(register, one.min(other), one.max(other))
    }

    /// The register of this kind of a party by itself.
    #[must_use]
    pub fn of_party(register: Register, party: &PartyId) -> Self {
        Self { subject: Some(party.clone()), ..Self::bare(register) }
    }

    /// The register of a sanctions regime.
    #[must_use]
    pub fn of_regime(imposer: &PartyId, regime: &Label) -> Self {
        Self { actor: Some(imposer.clone()), regime: Some(regime.clone()), ..Self::bare(Register::Regime) }
    }

    pub(crate) fn bare(register: Register) -> Self {
        Self {
            register,
            actor: None,
            subject: None,
            of: None,
            post: None,
            person: None,
            regime: None,
            measure: None,
            list: None,
            licence: None,
        }
    }

    /// Whether the register is of a pair, with no direction.
    #[must_use]
    pub fn is_mutual(&self) -> bool {
        matches!(self.register, Register::Relations | Register::Consular)
    }
}
