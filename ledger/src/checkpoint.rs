//! Checkpoints: what a log says it holds, signed, and cosigned by witnesses who saw that it only grew.
//!
//! The text of a checkpoint has three lines (c2sp.org/tlog-checkpoint) and stands in a signed note:
//!
//! ```text
//! origin     the name of the log, which is the name of its key
//! size       how many entries, in decimal
//! root       of the tree over them, in base64
//! ```
//!
//! A log signs the text. A witness signs `cosignature/v1\ntime <seconds>\n` before the text, and its signature is
//! the seconds since 1970 (u64, big-endian) and 64 bytes of Ed25519 (c2sp.org/tlog-cosignature). Lines beyond the
//! third, which the specification allows, are refused: what nobody reads could say anything.

use std::fmt;

use crate::merkle::{Tree, TreeHash, empty_root};
use crate::note::{KeyId, NotANote, Note, Purpose, Signature, SigningKey, VerifierKey};

/// How many entries a log holds, and the root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many entries it holds.
    pub size: u64,
    /// The root of the tree over them.
    pub root: TreeHash,
}

/// The text of the checkpoint, as it is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)
    }
}

/// Why bytes are not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotACheckpoint {
    /// They are not a signed note.
    #[error(transparent)]
    Note(#[from] NotANote),
    /// The text of the note has more or fewer lines.
    #[error("its text has {0} lines; a checkpoint has three: origin, size and root")]
    Lines(usize),
    /// The log has no name.
    #[error("its first line, the origin, is empty")]
    Origin,
    /// The size is not a number in its one spelling.
    #[error("`{0}` is not a size: decimal digits, without leading zeros")]
    Size(String),
    /// The root is not a hash in its one spelling.
    #[error("`{0}` is not a root: 32 bytes in canonical base64")]
    Root(String),
    /// It speaks of no entries, and yet gives another root than that of nothing.
    #[error("it has size 0, but not the root of an empty tree")]
    EmptyRoot,
}

/// How a checkpoint contradicts a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Contradiction {
    /// It speaks of more entries than the ledger has.
    #[error("the checkpoint speaks of {size} entries, and the ledger has {entries}")]
    Larger {
        /// How many entries the checkpoint speaks of.
        size: u64,
        /// How many the ledger has.
        entries: u64,
    },
    /// The ledger has so many entries, but they are others.
    #[error("the first {size} entries of the ledger have the root {actual}, and the checkpoint says {named}")]
    OtherRoot {
        /// How many entries the checkpoint speaks of.
        size: u64,
        /// The root that it gives them.
        named: TreeHash,
        /// The root that they have.
        actual: TreeHash,
    },
}

impl Checkpoint {
    /// What a log of this name says of all the entries of a tree.
    ///
    /// # Panics
    /// Never: a tree has a root over all its entries.
    #[must_use]
    pub fn of(origin: &str, tree: &Tree) -> Self {
        let root = tree.root(tree.size()).expect("a tree has a root over all its entries");
        Self { origin: origin.to_owned(), size: tree.size(), root }
    }

    /// Checks that the checkpoint speaks of the first entries of a tree.
    ///
    /// # Errors
    /// [`Contradiction`].
    pub fn check_against(&self, tree: &Tree) -> Result<(), Contradiction> {
        match tree.root(self.size) {
            None => Err(Contradiction::Larger { size: self.size, entries: tree.size() }),
            Some(actual) if actual == self.root => Ok(()),
            Some(actual) => Err(Contradiction::OtherRoot { size: self.size, named: self.root, actual }),
        }
    }

    fn parse(text: &str) -> Result<Self, NotACheckpoint> {
        let lines: Vec<&str> = text.lines().collect();
        let [origin, size, root] = lines[..] else { return Err(NotACheckpoint::Lines(lines.len())) };
        if origin.is_empty() {
            return Err(NotACheckpoint::Origin);
        }
        let number = size.parse().ok().filter(|number: &u64| number.to_string() == size);
        let number = number.ok_or_else(|| NotACheckpoint::Size(size.to_owned()))?;
        let hash = TreeHash::parse(root).ok_or_else(|| NotACheckpoint::Root(root.to_owned()))?;
        if number == 0 && hash != empty_root() {
            return Err(NotACheckpoint::EmptyRoot);
        }
        Ok(Self { origin: origin.to_owned(), size: number, root: hash })
    }
}

/// A checkpoint with the signatures under it, none of them verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// What they have signed.
    pub checkpoint: Checkpoint,
    note: Note,
}

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

