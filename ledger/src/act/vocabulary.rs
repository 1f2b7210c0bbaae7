//! The vocabulary: every kind of act with the fields that it carries, in one table.
//!
//! Recognition: Montevideo Convention 1933, articles 6 and 7. Relations and missions: Vienna Convention on
//! Diplomatic Relations 1961 (VCDR), articles 2, 9, 10, 13, 14, 45; consular relations: Vienna Convention on
//! Consular Relations 1963 (VCCR), article 2. What each kind moves stands in [`crate::standing`].

use serde::{Deserialize, Serialize};

use super::draft::Fields;
use super::word::{
    ActRef, Changes, Class, Codes, Field, Label, Manner, Measures, Mode, PartyKind, Rank, Shown, Text,
};
use crate::party::PartyId;

/// Which dates a kind of act needs and may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// It takes effect on a day and may end by its own terms.
    Lasting,
    /// It takes effect on a day; nothing of it can run out.
    Momentary,
    /// It needs no day: a declaration of a party that always existed, or an act about the register itself.
    Undated,
}

impl Timing {
    /// Whether `effective` must be given.
    #[must_use]
    pub fn needs_effective(self) -> bool {
        self != Self::Undated
    }

    /// Whether `until` may be given.
    #[must_use]
    pub fn may_end(self) -> bool {
        self == Self::Lasting
    }

    pub(super) fn of(kind: &str) -> Self {
        let place = KINDS.iter().position(|known| *known == kind);
        place.map_or(Self::Undated, |place| TIMINGS[place])
    }
}

