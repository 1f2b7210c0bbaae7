//! `docs/format.md` tells the truth: its tables are the vocabulary, its vectors are the bytes.

use ledger::act::json::{self, Line};
use ledger::act::vocabulary::{KINDS, fields_of};
use ledger::act::{Class, Manner, Measure, Mode, PartyKind, Rank, Stance};
use ledger::chain::{follow, seal};
use ledger::entry::Hash;
use ledger::{Head, Ledger, RecordedAt};

const FORMAT: &str = include_str!("../../docs/format.md");

/// The cells of the rows of a table that begin so.
fn rows(first: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    let table = FORMAT.split(first).nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split('|').map(str::trim).collect())
}

#[test]
fn the_table_of_kinds_is_the_vocabulary() {
    let written: Vec<(String, String, Vec<&str>)> = rows("| number | kind | fields |")
        .map(|cells| {
            let names = cells[2].split(", ").filter_map(|field| Some(field.split_once(": ")?.0));
            (cells[0].to_owned(), cells[1].trim_matches('`').to_owned(), names.collect())
        })
        .collect();
    let real: Vec<(String, String, Vec<&str>)> = (0..)
        .zip(KINDS)
        .map(|(number, kind): (usize, _)| (number.to_string(), (*kind).to_owned(), fields_of(kind).to_vec()))
        .collect();
    assert_eq!(written, real);
}

#[test]
fn the_words_of_each_list_stand_in_their_order() {
    let real = [
        ("mode", Mode::WORDS),
        ("manner", Manner::WORDS),
        ("rank", Rank::WORDS),
        ("class", Class::WORDS),
        ("measure", Measure::WORDS),
        ("party kind", PartyKind::WORDS),
        ("stance", Stance::WORDS),
    ];
    let written: Vec<(&str, Vec<&str>)> = rows("| list | words |")
        .map(|cells| (cells[0], cells[1].split(' ').map(|word| word.trim_matches('`')).collect()))
        .collect();
    assert_eq!(written, real.map(|(list, words)| (list, words.to_vec())));
}

struct Vector {
    line: &'static str,
    header: Vec<u8>,
    entry: Vec<u8>,
    hash: &'static str,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn vectors() -> Vec<Vector> {
    let blocks = FORMAT.split("## Vectors").nth(1).unwrap().split("```text\n").skip(1);
    blocks
        .map(|block| {
            let lines: Vec<&str> = block.split("\n```").next().unwrap().lines().collect();
            let [line, header, entry @ .., hash] = lines.as_slice() else { panic!("{block}") };
            let hash = hash.strip_prefix("hash ").unwrap();
            Vector { line, header: bytes(header), entry: bytes(&entry.concat()), hash }
        })
        .collect()
}

/// The entries of the packed frames in a file, read as the document says.
fn entries_of_frames(file: &[u8]) -> Vec<Vec<u8>> {
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte));
    let mut entries = Vec::new();
    for at in (0..file.len()).filter(|at| file[*at..].starts_with(b"\x02chframe")) {
        let (packed, unpacked) = (number(&file[at + 12..at + 16]), number(&file[at + 16..at + 20]));
        let frame = &file[at..at + 100 + packed];
        assert_eq!(number(&frame[8..12]), crc32fast::hash(&frame[12..]) as usize);
        let bytes = lz4_flex::block::decompress(&frame[100..], unpacked).unwrap();
        let mut rest = &bytes[..];
        let mut previous = frame[36..68].to_vec();
        while !rest.is_empty() {
            let (bare, after) = rest[2..].split_at(number(&rest[..2]));
            rest = after;
            // Version, number below 251, instant of nine bytes, bool.
            let entry = [&bare[..12], &previous, &bare[12..]].concat();
            previous = Hash::of(&entry).0.to_vec();
            entries.push(entry);
        }
        assert_eq!(previous, frame[68..100]);
    }
    entries
}

#[test]
fn the_frames_of_the_store_are_as_they_are_described() {
    assert!(FORMAT.contains("| 8 | the mark: `02`, the version of the frame, and `chframe` |"));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger");
    let at = RecordedAt::Asserted("2025-01-01T00:00:00Z".parse().unwrap());
    Ledger::create(&path, Vec::new(), at).unwrap();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    let lines: Vec<String> = (1..=60)
        .map(|n| format!(r#"{{"kind":"notice","actor":"A","effective":"2001","note":"no {n}"}}"#))
        .collect();
    let party = r#"{"kind":"entity.created","subject":"A","party":"state"}"#;
    let (acts, problems) = json::read([&[party.to_owned()], &lines[..]].concat().join("\n").as_bytes());
    assert_eq!(problems, []);
    ledger.append(acts, at, None).unwrap();
    ledger.close().unwrap();
    let found = entries_of_frames(&std::fs::read(path.join("store/db")).unwrap());
    let log = ledger::Log::read(&path).unwrap();
    assert!(log.entries.iter().map(|(sealed, _)| &sealed.bytes).eq(&found));
}

#[test]
fn the_vectors_are_the_bytes() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 3);
    let mut head = Head::EMPTY;
    let mut submitted = Vec::new();
    let mut journal = b"chancery journal 1\n".to_vec();
    for Vector { line, header, entry, hash } in vectors {
        let (mut acts, problems) = json::read_exact(line.as_bytes());
        assert_eq!(problems, []);
        let act = acts.remove(0);
        let sealed = seal(&head, act.act.clone(), act.recorded_at.unwrap()).unwrap();
        assert_eq!(sealed.bytes, entry);
        assert_eq!(sealed.hash.to_string(), hash);
        let (_, read) = follow(&head, entry.clone()).unwrap();
        assert!(line.ends_with(&serde_json::to_string(&Line(&read.act)).unwrap()[1..]));
        head = sealed.head();
        journal.extend(header.into_iter().chain(entry));
        submitted.push(act);
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ledger");
    let at = RecordedAt::Asserted("2025-01-01T00:00:00Z".parse().unwrap());
    Ledger::create(&path, Vec::new(), at).unwrap();
    let (mut ledger, _) = Ledger::open(&path).unwrap();
    ledger.append(submitted, at, None).unwrap();
    assert_eq!(std::fs::read(path.join("journal")).unwrap(), journal);
}
