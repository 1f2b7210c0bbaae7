//! Findings: what in the register contradicts itself, or leaves an answer open.
//!
//! None of it is refused when it comes in: history reaches a register out of order. A check reads the acts that
//! count and returns a list, each finding with its entries and a way out.

use std::collections::BTreeMap;

use crate::abreast::abreast;
use crate::act::{Claim, Deed, Stance};
use crate::date::{Date, Day};
use crate::party::PartyId;
use crate::register::{Key, Register};

use super::answer::{Found, Question, World};
use super::effect::Effect;
use super::knowledge::{Knowledge, Known};
use super::registers::{Move, Registers};
use super::timeline::{Outcome, Timeline};
use super::value::{Value, Word};

/// Something that a registrar should look at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The entries that it is about, the one to look at first.
    pub entries: Vec<u64>,
    /// What kind of finding it is.
    pub kind: FindingKind,
    /// What was found.
    pub words: String,
}

crate::act::word::words! {
    /// The kinds of finding.
    FindingKind {
        /// An act restores or resumes what no act had interrupted.
        RestoredNeverBroken = "restored_never_broken",
        /// An act ends, suspends or renews what no act had begun.
        EndedNeverBegun = "ended_never_begun",
        /// An act names a party after the end of that party.
        AfterTheEnd = "after_the_end",
        /// What had run out by its own terms was renewed later.
        RenewedAfterExpiry = "renewed_after_expiry",
        /// One source gives two dates for one act.
        TwoDates = "two_dates",
        /// A source denies the act that it is given for.
        Denying = "denying",
        /// One party recognises two governments of one state.
        TwoGovernments = "two_governments",
        /// One sender has two heads of mission with one host.
        TwoHeads = "two_heads",
        /// A date is not known closely enough to answer for the day of the check.
        Open = "open",
    }
}

impl FindingKind {
    /// The way out.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::RestoredNeverBroken => {
                "enter the act that broke it, or record the first one as established"
            }
            Self::EndedNeverBegun => "enter the act that began it, if it is known",
            Self::AfterTheEnd => "name the successor, or correct the date of one of the two",
            Self::RenewedAfterExpiry => "record the new one as imposed, or correct `until` of the old one",
            Self::TwoDates => "decide: correct one, retract one, or give both as an interval",
            Self::Denying => "record who denies it with `chancery deny`, or retract the act",
            Self::TwoGovernments => "end the recognition of one with recognition.government_ended",
            Self::TwoHeads => "end the accreditation of the first with envoy.ended",
            Self::Open => "find the day, and correct `effective`",
        }
    }
}

/// The registers that are compared with one another.
const COMPARED: [Register; 3] = [Register::RecognitionGovernment, Register::Envoy, Register::Existence];

/// Every finding, as of a day, in the order of the entries; the registers are those of what was known.
#[must_use]
pub fn check(knowledge: &Knowledge<'_>, registers: &Registers, as_of: Day) -> Vec<Finding> {
    let world = World::new(registers, Day::MAX);
    let every = Question { as_of: Day::MAX, register: None, actor: None, subject: None, through: false };
    let of_one = |register: &Found<'_>| {
        let mut findings = without_ground(knowledge, register);
        findings.extend(renewed_after_expiry(knowledge, register));
        findings.extend(two_dates(knowledge, register));
        findings.extend(open(register, as_of));
        findings
    };
    // Some are held against others of their kind; the rest go as they come.
    let told = world.told(
        &every,
        Day::MAX,
        |_, _| true,
        |found, told| {
            let findings = of_one(&found);
            let compared = COMPARED.contains(&found.key.register).then_some(found);
            if !findings.is_empty() || compared.is_some() {
                told.push((findings, compared));
            }
        },
    );
    let (mut findings, mut found) = (Vec::new(), Vec::new());
    for (of_one, compared) in told {
        findings.extend(of_one);
        found.extend(compared);
    }
    findings.extend(rivals(&found, Register::RecognitionGovernment));
    findings.extend(rivals(&found, Register::Envoy));
    findings.extend(of_acts(knowledge, &ends(&found)));
    findings.sort();
    findings.dedup();
    findings
}

