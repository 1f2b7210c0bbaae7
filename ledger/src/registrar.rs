//! Registrars: whose keys may enter what, and the signatures over what they entered.
//!
//! ```text
//! registrar.granted   a key (the verifier key of a signed note) and the families of kinds that it may enter;
//!                     `*` is every family
//! registrar.revoked   the key may enter nothing any more
//! act.signed          the last of the entries signed, how many they are, the key, and the signature in base64
//! ```
//!
//! What is signed is the text `chancery 2026-11-23 entries signed v1`, the head after the last entry (`N:HASH`) and
//! the count, a line each. The head seals everything up to it, so one signature vouches for a whole append. The
//! first line has blanks, which no name of a key has: no such text is a checkpoint, and no checkpoint such a text.
//!
//! The first grant founds the rule and needs no signature. From then on every entry but a signature must be signed,
//! in its own append, by a key with a grant in force at its place. Grants are ended by `registrar.revoked` and by
//! nothing else: neither a correction nor a retraction changes who could enter what.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::act::{Act, ActRef, Deed, KINDS, Label};
use crate::entry::Hash;
use crate::note::{NotAKey, SigningKey, VerifierKey};

const CONTEXT: &str = "chancery 2026-11-23 entries signed v1";

/// What stands in a grant for every family.
pub const EVERYTHING: &str = "*";

/// How an entry breaks the rule of signatures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// What should be a key is none.
    #[error("`{text}` is not a key: {error}")]
    NotAKey {
        /// What is given.
        text: String,
        /// What is wrong with it.
        error: NotAKey,
    },
    /// A grant names what is no family of kinds.
    #[error("`{0}` is not a family of kinds")]
    NotAFamily(String),
    /// After such a first grant nobody could ever grant again.
    #[error("the first grant must cover `registrar`, or nobody could ever grant again")]
    Founding,
    /// There is a signature, and no key was ever granted anything.
    #[error("nothing has been granted to any key in this ledger")]
    NothingGranted,
    /// The entry must be signed, and is not.
    #[error("it is not signed, and since entry {since} every entry must be")]
    Unsigned {
        /// The first grant.
        since: u64,
    },
    /// The key may not enter acts of this kind here.
    #[error("the key {key} has no grant for `{kind}`")]
    NoGrant {
        /// The name and ID of the key.
        key: String,
        /// The kind of the act.
        kind: &'static str,
    },
    /// The signature is not about the entries just before it.
    #[error("a signature is about entries just before it that nobody has signed yet")]
    Misplaced,
    /// The key did not sign this.
    #[error("the signature is not one of {0} over these entries")]
    False(String),
}

/// Who may enter what after some entry, and what waits for a signature.
#[derive(Debug, Clone, Default)]
pub struct Registrars {
    /// The first grant.
    founded: Option<u64>,
    /// By public key: the families that it may enter.
    granted: BTreeMap<[u8; 32], BTreeSet<String>>,
    /// Entries not signed yet, each with the kind of its act and the grants as they stood before it.
    waiting: Vec<Waiting>,
    last: (u64, Option<Hash>),
}

#[derive(Debug, Clone)]
struct Waiting {
    number: u64,
    kind: &'static str,
    /// The keys that could enter it.
    by: Vec<[u8; 32]>,
}

/// The family of a kind: what stands before its dot.
#[must_use]
pub fn family(kind: &str) -> &str {
    kind.split('.').next().unwrap_or(kind)
}

/// Whether an act is about registrars and their signatures.
#[must_use]
pub fn concerns(deed: &Deed) -> bool {
    matches!(deed, Deed::RegistrarGranted { .. } | Deed::RegistrarRevoked { .. } | Deed::ActSigned { .. })
}

fn message(number: u64, hash: &Hash, count: u64) -> String {
    format!("{CONTEXT}\n{number}:{hash}\n{count}\n")
}

fn name_of(key: &VerifierKey) -> String {
    format!("{}+{}", key.name(), key.id())
}

impl Registrars {
    /// Whether entries must be signed from here on.
    #[must_use]
    pub fn is_founded(&self) -> bool {
        self.founded.is_some()
    }

    /// Enters an entry, and gives how it, or one before it, breaks the rule, each with the number of the entry.
    pub fn enter(&mut self, number: u64, hash: Hash, act: &Act) -> Vec<(u64, Breach)> {
        let mut breaches = Vec::new();
        if let Deed::ActSigned { act, count, key, signature } = &act.deed {
            breaches = self.settle(number, (act, *count), key, signature);
        } else if self.is_founded() {
            self.wait(number, act.deed.kind());
        }
        if let Some(breach) = self.grant(number, &act.deed) {
            breaches.push((number, breach));
        }
        self.last = (number, Some(hash));
        breaches
    }

    /// Enters an entry that concerns no registrar, where its hash is told with the next one that does.
    pub(crate) fn enter_other(&mut self, number: u64, kind: &'static str) {
        if self.is_founded() {
            self.wait(number, kind);
        }
    }

    /// Says what the last entry was before the one that is entered next.
    pub(crate) fn set_last(&mut self, number: u64, hash: Hash) {
        self.last = (number, Some(hash));
    }

