//! Proofs: files that convince a stranger who holds nothing but a policy.
//!
//! That an act was recorded (c2sp.org/tlog-proof; the entry is its `extra` data):
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra <base64 of the entry>
//! index <leaf, from 0>
//! <hash>…                          the sibling of the leaf first
//! (empty line)
//! <signed checkpoint>
//! ```
//!
//! That a log only grew between two checkpoints:
//!
//! ```text
//! chancery-consistency@v1
//! <hash>…
//! (empty line)
//! <older signed checkpoint>
//! (empty line)
//! <newer signed checkpoint>
//! ```
//!
//! That a log told two histories. Two roots of one size say so by themselves; for two sizes, `root` is what the
//! larger checkpoint makes of the smaller size, and the path ties it to the larger root:
//!
//! ```text
//! chancery-fork@v1
//! root <hash>                      only for two sizes, like the path
//! <hash>…
//! (empty line)
//! <smaller signed checkpoint>
//! (empty line)
//! <larger signed checkpoint>
//! ```
//!
//! The root always comes from a signed checkpoint, never from the path. What is read is printed again and must
//! come out as it went in. The `extra` data is not authenticated by the format; here the entry in it is, since its
//! hash is the leaf that the path starts from.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::checkpoint::{Contradiction, NotACheckpoint, Signed};
use crate::entry::{Entry, NotAnEntry};
use crate::merkle::{self, LONGEST_PATH, Tree, TreeHash};
use crate::note::VerifierKey;
use crate::policy::{NotVouched, Policy, Vouched};

const INCLUSION: &str = "c2sp.org/tlog-proof@v1";
const CONSISTENCY: &str = "chancery-consistency@v1";
const FORK: &str = "chancery-fork@v1";

/// The most bytes that a proof may have: an entry of the greatest length in base64, a path and two notes.
pub const LIMIT: usize = 256 * 1024;

/// Any file that can be verified against a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// That an act was recorded.
    Inclusion(Inclusion),
    /// That a log only grew.
    Consistency(Consistency),
    /// That a log told two histories.
    Fork(Fork),
    /// What a log says it holds.
    Checkpoint(Signed),
}

/// That an entry is one of those that a checkpoint speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The bytes of the entry; a proof made elsewhere may lack them.
    pub entry: Option<Vec<u8>>,
    /// The place of its leaf, from 0.
    pub leaf: u64,
    /// The path from the leaf to the root.
    pub path: Vec<TreeHash>,
    /// The checkpoint that gives the root.
    pub signed: Signed,
}

/// That the entries of a newer checkpoint begin with those of an older one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consistency {
    /// The path between the two roots.
    pub path: Vec<TreeHash>,
    /// The older checkpoint.
    pub old: Signed,
    /// The newer checkpoint.
    pub new: Signed,
}

/// That one key signed two histories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// For two sizes: the root that the larger checkpoint gives the smaller size, and the path that shows it.
    pub other: Option<(TreeHash, Vec<TreeHash>)>,
    /// The checkpoint of the smaller size, or either.
    pub smaller: Signed,
    /// The checkpoint of the larger size, or the other.
    pub larger: Signed,
}