/// Acts that presuppose another: each needs, just before it, one of the values named here.
fn ground_of(deed: &Deed) -> Option<(FindingKind, &'static [Word])> {
    use FindingKind::{EndedNeverBegun as Ended, RestoredNeverBroken as Restored};
    #[allow(clippy::wildcard_enum_match_arm, reason = "every other kind stands on nothing")]
    match deed {
        Deed::RelationsRestored { .. } => Some((Restored, &[Word::Severed, Word::Suspended, Word::Expired])),
        Deed::MissionResumed { .. } => Some((Restored, &[Word::Suspended, Word::Expired])),
        Deed::SanctionReimposed { .. } => Some((
            Restored,
            &[Word::Lifted, Word::Suspended, Word::Annulled, Word::Expired, Word::Terminated],
        )),
        Deed::EnvoyReturned { .. } => Some((Restored, &[Word::RecalledForConsultations, Word::Expired])),
        Deed::RelationsSevered { .. } | Deed::RelationsSuspended { .. } | Deed::ConsularSevered { .. } => {
            Some((Ended, &[Word::InForce, Word::Suspended]))
        }
        Deed::MissionClosed { .. } | Deed::MissionSuspended { .. } | Deed::MissionRankChanged { .. } => {
            Some((Ended, &[Word::Open, Word::Suspended]))
        }
        Deed::SanctionLifted { .. }
        | Deed::SanctionSuspended { .. }
        | Deed::SanctionAnnulled { .. }
        | Deed::SanctionRenewed { .. } => Some((Ended, &[Word::InForce, Word::Suspended, Word::Expired])),
        Deed::TerrorDelisted { .. } | Deed::TerrorSuspended { .. } => {
            Some((Ended, &[Word::Designated, Word::Suspended]))
        }
        Deed::RecognitionWithdrawn { .. } => Some((Ended, &[Word::Recognised])),
        Deed::RecognitionGovernmentEnded { .. } => Some((Ended, &[Word::Recognised, Word::Dealings])),
        Deed::RegimeTerminated { .. } => Some((Ended, &[Word::InForce])),
        Deed::LicenceRevoked { .. } => Some((Ended, &[Word::Granted])),
        Deed::MembershipLeft { .. } | Deed::MembershipSuspended { .. } => {
            Some((Ended, &[Word::Member, Word::Suspended]))
        }
        Deed::BindingEnded { .. } => Some((Ended, &[Word::Bound])),
        _ => None,
    }
}

/// Acts whose ground no possible order of the acts gives.
fn without_ground(knowledge: &Knowledge<'_>, found: &Found<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, step) in found.timeline.moves().enumerate() {
        let Some(known) = knowledge.act(step.number) else { continue };
        // The end of a regime ends its sanctions as a whole; that it finds none alive is no finding.
        let own = step.effect != Effect::Ends;
        let Some((kind, ground)) = ground_of(&known.act.deed).filter(|_| own) else { continue };
        let before = found.timeline.before(place);
        if !before.iter().any(|outcome| ground.iter().any(|word| outcome.value.is(*word))) {
            let stood =
                before.first().map_or_else(|| "none".to_owned(), |outcome| outcome.value.as_str().to_owned());
            let words = format!("{}, where {} stood as {stood}", known.act.deed.kind(), name(&found.key));
            findings.push(Finding { entries: vec![step.number], kind, words });
        }
    }
    findings
}

fn renewed_after_expiry(knowledge: &Knowledge<'_>, found: &Found<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, step) in found.timeline.moves().enumerate() {
        let known = knowledge.act(step.number);
        if !known.is_some_and(|known| matches!(known.act.deed, Deed::SanctionRenewed { .. })) {
            continue;
        }
        let Some(day) = step.effective.as_ref().map(Date::earliest) else { continue };
        let gap = |outcome: &&Outcome| {
            outcome.until.as_ref().is_some_and(|until| until.latest().tomorrow().is_ok_and(|next| next < day))
        };
        if let Some(lapsed) = found.timeline.before(place).iter().find(gap) {
            let until = lapsed.until.as_ref().map(ToString::to_string).unwrap_or_default();
            let words = format!("{} ran out on {until} and was renewed on {day}", name(&found.key));
            let mut entries = vec![step.number];
            entries.extend(&lapsed.basis);
            findings.push(Finding { entries, kind: FindingKind::RenewedAfterExpiry, words });
        }
    }
    findings
}

