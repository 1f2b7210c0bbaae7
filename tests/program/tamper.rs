//! A small sample of the tamper score; `cargo bench --bench tamper` prints the whole of it.

#[path = "../score/tamper.rs"]
mod score;

use score::{Original, files_of, is_repairable};

#[test]
fn whatever_is_altered_is_found_and_one_damaged_file_loses_nothing() {
    let original = Original::new();
    assert!(files_of(&original).iter().any(|file| file.starts_with("store/db")));
    let rows = original.score(3, |_| ());
    assert_eq!(rows.len(), 12);
    for row in rows {
        let real = row.made - row.harmless;
        assert!(row.made >= 3 && row.made <= row.possible && real > 0, "{row:?}");
        assert_eq!((row.found_with_checkpoint, row.located), (real, real), "{row:?}");
        // What is rolled back or written anew whole looks sound by itself.
        if is_repairable(row.class) {
            assert_eq!(row.found, real, "{row:?}");
        }
        if row.class.starts_with("both copies, two") || row.class.starts_with("journal, a byte") {
            assert_eq!((row.repaired, row.sound_after), (real, real), "{row:?}");
        } else if row.class.starts_with("store") {
            assert_eq!(row.repaired, real, "{row:?}");
        }
    }
}
