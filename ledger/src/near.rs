//! Near words: what a writer may have meant.

/// A word without what writers vary: case, diacritics, punctuation, repeated space.
///
/// Diacritics are taken off by canonical decomposition (Unicode NFKD).
pub(crate) fn plain(word: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    if word.is_ascii() {
        // Most names are, and have nothing to decompose.
        return single_spaced(word.bytes().map(|byte| char::from(byte).to_ascii_lowercase()));
    }
    let letters: String = word
        .nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    single_spaced(letters.to_lowercase().chars())
}

/// Letters and digits, with one space wherever anything else stands between them.
fn single_spaced(letters: impl Iterator<Item = char>) -> String {
    let mut words = String::with_capacity(letters.size_hint().0);
    let mut is_apart = false;
    for letter in letters {
        if !letter.is_alphanumeric() && !is_mark(letter) {
            is_apart = !words.is_empty();
            continue;
        }
        if std::mem::take(&mut is_apart) {
            words.push(' ');
        }
        words.push(letter);
    }
    words
}

/// What small letters may be made of beside letters: `İ` becomes `i` and a dot above.
fn is_mark(letter: char) -> bool {
    unicode_normalization::char::is_combining_mark(letter)
}

/// At most three of the words, those nearest to the one given, the nearest first.
pub(crate) fn nearest<'a>(word: &str, words: impl Iterator<Item = &'a str>) -> Vec<String> {
    const MOST: usize = 3;
    const ENOUGH: f64 = 0.7;
    // What is longer than any word of the register is near to none; to compare it would take for ever.
    const LONGEST: usize = 1_000;
    if word.len() > LONGEST {
        return Vec::new();
    }
    let plain = word.to_lowercase();
    let mut near: Vec<(f64, &str)> = words
        .map(|candidate| (likeness(&plain, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ENOUGH)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    near.dedup_by_key(|(_, candidate)| *candidate);
    near.truncate(MOST);
    near.into_iter().map(|(_, candidate)| candidate.to_owned()).collect()
}

/// Between 0 (nothing alike) and 1 (the same). A word that begins with the other is near, however short.
fn likeness(word: &str, candidate: &str) -> f64 {
    if word.len() >= 2 && (candidate.starts_with(word) || word.starts_with(candidate)) {
        return 0.95;
    }
    strsim::jaro_winkler(word, candidate).max(strsim::normalized_damerau_levenshtein(word, candidate))
}

#[cfg(test)]
mod tests {
    use super::{nearest, plain};

    #[test]
    fn what_writers_vary_is_taken_off() {
        assert_eq!(plain("Côte d'Ivoire"), "cote d ivoire");
        assert_eq!(plain("  TÜRKİYE "), "turkiye");
        assert_eq!(plain(" (DOE),  Jane; 2nd. "), "doe jane 2nd");
        assert_eq!(plain("ＤＯＥ,\u{3000}Jane"), "doe jane");
        assert_eq!(plain("--"), "");
    }

    #[test]
    fn the_nearest_words_come_first() {
        let states = ["USA", "UGA", "UKR", "GBR", "AUS"];
        assert_eq!(nearest("US", states.into_iter())[0], "USA");
        assert_eq!(nearest("usa", states.into_iter())[0], "USA");
        assert_eq!(nearest("knwn", ["known", "known"].into_iter()), ["known"]);
        assert!(nearest("Atlantis", states.into_iter()).is_empty());
    }
}
