//! Signed notes: a text, and the signatures of those who vouch for it (c2sp.org/signed-note).
//!
//! ```text
//! text, each line ended by a newline
//! (empty line)
//! — <name> <base64(key ID[4] ‖ signature)>
//! …
//!
//! key ID        the first 4 bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key)
//! verifier key  name+<key ID in hex>+<base64(type ‖ public key)>
//! signing key   PRIVATE+KEY+name+<key ID in hex>+<base64(type ‖ seed)>
//! type          0x01 a log's Ed25519 key, 0x04 a witness's (c2sp.org/tlog-cosignature)
//! ```
//!
//! A note is read strictly: it is printed again, and must come out as it went in. Why it is refused is said, one
//! reason for each rule. Ed25519 is verified strictly (RFC 8032 without small-order or mixed keys), so that
//! nobody can make two spellings of one signature.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::Signer;
use sha2::{Digest, Sha256};

/// The most bytes that a note may have.
pub const LIMIT: usize = 64 * 1024;

/// The most signatures that a note may have.
pub const MOST_SIGNATURES: usize = 100;

/// What a key is for; nothing that one kind of key signed passes for what the other signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// It signs the checkpoints of a log.
    Log,
    /// It cosigns checkpoints of logs that others keep.
    Witness,
}

impl Purpose {
    fn byte(self) -> u8 {
        match self {
            Self::Log => 0x01,
            Self::Witness => 0x04,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        [Self::Log, Self::Witness].into_iter().find(|purpose| purpose.byte() == byte)
    }

    /// Whose key it is, in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Witness => "witness",
        }
    }
}

/// The short name of a key within a note.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId(pub [u8; 4]);

impl KeyId {
    fn of(name: &str, purpose: Purpose, public: &[u8; 32]) -> Self {
        let mut hash = Sha256::new();
        hash.update(name);
        hash.update([b'\n', purpose.byte()]);
        hash.update(public);
        let [a, b, c, d, ..]: [u8; 32] = hash.finalize().into();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Why a text is not a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// The name is empty, or holds a blank, a `+` or a control character.
    #[error("`{0}` cannot name a key: a name has no blanks, no `+` and no control characters")]
    Name(String),
    /// The parts are not those of a key, or not in their one spelling.
    #[error("it is not of the form name+id+base64")]
    Form,
    /// The key is neither a log's nor a witness's.
    #[error("its type is {0:#04x}; this program knows 0x01 (a log's key) and 0x04 (a witness's)")]
    Type(u8),
    /// The ID is not that of the key.
    #[error("its ID is {named}, but its name and key give {actual}")]
    Id {
        /// The ID that it bears.
        named: String,
        /// The ID that follows from its name and key.
        actual: KeyId,
    },
    /// The public key is no point of the curve, or one that anybody could sign for.
    #[error("its public key is not a sound Ed25519 key")]
    Weak,
}

/// Checks that a text can name a key.
///
/// # Errors
/// [`NotAKey::Name`].
pub fn check_name(name: &str) -> Result<(), NotAKey> {
    let unfit = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(unfit) { Err(NotAKey::Name(name.to_owned())) } else { Ok(()) }
}

/// The parts of `name+id+base64(type ‖ 32 bytes)`.
fn parts_of(text: &str) -> Result<(&str, &str, Purpose, [u8; 32]), NotAKey> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NotAKey::Form);
    };
    check_name(name)?;
    let bytes = STANDARD.decode(key).map_err(|_| NotAKey::Form)?;
    let (&purpose, key) = bytes.split_first().ok_or(NotAKey::Form)?;
    let purpose = Purpose::of_byte(purpose).ok_or(NotAKey::Type(purpose))?;
    Ok((name, id, purpose, key.try_into().map_err(|_| NotAKey::Form)?))
}

/// The public half of a key, by which anybody can check signatures.
#[derive(Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    purpose: Purpose,
    id: KeyId,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    /// Reads `name+id+base64`.
    ///
    /// # Errors
    /// [`NotAKey`] when the text is not exactly what a key prints as.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let (name, id, purpose, public) = parts_of(text)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(&public).map_err(|_| NotAKey::Weak)?;
        if key.is_weak() {
            return Err(NotAKey::Weak);
        }
        let key = Self { name: name.to_owned(), purpose, id: KeyId::of(name, purpose, &public), key };
        if key.id.to_string() != id {
            return Err(NotAKey::Id { named: id.to_owned(), actual: key.id });
        }
        if key.to_string() == text { Ok(key) } else { Err(NotAKey::Form) }
    }

    /// The name of the key; for a log it is the log's origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Its ID.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The 32 bytes of the public key: two keys with the same bytes are one key, whatever their names.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Whether this key made a signature over a message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.purpose.byte()][..], self.key.as_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(bytes))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The secret half of a key. It prints as its public half; only [`SigningKey::secret_text`] gives the secret.