/// Builds the enum of deeds and everything that must follow its table: names, timing, reading and writing.
macro_rules! vocabulary {
    ($($(#[$doc:meta])* $kind:literal $name:ident $timing:ident { $($field:ident: $type:ty),* $(,)? })+) => {
        /// What was done: one variant for each kind of act, with the fields that it alone carries.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[allow(missing_docs, reason = "the fields are the words of the glossary")]
        pub enum Deed {
            $($(#[$doc])* #[doc = concat!("`", $kind, "`")] $name { $($field: $type),* },)+
        }

        /// Every kind of act, in the order of its binary form.
        pub const KINDS: &[&str] = &[$($kind,)+];

        const TIMINGS: &[Timing] = &[$(Timing::$timing,)+];

        /// The fields that a kind carries beside the common ones.
        #[must_use]
        pub fn fields_of(kind: &str) -> &'static [&'static str] {
            match kind { $($kind => &[$(stringify!($field),)*],)+ _ => &[] }
        }

        impl Deed {
            /// The kind of the act, as it is written.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name { .. } => $kind,)+ }
            }

            /// Takes the fields of a kind; what is missing or unfit is noted there.
            pub(super) fn take(kind: &str, fields: &mut impl Fields) -> Option<Self> {
                match kind {
                    $($kind => {
                        $(let $field: Option<$type> = fields.take(stringify!($field));)*
                        Some(Self::$name { $($field: $field?),* })
                    })+
                    _ => None,
                }
            }

            /// The parties that the act names, each with the name of its field.
            pub fn parties(&self) -> impl Iterator<Item = (&'static str, &PartyId)> {
                let parties: Vec<(&'static str, Option<&PartyId>)> = match self {
                    $(Self::$name { $($field),* } => vec![$((stringify!($field), Field::party($field)),)*],)+
                };
                parties.into_iter().filter_map(|(name, party)| Some((name, party?)))
            }

            /// Hands on each party that the act names.
            pub(crate) fn each_party<'a>(&'a self, mut each: impl FnMut(&'a PartyId)) {
                match self {
                    $(Self::$name { $($field),* } => { $(Field::party($field).into_iter().for_each(&mut each);)* },)+
                }
            }

            /// The earlier act that an act about the register refers to.
            #[must_use]
            pub fn target(&self) -> Option<&ActRef> {
                match self {
                    $(Self::$name { $($field),* } => None$(.or_else(|| Field::act($field)))*,)+
                }
            }

            /// Hands on each field.
            pub(super) fn each_field(&self, each: &mut dyn FnMut(&'static str, Shown<'_>)) {
                match self {
                    $(Self::$name { $($field),* } => { $(each(stringify!($field), Field::shown($field));)* },)+
                }
            }
        }
    };
}

impl Deed {
    /// The party that it declares.
    #[must_use]
    pub fn declares(&self) -> Option<&PartyId> {
        if let Self::EntityCreated { subject, .. } = self { Some(subject) } else { None }
    }

    /// The party that acts.
    #[must_use]
    pub fn actor(&self) -> Option<&PartyId> {
        self.parties().find(|(name, _)| *name == "actor").map(|(_, party)| party)
    }

    /// The party acted upon.
    #[must_use]
    pub fn subject(&self) -> Option<&PartyId> {
        self.parties().find(|(name, _)| *name == "subject").map(|(_, party)| party)
    }
}

vocabulary! {
    "entity.created" EntityCreated Undated { subject: PartyId, party: PartyKind, name: Option<Label>, codes: Codes }
    "entity.renamed" EntityRenamed Momentary { subject: PartyId, name: Label }
    "entity.alias_added" EntityAliasAdded Undated { subject: PartyId, name: Label }
    "entity.dissolved" EntityDissolved Momentary { subject: PartyId }
    "entity.annexed" EntityAnnexed Momentary { actor: Option<PartyId>, subject: PartyId }
    /// The same legal person goes on under another id: `subject` continues `actor`.
    "entity.continued_by" EntityContinuedBy Momentary { actor: PartyId, subject: PartyId }
    /// A new person: `subject` succeeds `actor`, and nothing carries over.
    "entity.succeeded_by" EntitySucceededBy Momentary { actor: PartyId, subject: PartyId }

    "recognition.state" RecognitionState Lasting { actor: PartyId, subject: PartyId, mode: Mode, manner: Manner }
    "recognition.withdrawn" RecognitionWithdrawn Momentary { actor: PartyId, subject: PartyId }
    "recognition.refused" RecognitionRefused Lasting { actor: PartyId, subject: PartyId }
    "recognition.government" RecognitionGovernment Lasting {
        actor: PartyId, subject: PartyId, of: PartyId, mode: Mode, manner: Manner,
    }
    "recognition.government_dealings" RecognitionGovernmentDealings Lasting {
        actor: PartyId, subject: PartyId, of: PartyId,
    }
    "recognition.government_ended" RecognitionGovernmentEnded Momentary {
        actor: PartyId, subject: PartyId, of: PartyId,
    }

    "relations.established" RelationsEstablished Lasting { actor: PartyId, subject: PartyId }
    "relations.restored" RelationsRestored Lasting { actor: PartyId, subject: PartyId }
    "relations.suspended" RelationsSuspended Lasting { actor: PartyId, subject: PartyId }
    "relations.severed" RelationsSevered Momentary { actor: PartyId, subject: PartyId }
    "consular.established" ConsularEstablished Lasting { actor: PartyId, subject: PartyId }
    "consular.severed" ConsularSevered Momentary { actor: PartyId, subject: PartyId }

    "mission.opened" MissionOpened Lasting {
        actor: PartyId, subject: PartyId, post: Option<Label>, rank: Option<Rank>, protecting: Option<PartyId>,
    }
    "mission.rank_changed" MissionRankChanged Lasting {
        actor: PartyId, subject: PartyId, post: Option<Label>, rank: Rank, protecting: Option<PartyId>,
    }
    "mission.suspended" MissionSuspended Lasting { actor: PartyId, subject: PartyId, post: Option<Label> }
    "mission.resumed" MissionResumed Lasting { actor: PartyId, subject: PartyId, post: Option<Label> }
    "mission.closed" MissionClosed Momentary { actor: PartyId, subject: PartyId, post: Option<Label> }

    /// The receiving state agrees to the person (VCDR 4).
    "envoy.agrement_given" EnvoyAgrementGiven Lasting { actor: PartyId, subject: PartyId, person: PartyId }
    "envoy.agrement_refused" EnvoyAgrementRefused Momentary { actor: PartyId, subject: PartyId, person: PartyId }
    "envoy.appointed" EnvoyAppointed Lasting {
        actor: PartyId, subject: PartyId, person: PartyId, class: Option<Class>,
    }
    "envoy.arrived" EnvoyArrived Lasting { actor: PartyId, subject: PartyId, person: PartyId }
    "credentials.copy_received" CredentialsCopyReceived Lasting {
        actor: PartyId, subject: PartyId, person: PartyId, class: Option<Class>,
    }
    /// The receiving state accepts the letter of credence (VCDR 13). It recognises nobody by that.
    "credentials.accepted" CredentialsAccepted Lasting {
        actor: PartyId, subject: PartyId, person: PartyId, class: Option<Class>,
    }
    "envoy.recalled_for_consultations" EnvoyRecalledForConsultations Lasting {
        actor: PartyId, subject: PartyId, person: PartyId,
    }
    "envoy.returned" EnvoyReturned Lasting { actor: PartyId, subject: PartyId, person: PartyId }
    "envoy.recalled" EnvoyRecalled Momentary { actor: PartyId, subject: PartyId, person: PartyId }
    "envoy.ended" EnvoyEnded Momentary {
        actor: PartyId, subject: PartyId, person: PartyId, reason: Option<Label>,
    }
    /// The receiving state will have the person no longer (VCDR 9).
    "envoy.persona_non_grata" EnvoyPersonaNonGrata Momentary { actor: PartyId, subject: PartyId, person: PartyId }

    "sanction.imposed" SanctionImposed Lasting {
        actor: PartyId, subject: PartyId, regime: Label, measures: Measures,
    }
    "sanction.reimposed" SanctionReimposed Lasting {
        actor: PartyId, subject: PartyId, regime: Label, measures: Measures,
    }
    "sanction.renewed" SanctionRenewed Lasting {
        actor: PartyId, subject: PartyId, regime: Label, measures: Measures,
    }
    "sanction.suspended" SanctionSuspended Lasting {
        actor: PartyId, subject: PartyId, regime: Label, measures: Measures,
    }
    "sanction.lifted" SanctionLifted Momentary {
        actor: PartyId, subject: PartyId, regime: Label, measures: Measures,
    }
    "sanction.annulled" SanctionAnnulled Momentary {
        actor: PartyId, subject: PartyId, regime: Label, measures: Measures,
    }
    "regime.created" RegimeCreated Lasting { actor: PartyId, regime: Label }
    "regime.terminated" RegimeTerminated Momentary { actor: PartyId, regime: Label }
    "licence.granted" LicenceGranted Lasting {
        actor: PartyId, subject: Option<PartyId>, regime: Label, measures: Option<Measures>, licence: Label,
    }
    "licence.revoked" LicenceRevoked Momentary {
        actor: PartyId, subject: Option<PartyId>, regime: Label, measures: Option<Measures>, licence: Label,
    }

    "terror.designated" TerrorDesignated Lasting { actor: PartyId, subject: PartyId, list: Label }
    "terror.suspended" TerrorSuspended Lasting { actor: PartyId, subject: PartyId, list: Label }
    "terror.delisted" TerrorDelisted Momentary { actor: PartyId, subject: PartyId, list: Label }

    "membership.joined" MembershipJoined Lasting { actor: PartyId, subject: PartyId }
    "membership.suspended" MembershipSuspended Lasting { actor: PartyId, subject: PartyId }
    "membership.left" MembershipLeft Momentary { actor: PartyId, subject: PartyId }
    "binding.began" BindingBegan Lasting { actor: PartyId, subject: PartyId }
    "binding.ended" BindingEnded Momentary { actor: PartyId, subject: PartyId }

    "visit" Visit Lasting { actor: PartyId, subject: Option<PartyId> }
    "statement" Statement Lasting { actor: PartyId, subject: Option<PartyId> }
    "negotiation" Negotiation Lasting { actor: PartyId, subject: Option<PartyId> }
    "vote" Vote Lasting { actor: PartyId, subject: Option<PartyId> }
    "notice" Notice Lasting { actor: PartyId, subject: Option<PartyId> }

    /// We wrote it wrongly.
    "act.corrected" ActCorrected Undated { actor: Option<PartyId>, act: ActRef, set: Changes }
    /// We should not have written it.
    "act.retracted" ActRetracted Undated { actor: Option<PartyId>, act: ActRef }
    /// The world moved an act before it took effect: `effective` is its new day.
    "act.rescheduled" ActRescheduled Momentary { actor: Option<PartyId>, act: ActRef }
    /// The world called an act off before it took effect.
    "act.cancelled" ActCancelled Undated { actor: Option<PartyId>, act: ActRef }
    "act.disputed" ActDisputed Undated { actor: PartyId, act: ActRef }
    "act.denied" ActDenied Undated { actor: PartyId, act: ActRef }
    "act.confirmed" ActConfirmed Undated { actor: Option<PartyId>, act: ActRef }
    /// A source could not be read. Never a reason to delist anyone.
    "source.failed" SourceFailed Undated {
        actor: Option<PartyId>, subject: Option<PartyId>, list: Option<Label>,
        source: Option<Label>, reason: Option<Text>,
    }
    /// A key may enter acts of some families of kinds.
    "registrar.granted" RegistrarGranted Undated { key: Label, may: Label }
    /// A key may enter nothing any more.
    "registrar.revoked" RegistrarRevoked Undated { key: Label }
    /// Whoever has the key entered so many entries, the last of which is `act`.
    "act.signed" ActSigned Undated { act: ActRef, count: i64, key: Label, signature: Label }
}
