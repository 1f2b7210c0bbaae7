//! What each kind of act moves: the one exhaustive match over the vocabulary.
//!
//! Nothing follows from what is not here. Relations severed close no mission and withdraw no recognition
//! (VCDR 45, VCCR 2 (3)); accepted credentials recognise nobody; a licence lifts nothing.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::act::{Act, Class, Deed, Label, Manner, Measure, Measures, Mode, PartyKind, Rank};
use crate::party::PartyId;
use crate::register::{Key, Register};

use super::value::{Phase, Value, Word};

/// What an act does to one register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// It writes a value, whatever stood before.
    Writes(Value, #[serde(with = "detail")] Detail),
    /// It writes a value and leaves the detail as it was (a mission suspended keeps its rank).
    Keeps(Value),
    /// It ends every measure of its regime that is alive, and touches no other.
    Ends,
}

impl Effect {
    /// The value that it writes.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Writes(value, _) | Self::Keeps(value) => value.clone(),
            Self::Ends => Value::Word(Word::Terminated),
        }
    }

    /// What it writes, where that does not depend on what stood before.
    pub(crate) fn written(&self) -> Option<(&Value, &Detail)> {
        match self {
            Self::Writes(value, detail) => Some((value, detail)),
            Self::Keeps(_) | Self::Ends => None,
        }
    }

    /// The place of the act within a group of one day.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self {
            Self::Writes(value, _) | Self::Keeps(value) => value.phase(),
            Self::Ends => Phase::End,
        }
    }
}

/// What else an act says of its register, such as the rank of a mission: names and words.
///
/// Most are words of closed lists, and borrowed from there; and what an act says is shared by whatever rests on it: whole
/// registers have hundreds of thousands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail(Option<Arc<[Said]>>);

/// A name, and what is said under it.
type Said = (&'static str, Cow<'static, str>);

impl Deref for Detail {
    type Target = [Said];

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().unwrap_or_default()
    }
}

impl FromIterator<Said> for Detail {
    fn from_iter<I: IntoIterator<Item = Said>>(said: I) -> Self {
        let said: SmallVec<[Said; 2]> = said.into_iter().collect();
        Self((!said.is_empty()).then(|| said.as_slice().into()))
    }
}

/// Whether two values are the same standing: the mode of a recognition and the rank of a mission belong to it.
pub(crate) fn says_the_same(one: (&Value, &Detail), other: (&Value, &Detail)) -> bool {
    fn mark<'d>(detail: &'d Detail, name: &str) -> Option<&'d str> {
        detail.iter().find(|(field, _)| *field == name).map(|(_, text)| text.as_ref())
    }
    one.0 == other.0 && ["mode", "rank"].iter().all(|name| mark(one.1, name) == mark(other.1, name))
}