/// Why a key does not vouch for a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The key is for something else.
    #[error("{name}+{id} is the key of a {}", .purpose.word())]
    Purpose {
        /// The name of the key.
        name: String,
        /// The ID of the key.
        id: KeyId,
        /// What it is for.
        purpose: Purpose,
    },
    /// Another log's key signed, or a witness whose name is not the origin.
    #[error("the checkpoint is of the log `{origin}`, the key of the log `{key}`")]
    OtherLog {
        /// The origin of the checkpoint.
        origin: String,
        /// The name of the key.
        key: String,
    },
    /// The key has not signed; another key of that name may have.
    #[error("the key {name}+{id} has not signed it{}", other_keys(.others))]
    Missing {
        /// The name of the key.
        name: String,
        /// The ID of the key.
        id: KeyId,
        /// The IDs of other keys of that name that have.
        others: Vec<String>,
    },
    /// There is a signature of the key, and it is false.
    #[error("the signature of {name}+{id} under it is false")]
    False {
        /// The name of the key.
        name: String,
        /// The ID of the key.
        id: KeyId,
    },
}

fn other_keys(others: &[String]) -> String {
    if others.is_empty() {
        String::new()
    } else {
        format!("; another key of that name has ({})", others.join(", "))
    }
}

impl Signed {
    /// Signs a checkpoint whose origin is the name of the key.
    ///
    /// # Errors
    /// [`NotSigned`] when the key is a witness's, or names another log.
    ///
    /// # Panics
    /// Never: what was just signed verifies.
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Result<Self, NotSigned> {
        let verifier = key.verifier();
        check_log(&checkpoint, verifier)?;
        let text = checkpoint.to_string();
        let payload = key.sign(text.as_bytes()).to_vec();
        let signature = Signature { name: verifier.name().to_owned(), id: verifier.id(), payload };
        let signed = Self { checkpoint, note: Note { text, signatures: vec![signature] } };
        assert_eq!(signed.verify_log(verifier), Ok(()), "what is signed must verify");
        Ok(signed)
    }

    /// Adds the cosignature of a witness, in the place of an earlier one of the same key.
    ///
    /// # Errors
    /// [`NotSigned`] when the key is a log's.
    ///
    /// # Panics
    /// When the seconds are more than 2⁶³ − 1, which the format does not allow.
    pub fn cosign(&self, key: &SigningKey, seconds: u64) -> Result<Self, NotSigned> {
        let verifier = key.verifier();
        check_purpose(verifier, Purpose::Witness)?;
        let signature = key.sign(witnessed(&self.note.text, seconds).as_bytes());
        let payload = [&seconds.to_be_bytes()[..], &signature].concat();
        let mut cosigned = self.clone();
        cosigned.note.add(Signature { name: verifier.name().to_owned(), id: verifier.id(), payload });
        assert_eq!(cosigned.verify_witness(verifier), Ok(seconds), "what is signed must verify");
        Ok(cosigned)
    }

    /// Reads a signed checkpoint, strictly. No signature is verified yet.
    ///
    /// # Errors
    /// [`NotACheckpoint`], the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotACheckpoint> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(&note.text)?;
        debug_assert_eq!(checkpoint.to_string(), note.text, "what is read prints as it was");
        Ok(Self { checkpoint, note })
    }

    /// Verifies the signature of the log.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn verify_log(&self, key: &VerifierKey) -> Result<(), NotSigned> {
        check_log(&self.checkpoint, key)?;
        let signature = self.signature_of(key)?;
        let holds = key.verifies(self.note.text.as_bytes(), &signature.payload);
        holds.then_some(()).ok_or_else(|| false_signature(key))
    }

    /// Verifies the cosignature of a witness, and gives the seconds since 1970 at which it was made.
    ///
    /// # Errors
    /// [`NotSigned`].
    pub fn verify_witness(&self, key: &VerifierKey) -> Result<u64, NotSigned> {
        check_purpose(key, Purpose::Witness)?;
        let signature = self.signature_of(key)?;
        let (seconds, rest) = signature.payload.split_first_chunk().ok_or_else(|| false_signature(key))?;
        let seconds = u64::from_be_bytes(*seconds);
        let holds = i64::try_from(seconds).is_ok()
            && key.verifies(witnessed(&self.note.text, seconds).as_bytes(), rest);
        holds.then_some(seconds).ok_or_else(|| false_signature(key))
    }

    /// The names of the keys that claim to have signed.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.note.signatures.iter().map(|signature| signature.name.as_str())
    }

    fn signature_of(&self, key: &VerifierKey) -> Result<&Signature, NotSigned> {
        let named = || self.note.signatures.iter().filter(|signature| signature.name == key.name());
        named().find(|signature| signature.is_of(key)).ok_or_else(|| NotSigned::Missing {
            name: key.name().to_owned(),
            id: key.id(),
            others: named().map(|signature| signature.id.to_string()).collect(),
        })
    }
}

