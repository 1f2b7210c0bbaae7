//! A policy: whose word a verifier takes, in the words of c2sp.org/tlog-policy.
//!
//! ```text
//! log <verifier key> [url]                 the name of the key is the origin of the log
//! witness <name> <verifier key> [url]
//! group <name> <k|any|all> <member>…       members are witnesses and groups named above
//! quorum <name|none>                       exactly once
//! ```
//!
//! Blank lines, and lines that begin with `#`, say nothing. A quorum counts keys and not lines: two witnesses with
//! one public key are refused, and so is a member that counts in two groups.

use std::collections::{BTreeMap, BTreeSet};

use crate::checkpoint::{NotSigned, Signed};
use crate::note::{NotAKey, Purpose, VerifierKey};

/// Whose word a verifier takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<(String, VerifierKey)>,
    quorum: Rule,
}

/// Which witnesses must have cosigned.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Rule {
    None,
    /// The place of a witness in the policy.
    Witness(usize),
    /// So many of these.
    Group(usize, Vec<Rule>),
}

/// A line of a policy that cannot be taken at its word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {flaw}")]
pub struct NotAPolicy {
    /// The number of the line; one past the last where something is missing.
    pub line: usize,
    /// What is wrong.
    pub flaw: PolicyFlaw,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFlaw {
    /// The line is none of those that a policy has.
    #[error("`{0}`: a line says `log KEY`, `witness NAME KEY`, `group NAME K MEMBER…` or `quorum NAME`")]
    Line(String),
    /// A key is none.
    #[error("`{0}` is not a verifier key: {1}")]
    Key(String, NotAKey),
    /// A key is for something else.
    #[error("`{key}` is the key of a {}", .purpose.word())]
    Purpose {
        /// The key.
        key: String,
        /// What it is for.
        purpose: Purpose,
    },
    /// A public key stands in it already.
    #[error("the public key of `{0}` stands in the policy already: one key counts once")]
    SameKey(String),
    /// A name is taken.
    #[error("the name `{0}` is taken")]
    Name(String),
    /// A name was not defined above.
    #[error("no witness or group above is named `{0}`")]
    Unknown(String),
    /// A name is a member of two groups, or twice of one.
    #[error("`{0}` is a member of a group already")]
    TwiceMember(String),
    /// A group wants none of its members, or more than it has.
    #[error("`{wanted}` of {members} members: write `any`, `all`, or a number from 1 to {members}")]
    Least {
        /// What the line says.
        wanted: String,
        /// How many members the group has.
        members: usize,
    },
    /// The quorum is given twice, or not at all.
    #[error("a policy has exactly one `quorum` line (`quorum none` asks for no witness)")]
    Quorum,
    /// There is no log.
    #[error("the policy names no log")]
    NoLog,
}

/// Whose word was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The key of the log.
    pub log: VerifierKey,
    /// The witnesses whose cosignatures hold, by name in the policy, and when they cosigned, in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
}

/// Why a checkpoint is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotVouched {
    /// The policy does not know the log.
    #[error("the policy knows no log `{origin}`; it knows {}", .known.join(", "))]
    UnknownOrigin {
        /// The origin of the checkpoint.
        origin: String,
        /// The logs of the policy.
        known: Vec<String>,
    },
    /// A signature is missing or false.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// Too few witnesses have cosigned.
    #[error("too few witnesses of the policy have cosigned it: {}", if .have.is_empty() { "none".to_owned() } else { .have.join(", ") })]
    Quorum {
        /// Those who have.
        have: Vec<String>,
    },
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`NotAPolicy`], the first line that cannot be taken at its word.
    pub fn parse(text: &str) -> Result<Self, NotAPolicy> {
        let mut reading = Reading::default();
        let mut count = 0;
        for (line, words) in (1..).zip(text.lines()) {
            count = line;
            reading.line(words).map_err(|flaw| NotAPolicy { line, flaw })?;
        }
        let missing = |flaw| NotAPolicy { line: count + 1, flaw };
        let quorum = reading.quorum.ok_or_else(|| missing(PolicyFlaw::Quorum))?;
        if reading.logs.is_empty() {
            return Err(missing(PolicyFlaw::NoLog));
        }
        Ok(Self { logs: reading.logs, witnesses: reading.witnesses, quorum })
    }

    /// The key of the log that a checkpoint is of, whose signature is verified; witnesses are not asked.
    ///
    /// # Errors
    /// [`NotVouched`].
    pub fn log_of(&self, signed: &Signed) -> Result<&VerifierKey, NotVouched> {
        let origin = &signed.checkpoint.origin;
        let mut refused = NotVouched::UnknownOrigin {
            origin: origin.clone(),
            known: self.logs.iter().map(|key| format!("`{}`", key.name())).collect(),
        };
        for key in self.logs.iter().filter(|key| key.name() == origin) {
            match signed.verify_log(key) {
                Ok(()) => return Ok(key),
                Err(error) => refused = error.into(),
            }
        }
        Err(refused)
    }

    /// Accepts a checkpoint that a known log has signed and a quorum of the witnesses has cosigned. A false
    /// cosignature of a known witness is refused even where the quorum would do without it.
    ///
    /// # Errors
    /// [`NotVouched`].
    pub fn accept(&self, signed: &Signed) -> Result<Vouched, NotVouched> {
        let log = self.log_of(signed)?.clone();
        let mut times = Vec::with_capacity(self.witnesses.len());
        for (_, key) in &self.witnesses {
            times.push(match signed.verify_witness(key) {
                Ok(seconds) => Some(seconds),
                Err(NotSigned::Missing { .. }) => None,
                Err(error) => return Err(error.into()),
            });
        }
        let cosigned = self.witnesses.iter().zip(&times);
        let witnesses: Vec<(String, u64)> =
            cosigned.filter_map(|((name, _), time)| Some((name.clone(), (*time)?))).collect();
        if self.quorum.is_met(&times) {
            Ok(Vouched { log, witnesses })
        } else {
            Err(NotVouched::Quorum { have: witnesses.into_iter().map(|(name, _)| name).collect() })
        }
    }
}