/// The registers that an act moves, each with what the act does to it.
///
/// A terminated regime also ends its sanctions: that is applied where their timelines are made, since the act
/// itself does not name them.
#[must_use]
#[allow(clippy::too_many_lines, reason = "one arm a kind: whoever asks what an act moves reads it here")]
#[rustfmt::skip]
pub fn moves(act: &Act) -> Vec<(Key, Effect)> {
    use Deed as D;
    use Register as R;
    use Word as W;
    match &act.deed {
        D::EntityCreated { subject, party, name, .. } => {
            let exists = with(W::Exists, [("party", Some(listed(party.word())))]);
            let name = name.iter().map(|name| named(subject, name));
            one(Key::of_party(R::Existence, subject), exists).into_iter().chain(name).collect()
        }
        D::EntityRenamed { subject, name } => vec![named(subject, name)],
        D::EntityDissolved { subject } => one(Key::of_party(R::Existence, subject), writes(W::Dissolved)),
        D::EntityAnnexed { actor, subject } => {
            one(Key::of_party(R::Existence, subject), with(W::Annexed, [("by", actor.as_ref().map(party))]))
        }
        D::EntityContinuedBy { actor, subject } => {
            one(Key::of_party(R::Existence, actor), with(W::Continued, [("by", Some(party(subject)))]))
        }

        D::RecognitionState { actor, subject, mode, manner } => {
            one(Key::toward(R::RecognitionState, actor, subject), recognised(*mode, *manner))
        }
        D::RecognitionWithdrawn { actor, subject } => one(Key::toward(R::RecognitionState, actor, subject), writes(W::Withdrawn)),
        D::RecognitionRefused { actor, subject } => one(Key::toward(R::RecognitionState, actor, subject), writes(W::Refused)),
        D::RecognitionGovernment { actor, subject, of, mode, manner } => one(government(actor, subject, of), recognised(*mode, *manner)),
        D::RecognitionGovernmentDealings { actor, subject, of } => one(government(actor, subject, of), writes(W::Dealings)),
        D::RecognitionGovernmentEnded { actor, subject, of } => one(government(actor, subject, of), writes(W::Ended)),

        D::RelationsEstablished { actor, subject } | D::RelationsRestored { actor, subject } => {
            one(Key::between(R::Relations, actor, subject), writes(W::InForce))
        }
        D::RelationsSuspended { actor, subject } => one(Key::between(R::Relations, actor, subject), writes(W::Suspended)),
        D::RelationsSevered { actor, subject } => one(Key::between(R::Relations, actor, subject), writes(W::Severed)),
        D::ConsularEstablished { actor, subject } => one(Key::between(R::Consular, actor, subject), writes(W::InForce)),
        D::ConsularSevered { actor, subject } => one(Key::between(R::Consular, actor, subject), writes(W::Severed)),

        D::MissionOpened { actor, subject, post, rank, protecting } => {
            one(mission(actor, subject, post.as_ref()), open(*rank, protecting.as_ref()))
        }
        D::MissionRankChanged { actor, subject, post, rank, protecting } => {
            one(mission(actor, subject, post.as_ref()), open(Some(*rank), protecting.as_ref()))
        }
        D::MissionSuspended { actor, subject, post } => one(mission(actor, subject, post.as_ref()), keeps(W::Suspended)),
        D::MissionResumed { actor, subject, post } => one(mission(actor, subject, post.as_ref()), keeps(W::Open)),
        D::MissionClosed { actor, subject, post } => one(mission(actor, subject, post.as_ref()), writes(W::Closed)),

        // The register is the sender's: acts of the receiving state have that state as their actor.
        D::EnvoyAgrementGiven { actor, subject, person } => one(envoy(subject, actor, person), writes(W::AgrementGiven)),
        D::EnvoyAgrementRefused { actor, subject, person } => one(envoy(subject, actor, person), writes(W::AgrementRefused)),
        D::EnvoyAppointed { actor, subject, person, class } => {
            one(envoy(actor, subject, person), with(W::Appointed, [("class", class.map(Class::word).map(listed))]))
        }
        D::EnvoyArrived { actor, subject, person } => one(envoy(actor, subject, person), keeps(W::Arrived)),
        D::CredentialsCopyReceived { actor, subject, person, class } => {
            one(envoy(subject, actor, person), credential(W::CopyReceived, *class))
        }
        D::CredentialsAccepted { actor, subject, person, class } => {
            one(envoy(subject, actor, person), credential(W::Accepted, *class))
        }
        D::EnvoyRecalledForConsultations { actor, subject, person } => {
            one(envoy(actor, subject, person), keeps(W::RecalledForConsultations))
        }
        D::EnvoyReturned { actor, subject, person } => one(envoy(actor, subject, person), keeps(W::Returned)),
        D::EnvoyRecalled { actor, subject, person } => one(envoy(actor, subject, person), writes(W::Recalled)),
        D::EnvoyEnded { actor, subject, person, reason } => {
            one(envoy(actor, subject, person), with(W::Ended, [("reason", reason.as_ref().map(|reason| Cow::Owned(reason.to_string())))]))
        }
        D::EnvoyPersonaNonGrata { actor, subject, person } => one(envoy(subject, actor, person), writes(W::PersonaNonGrata)),

        D::SanctionImposed { actor, subject, regime, measures }
        | D::SanctionReimposed { actor, subject, regime, measures }
        | D::SanctionRenewed { actor, subject, regime, measures } => sanction(actor, subject, regime, measures, W::InForce),
        D::SanctionSuspended { actor, subject, regime, measures } => sanction(actor, subject, regime, measures, W::Suspended),
        D::SanctionLifted { actor, subject, regime, measures } => sanction(actor, subject, regime, measures, W::Lifted),
        D::SanctionAnnulled { actor, subject, regime, measures } => sanction(actor, subject, regime, measures, W::Annulled),
        D::RegimeCreated { actor, regime } => one(Key::of_regime(actor, regime), writes(W::InForce)),
        D::RegimeTerminated { actor, regime } => one(Key::of_regime(actor, regime), writes(W::Terminated)),
        D::LicenceGranted { actor, subject, regime, measures, licence } => {
            licences(&licence_key(actor, subject.as_ref(), regime, licence), measures.as_ref(), W::Granted)
        }
        D::LicenceRevoked { actor, subject, regime, measures, licence } => {
            licences(&licence_key(actor, subject.as_ref(), regime, licence), measures.as_ref(), W::Revoked)
        }

        D::TerrorDesignated { actor, subject, list } => one(listing(actor, subject, list), writes(W::Designated)),
        D::TerrorSuspended { actor, subject, list } => one(listing(actor, subject, list), writes(W::Suspended)),
        D::TerrorDelisted { actor, subject, list } => one(listing(actor, subject, list), writes(W::Delisted)),

        D::MembershipJoined { actor, subject } => one(Key::toward(R::Membership, actor, subject), writes(W::Member)),
        D::MembershipSuspended { actor, subject } => one(Key::toward(R::Membership, actor, subject), writes(W::Suspended)),
        D::MembershipLeft { actor, subject } => one(Key::toward(R::Membership, actor, subject), writes(W::Left)),
        D::BindingBegan { actor, subject } => one(Key::toward(R::Binding, actor, subject), writes(W::Bound)),
        D::BindingEnded { actor, subject } => one(Key::toward(R::Binding, actor, subject), writes(W::Ended)),

        // Names to look parties up by, evidence, and acts about the register itself move nothing.
        D::EntityAliasAdded { .. } | D::EntitySucceededBy { .. }
        | D::Visit { .. } | D::Statement { .. } | D::Negotiation { .. } | D::Vote { .. } | D::Notice { .. }
        | D::ActCorrected { .. } | D::ActRetracted { .. } | D::ActRescheduled { .. } | D::ActCancelled { .. }
        | D::ActDisputed { .. } | D::ActDenied { .. } | D::ActConfirmed { .. } | D::SourceFailed { .. }
        | D::RegistrarGranted { .. } | D::RegistrarRevoked { .. } | D::ActSigned { .. } => Vec::new(),
    }
}