/// Why bytes are not a proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAProof {
    /// They are too many.
    #[error("it has {0} bytes; a proof has at most {LIMIT}")]
    TooLong(usize),
    /// They are not text.
    #[error("it is not UTF-8")]
    NotText,
    /// No empty line parts the proof from its checkpoint.
    #[error("no empty line parts the proof from its checkpoint")]
    NoCheckpoint,
    /// The entry is not in canonical base64.
    #[error("its `extra` line is not canonical base64")]
    Extra,
    /// The index is not a number in its one spelling.
    #[error("`{0}` is not `index` and a number: decimal digits, without leading zeros")]
    Index(String),
    /// A hash is not in its one spelling.
    #[error("`{0}` is not a hash: 32 bytes in canonical base64")]
    Hash(String),
    /// The path is longer than any tree is high.
    #[error("its path has {0} hashes; none has more than {LONGEST_PATH}")]
    Path(usize),
    /// It reads, and is printed otherwise.
    #[error("its lines end with something else than a newline")]
    Spelling,
    /// A checkpoint in it is none.
    #[error("its {which}checkpoint cannot be read: {error}")]
    Checkpoint {
        /// Which of two; empty where there is one.
        which: &'static str,
        /// What is wrong with it.
        error: NotACheckpoint,
    },
}

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProved {
    /// The checkpoint is not one that the policy accepts.
    #[error(transparent)]
    NotVouched(#[from] NotVouched),
    /// The proof lacks what it proves.
    #[error("the proof does not carry the entry that it proves")]
    NoEntry,
    /// What it carries is no entry.
    #[error("what it carries is not an entry: {0}")]
    NotAnEntry(#[from] NotAnEntry),
    /// The entry bears another number than its leaf.
    #[error("it carries entry {number}, and proves leaf {leaf}, which is entry {}", .leaf.saturating_add(1))]
    Number {
        /// The number of the entry.
        number: u64,
        /// The leaf, from 0.
        leaf: u64,
    },
    /// The leaf lies beyond the checkpoint.
    #[error("it proves leaf {leaf}, and the checkpoint speaks of {size} entries")]
    Beyond {
        /// The leaf, from 0.
        leaf: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The path has too few hashes or too many.
    #[error("its path has {given} hashes; from that leaf to that root there are {wanted}")]
    Length {
        /// How many it has.
        given: usize,
        /// How many it must have.
        wanted: usize,
    },
    /// The path leads to another root.
    #[error("the path does not lead to the root that is signed")]
    Root,
    /// The two checkpoints are of two logs, or signed with two keys.
    #[error("the two checkpoints are not signed with one key")]
    TwoKeys,
    /// The older checkpoint is the larger.
    #[error("the older checkpoint speaks of {old} entries, the newer of {new}")]
    Order {
        /// The size of the older.
        old: u64,
        /// The size of the newer.
        new: u64,
    },
    /// The two checkpoints do not contradict each other.
    #[error("the two checkpoints do not contradict each other")]
    NoFork,
}

/// Why a proof cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotProvable {
    /// The checkpoint is not of this ledger.
    #[error(transparent)]
    Contradiction(#[from] Contradiction),
    /// The entry came after the checkpoint.
    #[error("entry {number} came after the checkpoint, which speaks of {size} entries")]
    After {
        /// The number of the entry.
        number: u64,
        /// The size of the checkpoint.
        size: u64,
    },
    /// The two checkpoints are of two logs.
    #[error("the checkpoints are of two logs, `{0}` and `{1}`")]
    TwoLogs(String, String),
    /// The older checkpoint is the larger.
    #[error("the older checkpoint speaks of {old} entries, the newer of {new}")]
    Order {
        /// The size of the older.
        old: u64,
        /// The size of the newer.
        new: u64,
    },
    /// The two checkpoints tell one history.
    #[error("the two checkpoints do not contradict each other")]
    NoFork,
}

impl Inclusion {
    /// Proves an entry under a checkpoint of the ledger.
    ///
    /// # Errors
    /// [`NotProvable`].
    pub fn make(tree: &Tree, number: u64, entry: Vec<u8>, signed: &Signed) -> Result<Self, NotProvable> {
        let checkpoint = &signed.checkpoint;
        checkpoint.check_against(tree)?;
        let leaf = number.checked_sub(1);
        let made = leaf.and_then(|leaf| Some((leaf, tree.inclusion(leaf, checkpoint.size)?)));
        let (leaf, path) = made.ok_or(NotProvable::After { number, size: checkpoint.size })?;
        Ok(Self { entry: Some(entry), leaf, path, signed: signed.clone() })
    }

    /// Verifies the proof, and gives the entry and whose word was taken for it.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn verify(&self, policy: &Policy) -> Result<(Entry, Vouched), NotProved> {
        let vouched = policy.accept(&self.signed)?;
        let bytes = self.entry.as_ref().ok_or(NotProved::NoEntry)?;
        let (size, root) = (self.signed.checkpoint.size, self.signed.checkpoint.root);
        if self.leaf >= size {
            return Err(NotProved::Beyond { leaf: self.leaf, size });
        }
        let (given, wanted) = (self.path.len(), merkle::inclusion_length(self.leaf, size));
        if given != wanted {
            return Err(NotProved::Length { given, wanted });
        }
        if !merkle::is_included(&self.path, self.leaf, TreeHash::of_entry(bytes), size, root) {
            return Err(NotProved::Root);
        }
        let entry = Entry::decode(bytes)?;
        if entry.number.checked_sub(1) == Some(self.leaf) {
            Ok((entry, vouched))
        } else {
            Err(NotProved::Number { number: entry.number, leaf: self.leaf })
        }
    }

    fn parse(lines: &str, checkpoint: &str) -> Result<Self, NotAProof> {
        let mut lines = lines.lines().peekable();
        let entry = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => Some(STANDARD.decode(&line["extra ".len()..]).map_err(|_| NotAProof::Extra)?),
            None => None,
        };
        let line = lines.next().unwrap_or_default();
        let index = line.strip_prefix("index ");
        let leaf = index.and_then(|digits| digits.parse().ok().filter(|n: &u64| n.to_string() == digits));
        let leaf = leaf.ok_or_else(|| NotAProof::Index(line.to_owned()))?;
        Ok(Self { entry, leaf, path: path_of(lines)?, signed: checkpoint_of("", checkpoint)? })
    }
}

impl Consistency {
    /// Proves that the ledger only grew between two of its checkpoints.
    ///
    /// # Errors
    /// [`NotProvable`].
    pub fn make(tree: &Tree, old: &Signed, new: &Signed) -> Result<Self, NotProvable> {
        check_one_log(old, new)?;
        old.checkpoint.check_against(tree)?;
        new.checkpoint.check_against(tree)?;
        let (old_size, new_size) = (old.checkpoint.size, new.checkpoint.size);
        if old_size > new_size {
            return Err(NotProvable::Order { old: old_size, new: new_size });
        }
        let path = tree.consistency(old_size, new_size).unwrap_or_default();
        Ok(Self { path, old: old.clone(), new: new.clone() })
    }

    /// Verifies the proof, and gives whose word was taken for the newer checkpoint.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn verify(&self, policy: &Policy) -> Result<Vouched, NotProved> {
        let vouched = policy.accept(&self.new)?;
        self.check(policy)?;
        Ok(vouched)
    }

    /// Verifies the proof without asking for a quorum, as a witness does who is about to be part of it.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn check(&self, policy: &Policy) -> Result<(), NotProved> {
        if policy.log_of(&self.old)? != policy.log_of(&self.new)? {
            return Err(NotProved::TwoKeys);
        }
        let (old, new) = (&self.old.checkpoint, &self.new.checkpoint);
        if old.size > new.size {
            return Err(NotProved::Order { old: old.size, new: new.size });
        }
        let holds = merkle::is_continued(&self.path, (old.size, old.root), (new.size, new.root));
        holds.then_some(()).ok_or(NotProved::Root)
    }
}