#[derive(Clone)]
pub struct SigningKey {
    verifier: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key that follows from 32 bytes, which must come from a good source of randomness.
    ///
    /// # Errors
    /// [`NotAKey::Name`].
    pub fn from_seed(name: &str, purpose: Purpose, seed: &[u8; 32]) -> Result<Self, NotAKey> {
        check_name(name)?;
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let key = secret.verifying_key();
        let id = KeyId::of(name, purpose, key.as_bytes());
        Ok(Self { verifier: VerifierKey { name: name.to_owned(), purpose, id, key }, secret })
    }

    /// Reads what [`SigningKey::secret_text`] wrote.
    ///
    /// # Errors
    /// [`NotAKey`]; none of them repeats the secret.
    pub fn parse(text: &str) -> Result<Self, NotAKey> {
        let (name, id, purpose, seed) = parts_of(text.strip_prefix(SECRET).ok_or(NotAKey::Form)?)?;
        let key = Self::from_seed(name, purpose, &seed)?;
        if key.verifier.id.to_string() != id {
            return Err(NotAKey::Id { named: id.to_owned(), actual: key.verifier.id });
        }
        if key.secret_text() == text { Ok(key) } else { Err(NotAKey::Form) }
    }

    /// The secret, for the file that keeps it and for nothing else.
    #[must_use]
    pub fn secret_text(&self) -> String {
        let bytes = [&[self.verifier.purpose.byte()][..], self.secret.as_bytes()].concat();
        format!("{SECRET}{}+{}+{}", self.verifier.name, self.verifier.id, STANDARD.encode(bytes))
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.secret.sign(message).to_bytes()
    }
}

/// The words with which Go's `sumdb/note` marks a secret key, so that nobody takes it for a public one.
const SECRET: &str = "PRIVATE+KEY+";

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the secret half of {}", self.verifier)
    }
}

/// One signature under a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// The name of the key.
    pub name: String,
    /// The ID of the key.
    pub id: KeyId,
    /// What the key signed with: 64 bytes of a log's key, 8 + 64 of a witness's.
    pub payload: Vec<u8>,
}

impl Signature {
    /// Whether a key claims to have made it.
    #[must_use]
    pub fn is_of(&self, key: &VerifierKey) -> bool {
        self.name == key.name && self.id == key.id
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, payload) = line.strip_prefix("— ")?.split_once(' ')?;
        check_name(name).ok()?;
        let bytes = STANDARD.decode(payload).ok()?;
        let (&id, payload) = bytes.split_first_chunk()?;
        let signature = Self { name: name.to_owned(), id: KeyId(id), payload: payload.to_vec() };
        (!payload.is_empty() && signature.to_string() == line).then_some(signature)
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.0[..], &self.payload].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A text and its signatures, none of them verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The text, with the newline that ends it.
    pub text: String,
    /// The signatures in their order, no two of one name and ID.
    pub signatures: Vec<Signature>,
}

/// Why bytes are not a note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotANote {
    /// They are too many.
    #[error("it has {0} bytes; a note has at most {LIMIT}")]
    TooLong(usize),
    /// They are not text.
    #[error("it is not UTF-8")]
    NotText,
    /// There is a control character other than the newline.
    #[error("it holds the control character {0:#04x}")]
    Control(u32),
    /// The last line is not ended.
    #[error("its last line does not end with a newline")]
    NoFinalNewline,
    /// No empty line parts text from signatures.
    #[error("no empty line parts its text from its signatures")]
    NoSignatures,
    /// A line where a signature should stand is none, or is not in its one spelling.
    #[error("`{0}` is not a signature: `— name base64`, canonical, of a key ID and a signature")]
    NotASignature(String),
    /// Two signatures are of one key.
    #[error("the key {0} has signed it twice")]
    Twice(String),
    /// There are too many signatures.
    #[error("it has more than {MOST_SIGNATURES} signatures")]
    TooManySignatures,
}