fn one(key: Key, effect: Effect) -> Vec<(Key, Effect)> {
    vec![(key, effect)]
}

fn writes(word: Word) -> Effect {
    with(word, [])
}

fn keeps(word: Word) -> Effect {
    Effect::Keeps(Value::Word(word))
}

fn with<const N: usize>(word: Word, detail: [(&'static str, Option<Cow<'static, str>>); N]) -> Effect {
    let present = detail.into_iter().filter_map(|(name, text)| Some((name, text?)));
    Effect::Writes(Value::Word(word), present.collect())
}

fn listed(word: &'static str) -> Cow<'static, str> {
    Cow::Borrowed(word)
}

fn party(id: &PartyId) -> Cow<'static, str> {
    Cow::Owned(id.as_str().to_owned())
}

fn recognised(mode: Mode, manner: Manner) -> Effect {
    with(Word::Recognised, [("mode", Some(listed(mode.word()))), ("manner", Some(listed(manner.word())))])
}

fn open(rank: Option<Rank>, protecting: Option<&PartyId>) -> Effect {
    with(Word::Open, [("rank", rank.map(Rank::word).map(listed)), ("protecting", protecting.map(party))])
}

/// Credentials that name no class leave it as the appointment gave it.
fn credential(word: Word, class: Option<Class>) -> Effect {
    class.map_or_else(|| keeps(word), |class| with(word, [("class", Some(listed(class.word())))]))
}

fn named(party: &PartyId, name: &Label) -> (Key, Effect) {
    (Key::of_party(Register::Name, party), Effect::Writes(Value::Name(name.clone()), Detail::default()))
}