    /// The breaches of entries that are signed by nobody; asked after the last entry.
    #[must_use]
    pub fn unsigned(&self) -> Vec<(u64, Breach)> {
        let since = self.founded.unwrap_or_default();
        self.waiting.iter().map(|waiting| (waiting.number, Breach::Unsigned { since })).collect()
    }

    /// Forgets what waits from before: a new append is signed by itself.
    pub(crate) fn begin_append(&mut self) {
        self.waiting.clear();
    }

    /// The act that signs what waits; none where nothing does.
    ///
    /// # Errors
    /// [`Breach`] when the key may not enter it.
    pub fn sign(&self, key: &SigningKey) -> Result<Option<Deed>, Breach> {
        if !self.is_founded() {
            return Err(Breach::NothingGranted);
        }
        let (Some(last), (_, Some(hash))) = (self.waiting.last(), self.last) else { return Ok(None) };
        self.check_grants(key.verifier(), self.waiting.len())?;
        let count = self.waiting.len() as u64;
        let signature = key.sign(message(last.number, &hash, count).as_bytes());
        let verifier = key.verifier().to_string();
        let text =
            |text: &str| Label::parse(text).map_err(|_| NotAKey::Name(key.verifier().name().to_owned()));
        let not_a_key = |error| Breach::NotAKey { text: verifier.clone(), error };
        Ok(Some(Deed::ActSigned {
            act: ActRef::Number(last.number),
            count: i64::try_from(count).unwrap_or(i64::MAX),
            key: text(&verifier).map_err(not_a_key)?,
            signature: text(&STANDARD.encode(signature)).map_err(not_a_key)?,
        }))
    }

    fn wait(&mut self, number: u64, kind: &'static str) {
        let may =
            |families: &BTreeSet<String>| families.contains(EVERYTHING) || families.contains(family(kind));
        let by = self.granted.iter().filter(|(_, families)| may(families)).map(|(key, _)| *key).collect();
        self.waiting.push(Waiting { number, kind, by });
    }

    fn grant(&mut self, number: u64, deed: &Deed) -> Option<Breach> {
        let (key, may) = if let Deed::RegistrarGranted { key, may } = deed {
            (key, Some(may))
        } else if let Deed::RegistrarRevoked { key } = deed {
            (key, None)
        } else {
            return None;
        };
        let public = match read_key(key) {
            Ok(verifier) => verifier.public(),
            Err(breach) => return Some(breach),
        };
        let Some(may) = may else {
            self.granted.remove(&public);
            return None;
        };
        let families: BTreeSet<String> = may.as_str().split(';').map(|word| word.trim().to_owned()).collect();
        let known = |word: &str| word == EVERYTHING || KINDS.iter().any(|kind| family(kind) == word);
        if let Some(unknown) = families.iter().find(|word| !known(word)) {
            return Some(Breach::NotAFamily(unknown.clone()));
        }
        if !self.is_founded() && !families.contains(EVERYTHING) && !families.contains("registrar") {
            return Some(Breach::Founding);
        }
        self.founded.get_or_insert(number);
        self.granted.insert(public, families);
        None
    }

    /// Whether a key may enter each of the last entries that wait.
    fn check_grants(&self, key: &VerifierKey, count: usize) -> Result<(), Breach> {
        let from = self.waiting.len().saturating_sub(count);
        let refused = self.waiting[from..].iter().find(|waiting| !waiting.by.contains(&key.public()));
        refused.map_or(Ok(()), |waiting| Err(Breach::NoGrant { key: name_of(key), kind: waiting.kind }))
    }

    /// Takes a signature for what waits.
    fn settle(
        &mut self,
        number: u64,
        (act, count): (&ActRef, i64),
        key: &Label,
        signature: &Label,
    ) -> Vec<(u64, Breach)> {
        if !self.is_founded() {
            return vec![(number, Breach::NothingGranted)];
        }
        let signed = usize::try_from(count).ok().filter(|count| (1..=self.waiting.len()).contains(count));
        let (Some(count), (before, Some(hash))) = (signed, self.last) else {
            return vec![(number, Breach::Misplaced)];
        };
        if *act != ActRef::Number(before) || self.waiting.last().map(|last| last.number) != Some(before) {
            return vec![(number, Breach::Misplaced)];
        }
        let mut breaches = self.unsigned();
        breaches.truncate(self.waiting.len() - count);
        let verified = read_key(key).and_then(|key| {
            let bytes = STANDARD.decode(signature.as_str()).unwrap_or_default();
            if !key.verifies(message(before, &hash, count as u64).as_bytes(), &bytes) {
                return Err(Breach::False(name_of(&key)));
            }
            self.check_grants(&key, count)
        });
        breaches.extend(verified.err().map(|breach| (number, breach)));
        self.waiting.clear();
        breaches
    }
}

fn read_key(text: &Label) -> Result<VerifierKey, Breach> {
    VerifierKey::parse(text.as_str())
        .map_err(|error| Breach::NotAKey { text: text.as_str().to_owned(), error })
}