impl Fork {
    /// Proves that two checkpoints of one log contradict each other. For two sizes the tree must be the one that
    /// the larger checkpoint speaks of.
    ///
    /// # Errors
    /// [`NotProvable`].
    pub fn make(tree: &Tree, one: &Signed, two: &Signed) -> Result<Self, NotProvable> {
        check_one_log(one, two)?;
        let in_order = one.checkpoint.size <= two.checkpoint.size;
        let (smaller, larger) =
            if in_order { (one.clone(), two.clone()) } else { (two.clone(), one.clone()) };
        let (small, large) = (&smaller.checkpoint, &larger.checkpoint);
        if small.size == large.size {
            let fork = Self { other: None, smaller, larger };
            return if fork.contradicts() { Ok(fork) } else { Err(NotProvable::NoFork) };
        }
        large.check_against(tree)?;
        let path = tree.consistency(small.size, large.size).unwrap_or_default();
        let other = tree.root(small.size).map(|root| (root, path));
        let fork = Self { other, smaller, larger };
        if fork.contradicts() { Ok(fork) } else { Err(NotProvable::NoFork) }
    }

    /// Verifies that the two checkpoints are signed with one key and contradict each other; gives the key.
    ///
    /// # Errors
    /// [`NotProved`].
    pub fn verify<'p>(&self, policy: &'p Policy) -> Result<&'p VerifierKey, NotProved> {
        let key = policy.log_of(&self.smaller)?;
        if policy.log_of(&self.larger)? != key {
            return Err(NotProved::TwoKeys);
        }
        self.contradicts().then_some(key).ok_or(NotProved::NoFork)
    }

    fn contradicts(&self) -> bool {
        let (small, large) = (&self.smaller.checkpoint, &self.larger.checkpoint);
        match &self.other {
            None => small.size == large.size && small.root != large.root,
            Some((root, path)) => {
                0 < small.size
                    && small.size < large.size
                    && *root != small.root
                    && merkle::is_continued(path, (small.size, *root), (large.size, large.root))
            }
        }
    }

    fn parse(lines: &str, checkpoints: &str) -> Result<Self, NotAProof> {
        let (smaller, larger) = two_checkpoints(checkpoints, ["smaller ", "larger "])?;
        let mut lines = lines.lines();
        let other = match lines.next() {
            None => None,
            Some(line) => {
                let root = line.strip_prefix("root ").and_then(TreeHash::parse);
                Some((root.ok_or_else(|| NotAProof::Hash(line.to_owned()))?, path_of(lines)?))
            }
        };
        Ok(Self { other, smaller, larger })
    }
}