/// What a witness signs.
fn witnessed(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

fn check_log(checkpoint: &Checkpoint, key: &VerifierKey) -> Result<(), NotSigned> {
    check_purpose(key, Purpose::Log)?;
    if checkpoint.origin == key.name() {
        Ok(())
    } else {
        Err(NotSigned::OtherLog { origin: checkpoint.origin.clone(), key: key.name().to_owned() })
    }
}

fn check_purpose(key: &VerifierKey, purpose: Purpose) -> Result<(), NotSigned> {
    if key.purpose() == purpose {
        Ok(())
    } else {
        Err(NotSigned::Purpose { name: key.name().to_owned(), id: key.id(), purpose: key.purpose() })
    }
}

fn false_signature(key: &VerifierKey) -> NotSigned {
    NotSigned::False { name: key.name().to_owned(), id: key.id() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(purpose: Purpose, name: &str, seed: u8) -> SigningKey {
        SigningKey::from_seed(name, purpose, &[seed; 32]).unwrap()
    }

    fn signed() -> (Signed, SigningKey) {
        let key = key(Purpose::Log, "log.example/acts", 1);
        let root = TreeHash::of_entry(b"an entry");
        let checkpoint = Checkpoint { origin: "log.example/acts".to_owned(), size: 10, root };
        (Signed::sign(checkpoint, &key).unwrap(), key)
    }

    /// The example of c2sp.org/tlog-cosignature: its IDs follow from keys that it does not give.
    #[test]
    fn the_checkpoint_of_the_specification_reads() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
            — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let signed = Signed::parse(text.as_bytes()).unwrap();
        assert_eq!(signed.checkpoint.size, 20_852_163);
        assert_eq!(signed.to_string(), text);
        assert_eq!(signed.note.signatures[1].payload[..8], 1_679_315_147_u64.to_be_bytes());
    }

    #[test]
    fn signatures_and_cosignatures_do_not_pass_for_each_other() {
        let (signed, log) = signed();
        let witness = key(Purpose::Witness, "witness.example", 2);
        let cosigned = signed.cosign(&witness, 1_700_000_000).unwrap();
        let read = Signed::parse(cosigned.to_string().as_bytes()).unwrap();
        assert_eq!(read, cosigned);
        assert_eq!(read.verify_log(log.verifier()), Ok(()));
        assert_eq!(read.verify_witness(witness.verifier()), Ok(1_700_000_000));
        assert!(matches!(read.verify_witness(log.verifier()), Err(NotSigned::Purpose { .. })));
        assert!(matches!(signed.cosign(&log, 1), Err(NotSigned::Purpose { .. })));
        let stranger = key(Purpose::Log, "log.example/acts", 3);
        let Err(NotSigned::Missing { others, .. }) = read.verify_log(stranger.verifier()) else { panic!() };
        assert_eq!(others, [log.verifier().id().to_string()]);
        let elsewhere = key(Purpose::Log, "elsewhere", 1);
        assert!(matches!(read.verify_log(elsewhere.verifier()), Err(NotSigned::OtherLog { .. })));
        // A later cosignature of the same witness takes the place of the earlier one.
        let again = cosigned.cosign(&witness, 1_700_000_060).unwrap();
        assert_eq!(again.names().count(), 2);
    }

    #[test]
    fn each_mutant_is_refused_for_its_own_reason() {
        let (signed, key) = signed();
        let text = signed.to_string();
        let root = signed.checkpoint.root.to_string();
        let refuse = |text: String| Signed::parse(text.as_bytes()).unwrap_err();
        assert_eq!(refuse(text.replace("\n10\n", "\n010\n")), NotACheckpoint::Size("010".to_owned()));
        assert_eq!(refuse(text.replace("\n10\n", "\n+10\n")), NotACheckpoint::Size("+10".to_owned()));
        assert_eq!(refuse(text.replace("\n10\n", "\n 10\n")), NotACheckpoint::Size(" 10".to_owned()));
        assert_eq!(refuse(text.replace("\n10\n", "\n0\n")), NotACheckpoint::EmptyRoot);
        assert_eq!(refuse(text.replace("\n\n", "\nextension\n\n")), NotACheckpoint::Lines(4));
        assert_eq!(refuse(text.replace("\n10\n", "\n")), NotACheckpoint::Lines(2));
        let padless = root.trim_end_matches('=');
        assert_eq!(refuse(text.replace(&root, padless)), NotACheckpoint::Root(padless.to_owned()));
        assert_eq!(refuse(text.trim_end().to_owned()), NotACheckpoint::Note(NotANote::NoFinalNewline));
        assert_eq!(refuse(text.replacen("log.example/acts", "", 1)), NotACheckpoint::Origin);
        let larger = Signed::parse(text.replace("\n10\n", "\n11\n").as_bytes()).unwrap();
        assert!(matches!(larger.verify_log(key.verifier()), Err(NotSigned::False { .. })));
    }
}