/// Two acts of one kind and register, with different days, on the word of one source.
fn two_dates(knowledge: &Knowledge<'_>, found: &Found<'_>) -> Vec<Finding> {
    let mut by_source: BTreeMap<(&str, &str), &Known<'_>> = BTreeMap::new();
    let mut findings = Vec::new();
    if found.timeline.moves().nth(1).is_none() {
        return findings;
    }
    for known in found.timeline.moves().filter_map(|step| knowledge.act(step.number)) {
        for claim in known.act.claims.iter().filter(|claim| is_one_document(claim)) {
            let this = (claim.source.as_str(), known.act.deed.kind());
            let Some(other) = by_source.insert(this, known) else { continue };
            if other.act.effective != known.act.effective && same_locator(other, known, claim) {
                let words = format!("{}: {} gives two days for it", name(&found.key), claim.source);
                let entries = vec![known.entry.number, other.entry.number];
                findings.push(Finding { entries, kind: FindingKind::TwoDates, words });
            }
        }
    }
    findings
}

/// A source is one document when a digest, an address or a place in it says which.
fn is_one_document(claim: &Claim) -> bool {
    claim.digest.is_some() || claim.url.is_some() || claim.locator.is_some()
}

fn same_locator(other: &Known<'_>, known: &Known<'_>, claim: &Claim) -> bool {
    let same = |earlier: &Claim| {
        (&earlier.source, &earlier.url, &earlier.locator) == (&claim.source, &claim.url, &claim.locator)
    };
    other.entry.number != known.entry.number && other.act.claims.iter().any(same)
}

fn open(found: &Found<'_>, as_of: Day) -> Option<Finding> {
    if !found.timeline.may_be_open() {
        return None;
    }
    let outcomes = found.timeline.at(as_of);
    if outcomes.len() < 2 {
        return None;
    }
    let values: Vec<&str> = outcomes.iter().map(|outcome| outcome.value.as_str()).collect();
    let mut entries: Vec<u64> = outcomes.iter().flat_map(|outcome| outcome.basis.iter().copied()).collect();
    entries.sort_unstable();
    entries.dedup();
    let words = format!("{} is {} on {as_of}", name(&found.key), values.join(" or "));
    Some(Finding { entries, kind: FindingKind::Open, words })
}