impl Note {
    /// Reads a note, strictly.
    ///
    /// # Errors
    /// [`NotANote`], the first rule that is broken.
    pub fn parse(bytes: &[u8]) -> Result<Self, NotANote> {
        if bytes.len() > LIMIT {
            return Err(NotANote::TooLong(bytes.len()));
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| NotANote::NotText)?;
        if let Some(control) = whole.chars().find(|c| c.is_ascii_control() && *c != '\n') {
            return Err(NotANote::Control(control.into()));
        }
        let lines = whole.strip_suffix('\n').ok_or(NotANote::NoFinalNewline)?;
        let (text, lines) = lines.rsplit_once("\n\n").ok_or(NotANote::NoSignatures)?;
        let mut signatures: Vec<Signature> = Vec::new();
        for line in lines.split('\n') {
            let signature = Signature::parse(line).ok_or_else(|| NotANote::NotASignature(line.to_owned()))?;
            if signatures.iter().any(|other| other.name == signature.name && other.id == signature.id) {
                return Err(NotANote::Twice(format!("{}+{}", signature.name, signature.id)));
            }
            signatures.push(signature);
            if signatures.len() > MOST_SIGNATURES {
                return Err(NotANote::TooManySignatures);
            }
        }
        let note = Self { text: format!("{text}\n"), signatures };
        debug_assert_eq!(note.to_string(), whole, "what is read prints as it was");
        Ok(note)
    }

    /// Adds a signature, in the place of an earlier one of the same key.
    pub(crate) fn add(&mut self, signature: Signature) {
        self.signatures.retain(|other| other.name != signature.name || other.id != signature.id);
        self.signatures.push(signature);
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of c2sp.org/signed-note and of Go's `sumdb/note`.
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const SECRET_KEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\
        \n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_note_of_the_specification_verifies() {
        let note = Note::parse(NOTE.as_bytes()).unwrap();
        let key = VerifierKey::parse(KEY).unwrap();
        let [signature] = note.signatures.as_slice() else { panic!("one signature") };
        assert!(signature.is_of(&key) && key.verifies(note.text.as_bytes(), &signature.payload));
        assert!(!key.verifies(b"another text\n", &signature.payload));
        let secret = SigningKey::parse(SECRET_KEY).unwrap();
        assert_eq!(secret.verifier(), &key);
        assert_eq!(secret.sign(note.text.as_bytes())[..], signature.payload);
        assert_eq!(note.to_string(), NOTE);
        assert_eq!(format!("{secret:?}"), format!("the secret half of {KEY}"));
    }

    #[test]
    fn each_mutant_is_refused_for_its_own_reason() {
        let refuse = |text: String| Note::parse(text.as_bytes()).unwrap_err();
        let not_a_signature = |error: NotANote| matches!(error, NotANote::NotASignature(_));
        assert_eq!(refuse(NOTE.trim_end().to_owned()), NotANote::NoFinalNewline);
        assert_eq!(refuse(NOTE.replace("\n\n", "\n")), NotANote::NoSignatures);
        assert_eq!(refuse(NOTE.replace("is the", "is\tthe")), NotANote::Control(9));
        assert_eq!(refuse(NOTE.replace('\n', "\r\n")), NotANote::Control(13));
        assert!(not_a_signature(refuse(format!("{NOTE}\n"))));
        assert!(not_a_signature(refuse(format!("{NOTE}more\n"))));
        assert!(not_a_signature(refuse(NOTE.replace("— ", "- "))));
        assert!(not_a_signature(refuse(NOTE.replace("— Peter", "—  Peter"))));
        assert!(not_a_signature(refuse(NOTE.replace("JnAM=", "JnAN="))), "base64 that is not canonical");
        assert!(not_a_signature(refuse(NOTE.replace("JnAM=", "JnAM"))));
        assert!(not_a_signature(refuse(NOTE.replace("JnAM=", "JnAM= "))));
        let line = NOTE.split("\n\n").nth(1).unwrap();
        assert_eq!(refuse(format!("{NOTE}{line}")), NotANote::Twice("PeterNeumann+c74f20a3".to_owned()));
        assert_eq!(refuse("x".repeat(LIMIT + 1)), NotANote::TooLong(LIMIT + 1));
        assert_eq!(Note::parse(b"\xff\n\n"), Err(NotANote::NotText));
    }

    #[test]
    fn each_false_key_is_refused_for_its_own_reason() {
        let refuse = |text: &str| VerifierKey::parse(text).unwrap_err();
        let renamed = KEY.replace("Peter", "Petra");
        assert!(matches!(refuse(&renamed), NotAKey::Id { .. }));
        assert!(matches!(refuse(&KEY.replace("c74f20a3", "C74F20A3")), NotAKey::Id { .. }));
        assert!(matches!(refuse(&KEY.replace("PeterNeumann", "Peter Neumann")), NotAKey::Name(_)));
        assert_eq!(refuse("PeterNeumann"), NotAKey::Form);
        assert_eq!(refuse(&KEY.replace("10TW", "10T")), NotAKey::Form);
        assert_eq!(refuse(&KEY.replace("+ARpc", "+AxpC")), NotAKey::Type(3));
        let weak = format!("x+00000000+{}", STANDARD.encode([&[1_u8][..], &[0; 32]].concat()));
        assert_eq!(refuse(&weak), NotAKey::Weak);
    }
}