fn government(actor: &PartyId, subject: &PartyId, of: &PartyId) -> Key {
    Key { of: Some(of.clone()), ..Key::toward(Register::RecognitionGovernment, actor, subject) }
}

fn mission(sender: &PartyId, host: &PartyId, post: Option<&Label>) -> Key {
    Key { post: post.cloned(), ..Key::toward(Register::Mission, sender, host) }
}

fn envoy(sender: &PartyId, host: &PartyId, person: &PartyId) -> Key {
    Key { person: Some(person.clone()), ..Key::toward(Register::Envoy, sender, host) }
}

fn listing(actor: &PartyId, subject: &PartyId, list: &Label) -> Key {
    Key { list: Some(list.clone()), ..Key::toward(Register::Terror, actor, subject) }
}

/// One register for each measure: a partial lifting closes some and leaves others.
fn sanction(
    actor: &PartyId,
    subject: &PartyId,
    regime: &Label,
    measures: &Measures,
    word: Word,
) -> Vec<(Key, Effect)> {
    let key = Key { regime: Some(regime.clone()), ..Key::toward(Register::Sanction, actor, subject) };
    per_measure(&key, measures, word)
}

fn per_measure(key: &Key, measures: &Measures, word: Word) -> Vec<(Key, Effect)> {
    let of_measure = |measure: &Measure| (Key { measure: Some(*measure), ..key.clone() }, writes(word));
    measures.as_slice().iter().map(of_measure).collect()
}

fn licence_key(actor: &PartyId, subject: Option<&PartyId>, regime: &Label, licence: &Label) -> Key {
    Key {
        register: Register::Licence,
        subject: subject.cloned(),
        licence: Some(licence.clone()),
        ..Key::of_regime(actor, regime)
    }
}

/// A licence without measures is for all of its regime, one without a subject is for all targets.
fn licences(key: &Key, measures: Option<&Measures>, word: Word) -> Vec<(Key, Effect)> {
    match measures {
        None => one(key.clone(), writes(word)),
        Some(measures) => per_measure(key, measures, word),
    }
}

/// Details in few bytes: the names as their places in a list.
mod detail {
    use std::borrow::Cow;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use smallvec::SmallVec;

    use super::{Class, Detail, Manner, Mode, PartyKind, Rank};

    /// Every name, with the words of its closed list, where it has one. New ones are appended.
    const NAMES: [(&str, &[&str]); 8] = [
        ("mode", Mode::WORDS),
        ("manner", Manner::WORDS),
        ("rank", Rank::WORDS),
        ("protecting", &[]),
        ("class", Class::WORDS),
        ("party", PartyKind::WORDS),
        ("by", &[]),
        ("reason", &[]),
    ];

    /// One of them: the place of its name, and that of its word or the text.
    #[derive(Serialize, Deserialize)]
    enum Told<'a> {
        Word(u8, u8),
        Text(u8, &'a str),
    }

    pub(super) fn serialize<S: Serializer>(detail: &Detail, serializer: S) -> Result<S::Ok, S::Error> {
        let place = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let told = |(name, text): &'_ (&'static str, Cow<'static, str>)| {
            let name = NAMES.iter().position(|(other, _)| other == name).unwrap_or(NAMES.len());
            let words = NAMES.get(name).map_or(&[][..], |(_, words)| words);
            let word = words.iter().position(|word| *word == text.as_ref());
            (place(name), word.map(place))
        };
        serializer.collect_seq(detail.iter().map(|one| match told(one) {
            (name, Some(word)) => Told::Word(name, word),
            (name, None) => Told::Text(name, &one.1),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Detail, D::Error> {
        let known = |told: Told<'_>| match told {
            Told::Word(name, word) => {
                let (name, words) = NAMES.get(usize::from(name))?;
                Some((*name, Cow::Borrowed(*words.get(usize::from(word))?)))
            }
            Told::Text(name, text) => Some((NAMES.get(usize::from(name))?.0, Cow::Owned(text.to_owned()))),
        };
        let told: SmallVec<[Told<'_>; 2]> = SmallVec::deserialize(deserializer)?;
        told.into_iter().map(|one| known(one).ok_or_else(|| D::Error::custom("an unknown detail"))).collect()
    }
}