impl Rule {
    fn is_met(&self, times: &[Option<u64>]) -> bool {
        match self {
            Self::None => true,
            Self::Witness(place) => times.get(*place).is_some_and(Option::is_some),
            Self::Group(least, members) => {
                members.iter().filter(|member| member.is_met(times)).count() >= *least
            }
        }
    }
}

/// A policy while it is read.
#[derive(Default)]
struct Reading {
    logs: Vec<VerifierKey>,
    witnesses: Vec<(String, VerifierKey)>,
    rules: BTreeMap<String, Rule>,
    members: BTreeSet<String>,
    quorum: Option<Rule>,
}

impl Reading {
    fn line(&mut self, line: &str) -> Result<(), PolicyFlaw> {
        // Blanks and tabs part words, and nothing else does.
        let words: Vec<&str> = line.split([' ', '\t']).filter(|word| !word.is_empty()).collect();
        match words[..] {
            [] => Ok(()),
            [first, ..] if first.starts_with('#') => Ok(()),
            ["log", key] | ["log", key, _] => {
                let key = self.new_key(key, Purpose::Log)?;
                self.logs.push(key);
                Ok(())
            }
            ["witness", name, key] | ["witness", name, key, _] => {
                let key = self.new_key(key, Purpose::Witness)?;
                self.define(name, Rule::Witness(self.witnesses.len()))?;
                self.witnesses.push((name.to_owned(), key));
                Ok(())
            }
            ["group", name, least, ref members @ ..] if !members.is_empty() => {
                let group = self.group(least, members)?;
                self.define(name, group)
            }
            ["quorum", name] => self.set_quorum(name),
            _ => Err(PolicyFlaw::Line(line.to_owned())),
        }
    }

    fn new_key(&self, text: &str, purpose: Purpose) -> Result<VerifierKey, PolicyFlaw> {
        let key = VerifierKey::parse(text).map_err(|error| PolicyFlaw::Key(text.to_owned(), error))?;
        if key.purpose() != purpose {
            return Err(PolicyFlaw::Purpose { key: text.to_owned(), purpose: key.purpose() });
        }
        let mut others = self.logs.iter().chain(self.witnesses.iter().map(|(_, key)| key));
        if others.any(|other| other.public() == key.public()) {
            return Err(PolicyFlaw::SameKey(text.to_owned()));
        }
        Ok(key)
    }

    fn define(&mut self, name: &str, rule: Rule) -> Result<(), PolicyFlaw> {
        if name == "none" || self.rules.contains_key(name) {
            return Err(PolicyFlaw::Name(name.to_owned()));
        }
        self.rules.insert(name.to_owned(), rule);
        Ok(())
    }

