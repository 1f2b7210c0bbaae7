//! Entries and their bytes: one form each, every change of a byte found, what is written read back.

use ledger::act::json::{self, Line};
use ledger::chain::{follow, seal};
use ledger::entry::Entry;
use ledger::{Head, RecordedAt};
use proptest::prelude::*;

use crate::bench::{act, instant};

const ACTS: [&str; 5] = [
    "2003 terror.designated RUS taliban list=Supreme_Court id=x",
    "2008-02-18 recognition.state USA XKX mode=de_facto order=2 note=as_reported",
    "1997-11-04 sanction.imposed USA SDN regime=EO_13067 measures=comprehensive,arms_embargo until=2017",
    r#"- act.corrected - - act=#12 set={"effective":"2003-02-14","note":null}"#,
    "- entity.created - ofac:35096 party=company name=Tornado_Cash",
];

fn sealed(index: usize) -> ledger::chain::Sealed {
    seal(&Head::EMPTY, act(ACTS[index]), RecordedAt::Asserted(instant("2020-01-01"))).unwrap()
}

/// An act read from text, with as many fields as possible, is the same after every form.
#[test]
fn an_act_is_the_same_in_text_and_in_bytes() {
    let text = r#"{"kind":"credentials.accepted","id":"c","actor":"CHN","subject":"IEA","person":"karimi","class":"ambassador","effective":"2024-01-30","until":"2025-XX","decided":"2023-12","announced":"2024-01-30","notified":"2024-01-29?","published":"2024-01-31~","instrument":"note verbale","basis":"VCDR 13","claims":[{"source":"MFA","url":"https://example.org/1","published":"2024-01-30","retrieved":"2024-02-01","locator":"line 4","digest":"blake3:00","stance":"denies"}],"order":-3,"group":"g","note":"one\ntwo"}"#;
    let (acts, problems) = json::read(text.as_bytes());
    assert_eq!(problems, []);
    assert_eq!(serde_json::to_string(&Line(&acts[0].act)).unwrap(), text);
    let sealed = seal(&Head::EMPTY, acts[0].act.clone(), RecordedAt::Clock(instant("2024-02-02"))).unwrap();
    assert_eq!(Entry::decode(&sealed.bytes).unwrap().act, acts[0].act);
}

#[test]
fn trailing_bytes_and_other_spellings_are_refused() {
    let sealed = sealed(0);
    let mut longer = sealed.bytes.clone();
    longer.push(0);
    assert!(Entry::decode(&longer).is_err());
    // bincode reads 251, 1, 0 as 1 as well; the number of the entry is the first thing after the version.
    let mut other = sealed.bytes.clone();
    assert_eq!(other[1], 1);
    other.splice(1..2, [251, 1, 0]);
    assert!(Entry::decode(&other).is_err());
    let mut newer = sealed.bytes.clone();
    newer[0] = 2;
    assert_eq!(
        Entry::decode(&newer).unwrap_err().to_string(),
        "its format is version 2; this program reads version 1"
    );
    assert!(Entry::decode(&[]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Any byte of an entry changed: it does not decode, or it does not follow, or the head differs.
    #[test]
    fn a_changed_byte_shows(index in 0..ACTS.len(), place in any::<prop::sample::Index>(), change in 1..=255_u8) {
        let sealed = sealed(index);
        let mut bytes = sealed.bytes.clone();
        let place = place.index(bytes.len());
        bytes[place] ^= change;
        if let Ok((changed, _)) = follow(&Head::EMPTY, bytes) {
            prop_assert_ne!(changed.hash, sealed.hash);
        }
    }

    /// Random bytes never make an entry panic, and what decodes encodes to the same bytes.
    #[test]
    fn any_bytes_are_refused_or_are_canonical(mut bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Some(first) = bytes.first_mut() {
            *first = 1;
        }
        if let Ok(entry) = Entry::decode(&bytes) {
            prop_assert_eq!(entry.encode(), bytes);
        }
    }

    /// Acts of any texts and numbers are read back as they were written.
    #[test]
    fn what_is_encoded_decodes(note in "[^\\p{C}]{1,40}", order in any::<i64>(), id in "[a-z][a-z0-9 -]{0,20}[a-z]", year in 1000..9999_i32) {
        prop_assume!(!note.trim().is_empty());
        let line = serde_json::json!({
            "kind": "statement", "id": id, "actor": "RUS", "effective": year.to_string(), "order": order, "note": note,
        });
        let (acts, problems) = json::read(line.to_string().as_bytes());
        prop_assert_eq!(problems, []);
        let act = acts[0].act.clone();
        let sealed = seal(&Head::EMPTY, act.clone(), RecordedAt::Clock(instant("2024-02-02"))).unwrap();
        prop_assert_eq!(&Entry::decode(&sealed.bytes).unwrap().act, &act);
        let again = json::read(serde_json::to_string(&Line(&act)).unwrap().as_bytes());
        prop_assert_eq!(&again.0[0].act, &act);
    }
}

/// Of as many bytes as an entry may have, and made of as many small values as fit: what is sealed is read back.
#[test]
fn the_longest_entry_is_read_back() {
    let codes = |count: usize| {
        let pairs: Vec<String> = (0..count).map(|number| format!("\"k{number:05}\":\"1\"")).collect();
        let line = format!(
            "{{\"kind\":\"entity.created\",\"subject\":\"A\",\"party\":\"state\",\"codes\":{{{}}}}}",
            pairs.join(",")
        );
        let (acts, problems) = json::read(line.as_bytes());
        assert_eq!(problems, []);
        seal(&Head::EMPTY, acts[0].act.clone(), RecordedAt::Clock(instant("2024-02-02")))
    };
    let most = (65_535 - 100) / 9;
    let sealed = codes(most).unwrap();
    assert!(sealed.bytes.len() > 65_400);
    assert!(Entry::decode(&sealed.bytes).is_ok());
    assert!(codes(most + 10).unwrap_err() > 65_535);
}

#[test]
fn an_instant_is_cut_to_the_microsecond() {
    let finer = "2020-01-01T00:00:00.123456789Z".parse().unwrap();
    let sealed = seal(&Head::EMPTY, act(ACTS[0]), RecordedAt::Asserted(finer)).unwrap();
    assert_eq!(sealed.recorded_at.to_string(), "2020-01-01T00:00:00.123456Z");
    assert_eq!(Entry::decode(&sealed.bytes).unwrap().recorded_at, sealed.recorded_at);
}