/// Registers that exclude each other: governments of one state, ambassadors of one sender with one host.
fn rivals(found: &[Found<'_>], register: Register) -> Vec<Finding> {
    let mut groups: BTreeMap<(Option<&PartyId>, Option<&PartyId>), Vec<&Found<'_>>> = BTreeMap::new();
    for found in found.iter().filter(|found| found.key.register == register) {
        // Governments exclude each other for one state, heads of mission with one host.
        let over = found.key.of.as_ref().or(found.key.subject.as_ref());
        groups.entry((found.key.actor.as_ref(), over)).or_default().push(found);
    }
    let mut findings = Vec::new();
    for group in groups.into_values().filter(|group| group.len() > 1) {
        for step in group.iter().flat_map(|found| found.timeline.moves()) {
            let Some(day) = step.effective.as_ref().map(Date::latest) else { continue };
            findings.extend(overlap(&group, register, step, day));
        }
    }
    findings
}

fn overlap(group: &[&Found<'_>], register: Register, step: &Move, day: Day) -> Option<Finding> {
    let holders: Vec<(&Found<'_>, Outcome)> =
        group.iter().filter_map(|found| Some((*found, holds(&found.timeline, day)?))).collect();
    let began = holders.iter().any(|(_, outcome)| outcome.basis.contains(&step.number));
    if holders.len() < 2 || !began {
        return None;
    }
    let mut entries = vec![step.number];
    entries.extend(
        holders
            .iter()
            .flat_map(|(_, outcome)| outcome.basis.iter().copied())
            .filter(|entry| *entry != step.number),
    );
    let names: Vec<String> = holders.iter().map(|(found, _)| name(&found.key)).collect();
    let kind = if register == Register::Envoy { FindingKind::TwoHeads } else { FindingKind::TwoGovernments };
    Some(Finding { entries, kind, words: format!("on {day} at once: {}", names.join("; ")) })
}

/// The outcome that excludes a rival, if it is certain on the day.
fn holds(timeline: &Timeline<'_>, day: Day) -> Option<Outcome> {
    let mut outcomes = timeline.at(day);
    let only = outcomes.pop().filter(|_| outcomes.is_empty())?;
    let is_ambassador = only.detail.iter().any(|(name, text)| *name == "class" && text == "ambassador");
    let excludes = only.value.is(Word::Recognised) || (only.value.is(Word::Accepted) && is_ambassador);
    excludes.then_some(only)
}

/// The parties that have surely ended: when, and by which entry.
fn ends<'f>(found: &'f [Found<'_>]) -> BTreeMap<&'f PartyId, (Day, u64)> {
    let mut ends = BTreeMap::new();
    for existence in found.iter().filter(|found| found.key.register == Register::Existence) {
        let Some(party) = &existence.key.subject else { continue };
        let last = existence.timeline.at(Day::MAX);
        if let [outcome] = last.as_slice()
            && !matches!(outcome.value, Value::Word(Word::Exists | Word::None))
            && let (Some(since), Some(entry)) = (&outcome.since, outcome.basis.first())
        {
            ends.insert(party, (since.latest(), *entry));
        }
    }
    ends
}

/// What is found of acts by themselves: of each that counts.
fn of_acts(knowledge: &Knowledge<'_>, ends: &BTreeMap<&PartyId, (Day, u64)>) -> Vec<Finding> {
    abreast(
        knowledge.acts.iter().collect(),
        |_, _| true,
        |share| {
            let counting = share.into_iter().filter(|known| known.counts());
            counting.flat_map(|known| late(known, ends).into_iter().chain(denying(known))).collect()
        },
    )
}

/// An act that names a party after it had surely ended.
fn late(known: &Known<'_>, ends: &BTreeMap<&PartyId, (Day, u64)>) -> Option<Finding> {
    let day = known.act.effective.as_ref()?.earliest();
    let names_parties_only = known.act.deed.kind().starts_with("entity.");
    if ends.is_empty() || names_parties_only {
        return None;
    }
    let mut first = None;
    known.act.deed.each_party(|party| {
        let ended = || ends.get(party).filter(|(end, _)| *end < day);
        first = first.or_else(|| ended().map(|(end, entry)| (party, end, entry)));
    });
    let (party, end, entry) = first?;
    let words = format!("{} of {day} names {party}, which ended on {end}", known.act.deed.kind());
    Some(Finding { entries: vec![known.entry.number, *entry], kind: FindingKind::AfterTheEnd, words })
}

fn denying(known: &Known<'_>) -> Option<Finding> {
    let Claim { source, .. } = known.act.claims.iter().find(|claim| claim.stance == Stance::Denies)?;
    let words = format!("{} is denied by {source}", known.act.deed.kind());
    Some(Finding { entries: vec![known.entry.number], kind: FindingKind::Denying, words })
}

/// A register in a few words: `relations of CUB and USA (regime EO 13692)`.
fn name(key: &Key) -> String {
    let mut name = format!("{} of ", key.register.word());
    for (place, party) in [&key.actor, &key.subject].into_iter().flatten().enumerate() {
        name.push_str(if place > 0 { " and " } else { "" });
        name.push_str(party.as_str());
    }
    let rest = super::answer::key_fields(key);
    for (place, (field, text)) in rest.iter().enumerate() {
        name.push_str(if place > 0 { ", " } else { " (" });
        name.push_str(field);
        name.push(' ');
        name.push_str(text);
    }
    name.push_str(if rest.is_empty() { "" } else { ")" });
    name
}
