//! Bad input: each a fact, a place and a way out, and nothing recorded.

use expect_test::expect;

use crate::bench::Bench;

#[test]
fn all_errors_of_a_file_come_together() {
    let bench = Bench::new();
    bench.write(
        "acts.jsonl",
        r#"{"kind":"recognition.stat","actor":"USA","subject":"XKX","effective":"2025-02-30"}
{"kind":"sanction.imposed","actor":"US","subject":"SDN","regime":"EO 13067","measures":["comprehensive"],"effective":"1997-11-04"}
{"kind":"act.corrected","act":"uk-pse-recognition","set":{"effective":"2025-09-21"}}
"#,
    );
    let ran = bench.run("append --file acts.jsonl");
    assert_eq!(ran.status, 2);
    expect![[r"
        error: acts.jsonl:1:9: kind: unknown kind `recognition.stat`; nearest: recognition.state, recognition.withdrawn, recognition.refused
        error: acts.jsonl:1:70: effective: `2025-02-30` is not an EDTF date: day is out of range for the month
        error: acts.jsonl:2: actor: `US` is not a declared party; nearest: USA (declare it first with `entity.created`)
        error: acts.jsonl:3: act: no earlier act is `uk-pse-recognition` (`chancery log` lists the acts with their ids and numbers)
        hint: nothing was recorded
    "]]
    .assert_eq(&ran.err);
    assert!(bench.ok("head").contains("525 entries"));
}