fn check_one_log(one: &Signed, two: &Signed) -> Result<(), NotProvable> {
    let (one, two) = (&one.checkpoint.origin, &two.checkpoint.origin);
    if one == two { Ok(()) } else { Err(NotProvable::TwoLogs(one.clone(), two.clone())) }
}

impl Document {
    /// Reads a proof or a checkpoint, strictly. Nothing is verified yet.
    ///
    /// # Errors
    /// [`NotAProof`], the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotAProof> {
        if bytes.len() > LIMIT {
            return Err(NotAProof::TooLong(bytes.len()));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NotAProof::NotText)?;
        let (first, rest) = whole.split_once('\n').unwrap_or((whole, ""));
        if ![INCLUSION, CONSISTENCY, FORK].contains(&first) {
            return Ok(Self::Checkpoint(checkpoint_of("", whole)?));
        }
        // A path may be empty, and then the empty line follows the first.
        let (lines, notes) = match rest.strip_prefix('\n') {
            Some(notes) => ("", notes),
            None => rest.split_once("\n\n").ok_or(NotAProof::NoCheckpoint)?,
        };
        let document = match first {
            INCLUSION => Self::Inclusion(Inclusion::parse(lines, notes)?),
            CONSISTENCY => {
                let (old, new) = two_checkpoints(notes, ["older ", "newer "])?;
                Self::Consistency(Consistency { path: path_of(lines.lines())?, old, new })
            }
            _ => Self::Fork(Fork::parse(lines, notes)?),
        };
        if document.to_string() == whole { Ok(document) } else { Err(NotAProof::Spelling) }
    }
}

fn path_of<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Vec<TreeHash>, NotAProof> {
    let path: Vec<TreeHash> = lines
        .map(|line| TreeHash::parse(line).ok_or_else(|| NotAProof::Hash(line.to_owned())))
        .collect::<Result<_, _>>()?;
    if path.len() > LONGEST_PATH { Err(NotAProof::Path(path.len())) } else { Ok(path) }
}

fn checkpoint_of(which: &'static str, text: &str) -> Result<Signed, NotAProof> {
    Signed::parse(text.as_bytes()).map_err(|error| NotAProof::Checkpoint { which, error })
}

/// Two notes with an empty line between them; the first ends where its signatures do.
fn two_checkpoints(text: &str, [first, second]: [&'static str; 2]) -> Result<(Signed, Signed), NotAProof> {
    let parts = text.match_indices("\n\n").nth(1).map(|(end, _)| (&text[..=end], &text[end + 2..]));
    let (one, two) = parts.ok_or(NotAProof::NoCheckpoint)?;
    Ok((checkpoint_of(first, one)?, checkpoint_of(second, two)?))
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inclusion(proof) => proof.fmt(f),
            Self::Consistency(proof) => proof.fmt(f),
            Self::Fork(proof) => proof.fmt(f),
            Self::Checkpoint(signed) => signed.fmt(f),
        }
    }
}

impl fmt::Display for Inclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{INCLUSION}")?;
        if let Some(entry) = &self.entry {
            writeln!(f, "extra {}", STANDARD.encode(entry))?;
        }
        writeln!(f, "index {}", self.leaf)?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.signed)
    }
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{CONSISTENCY}")?;
        self.path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}\n{}", self.old, self.new)
    }
}