    fn group(&mut self, wanted: &str, names: &[&str]) -> Result<Rule, PolicyFlaw> {
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let rule = self.rules.get(*name).ok_or_else(|| PolicyFlaw::Unknown((*name).to_owned()))?;
            members.push(rule.clone());
            if !self.members.insert((*name).to_owned()) {
                return Err(PolicyFlaw::TwiceMember((*name).to_owned()));
            }
        }
        let number = wanted.parse().ok().filter(|number: &usize| number.to_string() == wanted);
        let least = match wanted {
            "any" => Some(1),
            "all" => Some(members.len()),
            _ => number.filter(|least| (1..=members.len()).contains(least)),
        };
        let count = members.len();
        let least = least.ok_or(PolicyFlaw::Least { wanted: wanted.to_owned(), members: count })?;
        Ok(Rule::Group(least, members))
    }

    fn set_quorum(&mut self, name: &str) -> Result<(), PolicyFlaw> {
        if self.quorum.is_some() {
            return Err(PolicyFlaw::Quorum);
        }
        let rule = if name == "none" { Some(Rule::None) } else { self.rules.get(name).cloned() };
        self.quorum = Some(rule.ok_or_else(|| PolicyFlaw::Unknown(name.to_owned()))?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::merkle::TreeHash;
    use crate::note::SigningKey;

    fn key(purpose: Purpose, name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, purpose, &[seed; 32]).unwrap()
    }

    fn text() -> String {
        let witness = |seed: u8| {
            let key = key(Purpose::Witness, &format!("w{seed}.example"), seed);
            format!("witness W{seed}\t{} https://w{seed}.example\n", key.verifier())
        };
        let log = format!("# who keeps the log\nlog {}\n\n", key(Purpose::Log, "log", 1).verifier());
        let group = "group two-of-three 2 W2 W3 W4\nquorum two-of-three\n";
        [log, witness(2), witness(3), witness(4), group.to_owned()].concat()
    }

    #[test]
    fn a_quorum_counts_distinct_keys() {
        let policy = Policy::parse(&text()).unwrap();
        let checkpoint = Checkpoint { origin: "log".to_owned(), size: 1, root: TreeHash([7; 32]) };
        let mut signed = Signed::sign(checkpoint, &key(Purpose::Log, "log", 1)).unwrap();
        assert_eq!(policy.accept(&signed), Err(NotVouched::Quorum { have: Vec::new() }));
        signed = signed.cosign(&key(Purpose::Witness, "w2.example", 2), 5).unwrap();
        // The same key under another name, and a key that the policy does not know, add nothing.
        signed = signed.cosign(&key(Purpose::Witness, "w3.example", 2), 5).unwrap();
        signed = signed.cosign(&key(Purpose::Witness, "w9.example", 9), 5).unwrap();
        assert_eq!(policy.accept(&signed), Err(NotVouched::Quorum { have: vec!["W2".to_owned()] }));
        signed = signed.cosign(&key(Purpose::Witness, "w4.example", 4), 6).unwrap();
        let vouched = policy.accept(&signed).unwrap();
        assert_eq!(vouched.witnesses, [("W2".to_owned(), 5), ("W4".to_owned(), 6)]);
        let known = vec!["`log`".to_owned()];
        let other = Checkpoint { origin: "other".to_owned(), ..signed.checkpoint };
        let other = Signed::sign(other, &key(Purpose::Log, "other", 1)).unwrap();
        let unknown = NotVouched::UnknownOrigin { origin: "other".to_owned(), known };
        assert_eq!(policy.accept(&other), Err(unknown));
    }

    #[test]
    fn each_false_line_is_refused_for_its_own_reason() {
        let flaw = |text: String| Policy::parse(&text).unwrap_err().flaw;
        let good = text();
        assert_eq!(flaw(good.replace("quorum two-of-three", "")), PolicyFlaw::Quorum);
        assert_eq!(flaw(format!("{good}quorum none\n")), PolicyFlaw::Quorum);
        assert!(matches!(flaw(good.replace("group two", "groups two")), PolicyFlaw::Line(_)));
        assert!(matches!(flaw(good.replace(" 2 W2", " 4 W2")), PolicyFlaw::Least { members: 3, .. }));
        assert!(matches!(flaw(good.replace(" 2 W2", " 02 W2")), PolicyFlaw::Least { .. }));
        assert_eq!(flaw(good.replace("2 W2 W3 W4", "2 W2 W3 W3")), PolicyFlaw::TwiceMember("W3".to_owned()));
        assert_eq!(flaw(good.replace("W3 W4", "W3 W5")), PolicyFlaw::Unknown("W5".to_owned()));
        assert_eq!(flaw(good.replace("witness W3", "witness W2")), PolicyFlaw::Name("W2".to_owned()));
        assert_eq!(flaw(good.replace("witness W3", "witness none")), PolicyFlaw::Name("none".to_owned()));
        let again = key(Purpose::Witness, "elsewhere", 2);
        let again = format!("witness W9 {}\n{good}", again.verifier());
        assert!(matches!(flaw(again), PolicyFlaw::SameKey(_)));
        let log = key(Purpose::Witness, "log", 8);
        assert!(matches!(flaw(format!("log {}\nquorum none\n", log.verifier())), PolicyFlaw::Purpose { .. }));
        assert_eq!(flaw("quorum none\n".to_owned()), PolicyFlaw::NoLog);
        assert!(matches!(flaw("log x\nquorum none\n".to_owned()), PolicyFlaw::Key(..)));
    }
}
