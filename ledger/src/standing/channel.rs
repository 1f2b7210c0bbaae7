//! Channels: what a collective does reaches its members, and those bound by it, while they are.
//!
//! A measure of a collective is one act of one party. Each member stands as it does, on the days on which it is a
//! member (or bound, as the United Kingdom was by the measures of the European Union during 2020), and the answer
//! names the collective as its channel. A member of a member is reached as well.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::party::PartyId;
use crate::register::{Key, Register};

use super::answer::{Circumstances, Question, Standing, World};
use super::registers::Entries;
use super::timeline::{Certainty, Outcome};
use super::value::Word;

/// The registers of a collective that reach its members.
const REACHING: [Register; 2] = [Register::Sanction, Register::Terror];

/// How a party is tied to a collective on the day.
#[derive(Debug, Clone)]
struct Tie {
    certainty: Certainty,
    basis: Entries,
}

/// The standings that reach parties through collectives.
pub(super) fn through(world: &World<'_>, question: &Question) -> Vec<Standing> {
    let ties = ties(world, question);
    let mut standings = Vec::new();
    for register in REACHING {
        if question.register.is_some_and(|asked| asked != register) {
            continue;
        }
        let all = Question { register: Some(register), actor: None, through: false, ..question.clone() };
        for found in world.timelines(&all) {
            let Some(collective) = &found.key.actor else { continue };
            let reached =
                ties.iter().filter(|((_, of), _)| of == collective).map(|((member, _), tie)| (member, tie));
            let own = if ties.keys().any(|(_, of)| of == collective) {
                world.standings(&found)
            } else {
                Vec::new()
            };
            for (member, tie) in reached {
                let asked = question.actor.as_ref().is_none_or(|actor| world.heir(actor) == member);
                if asked {
                    standings.extend(reach(&own, member, collective, tie));
                }
            }
        }
    }
    standings.sort_by(|a, b| (&a.key, &a.circumstances.channel).cmp(&(&b.key, &b.circumstances.channel)));
    standings
}

/// The standings of a collective, as those of a member.
fn reach(own: &[Standing], member: &PartyId, collective: &PartyId, tie: &Tie) -> Vec<Standing> {
    let as_member = |standing: &Standing| {
        let mut standing = standing.clone();
        standing.key = Arc::new(Key { actor: Some(member.clone()), ..Key::clone(&standing.key) });
        let channel = Some(collective.clone());
        standing.circumstances =
            Circumstances { channel, ..Circumstances::clone(&standing.circumstances) }.into();
        standing.certainty = standing.certainty.max(tie.certainty);
        standing.basis.extend_from_slice(&tie.basis);
        standing.basis.sort_unstable();
        standing.basis.dedup();
        standing
    };
    let mut reached: Vec<Standing> = own.iter().map(as_member).collect();
    // Perhaps it was no member that day: then nothing reached it.
    if let (Certainty::Possible, Some(first)) = (tie.certainty, reached.first())
        && !reached.iter().any(|standing| standing.value.is(Word::None))
    {
        let channel = Some(collective.clone());
        let nothing = Standing {
            circumstances: Circumstances { channel, ..Circumstances::NOTHING }.into(),
            certainty: Certainty::Possible,
            ..Standing::of(first.key.clone(), Outcome::none())
        };
        reached.insert(0, nothing);
    }
    reached
}

/// Who is a member of what, or bound by it, through however many steps.
fn ties(world: &World<'_>, question: &Question) -> BTreeMap<(PartyId, PartyId), Tie> {
    let mut ties: BTreeMap<(PartyId, PartyId), Tie> = BTreeMap::new();
    for (register, word) in [(Register::Membership, Word::Member), (Register::Binding, Word::Bound)] {
        for found in world.timelines(&Question::about(register, question.as_of)) {
            let holds = world.standings(&found).into_iter().find(|standing| standing.value.is(word));
            let (Some(holds), Some(member), Some(of)) = (holds, &found.key.actor, &found.key.subject) else {
                continue;
            };
            add(
                &mut ties,
                (member.clone(), of.clone()),
                Tie { certainty: holds.certainty, basis: holds.basis },
            );
        }
    }
    close(&mut ties);
    ties
}

/// Members of members: until nothing new is found.
fn close(ties: &mut BTreeMap<(PartyId, PartyId), Tie>) {
    loop {
        let collectives: BTreeSet<&PartyId> = ties.keys().map(|(_, of)| of).collect();
        let mut further = Vec::new();
        for ((member, of), tie) in ties.iter() {
            if !collectives.contains(member) {
                continue;
            }
            // `member` is itself a collective: its own members are tied to `of` as well.
            for ((inner, _), inner_tie) in ties.iter().filter(|((_, collective), _)| collective == member) {
                let reaches = inner != of && !ties.contains_key(&(inner.clone(), of.clone()));
                if reaches {
                    let basis = inner_tie.basis.iter().chain(&tie.basis).copied().collect();
                    let certainty = tie.certainty.max(inner_tie.certainty);
                    further.push(((inner.clone(), of.clone()), Tie { certainty, basis }));
                }
            }
        }
        if further.is_empty() {
            return;
        }
        for (pair, tie) in further {
            add(ties, pair, tie);
        }
    }
}

/// Of two ties between the same parties, a certain one goes before one that is only possible.
fn add(ties: &mut BTreeMap<(PartyId, PartyId), Tie>, pair: (PartyId, PartyId), tie: Tie) {
    let old = ties.entry(pair).or_insert_with(|| tie.clone());
    if tie.certainty < old.certainty {
        *old = tie;
    }
}