impl fmt::Display for Fork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FORK}")?;
        if let Some((root, path)) = &self.other {
            writeln!(f, "root {root}")?;
            path.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        }
        write!(f, "\n{}\n{}", self.smaller, self.larger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::{Act, Deed, Label, Text};
    use crate::chain::{Head, seal};
    use crate::checkpoint::Checkpoint;
    use crate::date::{Instant, RecordedAt};
    use crate::note::{NotANote, Purpose, SigningKey};

    struct Bench {
        tree: Tree,
        entries: Vec<Vec<u8>>,
        key: SigningKey,
        policy: Policy,
    }

    impl Bench {
        fn new(count: u64) -> Self {
            let (mut tree, mut entries, mut head) = (Tree::default(), Vec::new(), Head::EMPTY);
            for _ in 0..count {
                let deed = Deed::SourceFailed {
                    actor: None,
                    subject: None,
                    list: None,
                    source: Some(Label::parse("a source").unwrap()),
                    reason: Some(Text::parse("away").unwrap()),
                };
                let sealed =
                    seal(&head, Act::new(deed, None), RecordedAt::Clock(Instant::UNIX_EPOCH)).unwrap();
                head = sealed.head();
                tree.push(&sealed.bytes);
                entries.push(sealed.bytes);
            }
            let key = SigningKey::from_seed("log.example", Purpose::Log, &[1; 32]).unwrap();
            let policy = Policy::parse(&format!("log {}\nquorum none\n", key.verifier())).unwrap();
            Self { tree, entries, key, policy }
        }

        fn sign(&self, size: u64) -> Signed {
            let mut tree = self.tree.clone();
            tree.truncate(size);
            Signed::sign(Checkpoint::of("log.example", &tree), &self.key).unwrap()
        }

        fn prove(&self, number: u64, size: u64) -> Inclusion {
            let entry = self.entries[usize::try_from(number).unwrap() - 1].clone();
            Inclusion::make(&self.tree, number, entry, &self.sign(size)).unwrap()
        }
    }

    #[test]
    fn an_entry_is_proved_to_whoever_holds_the_policy() {
        let bench = Bench::new(9);
        for number in 1..=9 {
            let text = bench.prove(number, 9).to_string();
            let Document::Inclusion(proof) = Document::parse(text.as_bytes()).unwrap() else { panic!() };
            let (entry, vouched) = proof.verify(&bench.policy).unwrap();
            assert_eq!(entry.number, number);
            assert_eq!(&vouched.log, bench.key.verifier());
        }
        let after = Inclusion::make(&bench.tree, 6, bench.entries[5].clone(), &bench.sign(5));
        assert_eq!(after, Err(NotProvable::After { number: 6, size: 5 }));
        let elsewhere = Inclusion::make(&Bench::new(4).tree, 1, bench.entries[0].clone(), &bench.sign(5));
        let larger = Contradiction::Larger { size: 5, entries: 4 };
        assert_eq!(elsewhere, Err(NotProvable::Contradiction(larger)));
    }

    #[test]
    fn each_mutant_of_a_proof_is_refused_for_its_own_reason() {
        let bench = Bench::new(9);
        let proof = bench.prove(3, 9);
        let text = proof.to_string();
        let refuse = |text: &str| Document::parse(text.as_bytes()).unwrap_err();
        let first = proof.path[0].to_string();
        assert_eq!(refuse(&text.replace("index 2", "index 02")), NotAProof::Index("index 02".to_owned()));
        assert_eq!(refuse(&text.replace("index 2\n", "")), NotAProof::Index(first.clone()));
        assert_eq!(refuse(&text.replace("extra ", "extra  ")), NotAProof::Extra);
        assert_eq!(refuse(&text.replace(&first, &first[1..])), NotAProof::Hash(first[1..].to_owned()));
        assert_eq!(refuse(&text.replace(&first, "more")), NotAProof::Hash("more".to_owned()));
        assert_eq!(refuse(&text.replacen('\n', "\r\n", 2)), refuse("c2sp.org/tlog-proof@v1\r\n"));
        assert_eq!(refuse(&text.replacen("index 2\n", "index 2\r\n", 1)), NotAProof::Spelling);
        let ended = NotACheckpoint::Note(NotANote::NoFinalNewline);
        assert_eq!(refuse(text.trim_end()), NotAProof::Checkpoint { which: "", error: ended });
        assert_eq!(refuse(&text[..60]), NotAProof::NoCheckpoint);
        let long = first.clone() + "\n";
        assert_eq!(refuse(&text.replace(&long, &long.repeat(64))), NotAProof::Path(67));
    }

    proptest::proptest! {
        /// Whatever the bytes, reading ends in an answer; and what differs from a proof does not hold.
        #[test]
        fn no_bytes_are_taken_for_a_proof_that_are_none(
            changes in proptest::collection::vec((0_usize..2000, proptest::num::u8::ANY), 1..4),
            cut in 0_usize..2000,
        ) {
            let bench = Bench::new(9);
            let growth = Consistency::make(&bench.tree, &bench.sign(4), &bench.sign(9)).unwrap();
            for text in [bench.prove(3, 9).to_string(), growth.to_string()] {
                let mut bytes = text.clone().into_bytes();
                for (place, byte) in &changes {
                    let place = place % bytes.len();
                    bytes[place] = *byte;
                }
                bytes.truncate(cut.max(1));
                let holds = match Document::parse(&bytes) {
                    Ok(Document::Inclusion(proof)) => proof.verify(&bench.policy).is_ok(),
                    Ok(Document::Consistency(proof)) => proof.verify(&bench.policy).is_ok(),
                    Ok(Document::Fork(_) | Document::Checkpoint(_)) | Err(_) => false,
                };
                proptest::prop_assert_eq!(holds, bytes == text.as_bytes());
            }
        }
    }

    #[test]
    fn each_false_proof_is_refused_for_its_own_reason() {
        let bench = Bench::new(9);
        let proof = bench.prove(3, 9);
        let refuse = |proof: Inclusion| proof.verify(&bench.policy).unwrap_err();
        let shorter = proof.path[..3].to_vec();
        assert_eq!(
            refuse(Inclusion { path: shorter, ..proof.clone() }),
            NotProved::Length { given: 3, wanted: 4 }
        );
        let turned = proof.path.iter().rev().copied().collect();
        assert_eq!(refuse(Inclusion { path: turned, ..proof.clone() }), NotProved::Root);
        assert_eq!(refuse(Inclusion { leaf: 9, ..proof.clone() }), NotProved::Beyond { leaf: 9, size: 9 });
        assert_eq!(refuse(Inclusion { leaf: 3, ..proof.clone() }), NotProved::Root);
        assert_eq!(refuse(Inclusion { entry: None, ..proof.clone() }), NotProved::NoEntry);
        let other = Some(bench.entries[3].clone());
        assert_eq!(refuse(Inclusion { entry: other, ..proof.clone() }), NotProved::Root);
        let stranger = SigningKey::from_seed("log.example", Purpose::Log, &[2; 32]).unwrap();
        let signed = Signed::sign(proof.signed.checkpoint.clone(), &stranger).unwrap();
        assert!(matches!(
            refuse(Inclusion { signed, ..proof }),
            NotProved::NotVouched(NotVouched::NotSigned(_))
        ));
    }

    #[test]
    fn growth_is_proved_between_any_two_checkpoints() {
        let bench = Bench::new(9);
        for (old, new) in (0..=9).flat_map(|new| (0..=new).map(move |old| (old, new))) {
            let proof = Consistency::make(&bench.tree, &bench.sign(old), &bench.sign(new)).unwrap();
            let read = Document::parse(proof.to_string().as_bytes()).unwrap();
            assert_eq!(read, Document::Consistency(proof.clone()));
            proof.verify(&bench.policy).unwrap();
            let turned = Consistency { old: proof.new, new: proof.old, path: proof.path };
            assert_eq!(turned.verify(&bench.policy).is_ok(), old == new);
        }
        let order = Consistency::make(&bench.tree, &bench.sign(9), &bench.sign(3));
        assert_eq!(order, Err(NotProvable::Order { old: 9, new: 3 }));
    }

    #[test]
    fn a_fork_convicts_and_an_honest_log_cannot_be_convicted() {
        let mut bench = Bench::new(9);
        let honest = bench.sign(4);
        for (small, large) in [(4, 4), (4, 9), (1, 9)] {
            let made = Fork::make(&bench.tree, &bench.sign(large), &bench.sign(small));
            assert_eq!(made, Err(NotProvable::NoFork));
            let path = bench.tree.consistency(small, large).unwrap();
            let other = Some((bench.tree.root(small).unwrap(), path));
            let fork = Fork { other, smaller: bench.sign(small), larger: bench.sign(large) };
            assert_eq!(fork.verify(&bench.policy), Err(NotProved::NoFork));
        }
        // The ledger is written anew: its first entries are others.
        bench.tree = Tree::default();
        for entry in bench.entries.iter().rev() {
            bench.tree.push(entry);
        }
        for size in [4, 5, 8, 9] {
            let fork = Fork::make(&bench.tree, &bench.sign(size), &honest).unwrap();
            assert_eq!(Document::parse(fork.to_string().as_bytes()), Ok(Document::Fork(fork.clone())));
            assert_eq!(fork.verify(&bench.policy), Ok(bench.key.verifier()));
        }
    }
}
