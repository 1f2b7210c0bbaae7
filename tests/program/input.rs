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

/// A few declarations, and one act.
const KNOWN: &str = "kind,subject,party,id,actor,effective
entity.created,USA,state,,,
entity.created,CUB,state,,,
entity.created,XKX,state,,,
entity.created,SDN,state,,,
visit,CUB,,known,USA,2016-03-20
";

/// What is said of a file with these lines, after which nothing was recorded.
fn said_of(file: &str, text: impl AsRef<[u8]>) -> String {
    let bench = Bench::bare();
    bench.ok("init --bare");
    bench.write("known.csv", KNOWN);
    bench.ok("append --file known.csv");
    bench.write(file, text);
    let ran = bench.run(&format!("append --file {file}"));
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{}", ran.err);
    assert!(bench.ok("head").contains("5 entries"));
    ran.err
}

#[test]
fn a_wrong_field_is_named_with_what_was_expected() {
    let said = said_of(
        "acts.jsonl",
        r#"{"kind":"recognition.state","acter":"USA","subject":"XKX","effective":"2008-02-18"}
{"kind":"visit","actor":"USA","subject":"CUB","effective":"2016","regime":"EO 1"}
{"kind":"sanction.imposed","actor":"USA","subject":"CUB","measures":["asset_freze"]}
{"kind":"recognition.state","actor":"USA","subject":"XKX","effective":"2008-02-18","effective":"2008"}
{"kind":"visit","actor":12,"effective":["2016"],"order":"first","note":""}
{"kind":"visit","actor":"U SA","effective":"2016","group":null}
{"actor":"USA"}
{"kind":"act.corrected","act":"known","set":{"kind":"statement"}}
{"kind":"act.corrected","act":"known","set":{"regime":"EO 1"}}
{"kind":"visit","actor":"USA","effective":"2016","claims":[{"url":"x"}]}
{"kind":"visit","actor":"USA","effective":"2016","claims":[{"source":"x","sorce":"y"}]}
{"kind":"visit","actor":"USA","effective":"2016","claims":[{"source":"x","source":"y"}]}
{"kind":"act.corrected","act":"known","set":{"note":"a","note":"b"}}
"#,
    );
    expect![[r#"
        error: acts.jsonl:1: actor: missing: `recognition.state` needs it
        error: acts.jsonl:1:37: acter: unknown field; nearest: actor, manner
        error: acts.jsonl:2:75: regime: `visit` has no use for this field (it takes actor, subject, and the common fields)
        error: acts.jsonl:3: regime: missing: `sanction.imposed` needs it
        error: acts.jsonl:3: effective: missing: `sanction.imposed` needs it
        error: acts.jsonl:3:69: measures: expected one of asset_freeze, travel_ban, arms_embargo, trade_embargo, export_control, import_control, finance, services, transport, diplomatic, comprehensive, other, found "asset_freze"; nearest: asset_freeze
        error: acts.jsonl:4:96: effective: given twice
        error: acts.jsonl:5:25: actor: expected the id of a party, found 12
        error: acts.jsonl:5:40: effective: expected an EDTF date such as "2025-07-03" or "2003", found ["2016"]
        error: acts.jsonl:5:57: order: expected a whole number, found "first"
        error: acts.jsonl:5:72: note: expected text that is not blank and has no control characters, found ""
        error: acts.jsonl:6:25: actor: `U SA` is not an id: 1 to 64 of `A-Z a-z 0-9 . _ : -`, the first a letter or digit
        error: acts.jsonl:6:59: group: expected one line of 1 to 200 characters, with no space at either end, found null
        error: acts.jsonl:7: an act needs a `kind`
        error: acts.jsonl:8:45: set: `kind` of an act cannot be corrected: retract the act and enter another
        error: acts.jsonl:9: set: the corrected act would be wrong: regime: `visit` has no use for this field
        error: acts.jsonl:10:59: claims: a claim needs `source`
        error: acts.jsonl:11:59: claims: a claim has no field `sorce`; it takes source, url, published, retrieved, locator, digest, stance; nearest: source, stance
        error: acts.jsonl:12:81: claims: `source` is given twice
        error: acts.jsonl:13:62: set: `note` is given twice
        hint: nothing was recorded
    "#]].assert_eq(&said);
}

#[test]
fn a_wrong_date_says_why() {
    let said = said_of(
        "acts.jsonl",
        r#"{"kind":"visit","actor":"USA","effective":"2025-02-30"}
{"kind":"visit","actor":"USA","effective":"2003-05/2003-02"}
{"kind":"visit","actor":"USA","effective":"20 March 2016"}
{"kind":"visit","actor":"USA","effective":"2001-21"}
{"kind":"visit","actor":"USA","effective":"2016-03-20T10:00:00Z"}
{"kind":"visit","actor":"USA","effective":"2016","until":"2015"}
{"kind":"recognition.withdrawn","actor":"USA","subject":"XKX","effective":"2016","until":"2017"}
"#,
    );
    expect![[r"
        error: acts.jsonl:1:43: effective: `2025-02-30` is not an EDTF date: day is out of range for the month
        error: acts.jsonl:2:43: effective: `2003-05/2003-02` is not an EDTF date: interval end precedes interval start
        error: acts.jsonl:3:43: effective: `20 March 2016` is not an EDTF date: whitespace is not allowed
        error: acts.jsonl:4:43: effective: `2001-21` is EDTF, but a season has no agreed days: write its months, such as 2003-03/2003-05
        error: acts.jsonl:5:43: effective: `2016-03-20T10:00:00Z` is EDTF, but a register counts in days: leave out the time of day
        error: acts.jsonl:6: until: `2015` is before `effective`, `2016`
        error: acts.jsonl:7:90: until: `recognition.withdrawn` has no use for this field (it takes actor, subject, and the common fields)
        hint: nothing was recorded
    "]].assert_eq(&said);
}

#[test]
fn an_act_must_fit_what_the_ledger_holds() {
    let said = said_of(
        "acts.jsonl",
        r##"{"kind":"visit","id":"known","actor":"USA","subject":"CUB","effective":"2016-03-21"}
{"kind":"visit","actor":"USS","effective":"2016"}
{"kind":"act.retracted","act":"knwn"}
{"kind":"act.retracted","act":"#900"}
{"kind":"act.retracted","act":"#0"}
{"kind":"entity.created","subject":"USA","party":"company"}
{"kind":"act.corrected","act":"known","set":{"subject":"Cuba"}}
"##,
    );
    expect![[r##"
        error: acts.jsonl:1: id: entry 5 already has id `known` with other content (to change what entry 5 says use `chancery correct`, else take another id)
        error: acts.jsonl:2: actor: `USS` is not a declared party; nearest: USA (declare it first with `entity.created`)
        error: acts.jsonl:3: act: no earlier act is `knwn`; nearest: known (`chancery log` lists the acts with their ids and numbers)
        error: acts.jsonl:4: act: no earlier act is `#900` (`chancery log` lists the acts with their ids and numbers)
        error: acts.jsonl:5:31: act: expected the id of an act, or `#` and the number of an entry, found "#0"
        error: acts.jsonl:6: subject: `USA` is declared already, as state, by entry 1 (one party is of one kind: take another id, or correct that entry)
        error: acts.jsonl:7: set: the corrected act would be wrong: subject: `Cuba` is not a declared party; nearest: CUB, USA
        hint: nothing was recorded
    "##]].assert_eq(&said);
}

#[test]
fn text_that_is_no_text_is_named_by_its_place() {
    expect![[r#"
        error: a.jsonl:2:10: the bytes are not UTF-8 text
        error: a.jsonl:3: not one JSON object on one line: invalid type: sequence, expected an act, such as {"kind":"visit",…}
        error: a.jsonl:4:8: not one JSON object on one line: EOF while parsing a value
        hint: nothing was recorded
    "#]].assert_eq(&said_of("a.jsonl", b"{\"kind\":\"visit\",\"actor\":\"USA\",\"effective\":\"2016\"}\n{\"kind\":\"\xff\"}\n[1]\n{\"kind\":\n"));
    expect![[r"
        error: a.toml:3:9: the bytes are not UTF-8 text
        hint: nothing was recorded
    "]]
    .assert_eq(&said_of("a.toml", b"[[act]]\nkind = \"visit\"\nnote = \"\xff\"\n"));
    expect![[r"
        error: a.csv:2: cell 2 is not UTF-8 text
        hint: nothing was recorded
    "]]
    .assert_eq(&said_of("a.csv", b"kind,actor\nvisit,US\xff\n"));
    expect![[r"
        error: a.jsonl: there is no act in it
        hint: nothing was recorded; a source that came back empty is recorded as `source.failed`
    "]]
    .assert_eq(&said_of("a.jsonl", ""));
    expect![[r"
        error: a.jsonl: there is no act in it
        hint: nothing was recorded; a source that came back empty is recorded as `source.failed`
    "]]
    .assert_eq(&said_of("a.jsonl", "\n  \n"));
    expect![[r"
        error: a.toml: there is no act in it
        hint: nothing was recorded; a source that came back empty is recorded as `source.failed`
    "]]
    .assert_eq(&said_of("a.toml", "# nothing yet\n"));
    expect![[r"
        error: a.csv: there is no act in it
        hint: nothing was recorded; a source that came back empty is recorded as `source.failed`
    "]]
    .assert_eq(&said_of("a.csv", "kind,actor\n"));
}

#[test]
fn toml_and_csv_name_their_places_too() {
    let said = said_of(
        "acts.toml",
        "[[act]]\nkind = \"visit\"\nactor = \"USA\"\neffective = 2016-03-20T10:00:00Z\n\n[[act]]\nkind = \"vist\"\n\n\
         [[acts]]\nkind = \"visit\"\n",
    );
    expect![[r"
        error: acts.toml:4:13: effective: `2016-03-20T10:00:00Z` is EDTF, but a register counts in days: leave out the time of day
        error: acts.toml:7:8: kind: unknown kind `vist`; nearest: visit
        error: acts.toml:9:3: `acts`: acts are tables headed `[[act]]`
        hint: nothing was recorded
    "]].assert_eq(&said);
    expect![[r"
        error: acts.toml:3:1: not TOML: duplicate key
        hint: nothing was recorded
    "]]
    .assert_eq(&said_of("acts.toml", "[[act]]\nkind = \"visit\"\nkind = \"visit\"\n"));
    let said = said_of(
        "acts.csv",
        "kind,actor,subject,effective,order\nvisit,USA,CUB,2016-02-30,\nvisit,US,CUB,2016,1\nvisit,USA,CUB,2016,last\nvisit,USA\n",
    );
    expect![[r#"
        error: acts.csv:2:4: effective: `2016-02-30` is not an EDTF date: day is out of range for the month
        error: acts.csv:3: actor: `US` is not a declared party; nearest: USA (declare it first with `entity.created`)
        error: acts.csv:4:5: order: expected a whole number, found "last"
        error: acts.csv:5: the row has 2 cells, the first row has 5
        hint: nothing was recorded
    "#]].assert_eq(&said);
}

#[test]
fn an_entry_has_a_longest_length() {
    let note = "x".repeat(65_535);
    let said = said_of(
        "acts.jsonl",
        format!(
            "{{\"kind\":\"visit\",\"actor\":\"USA\",\"effective\":\"2016\"}}\n{{\"kind\":\"visit\",\"actor\":\"USA\",\"effective\":\"2016\",\"note\":\"{note}\"}}\n"
        ),
    );
    expect![[r"
        error: acts.jsonl:2: the entry would be 65606 bytes long; the limit is 65535 (shorten `note` or `claims`, or split the act)
        hint: nothing was recorded
    "]].assert_eq(&said);
    // The longest that fits is recorded, and read back.
    let bench = Bench::new();
    let line = |length: usize| {
        format!(
            "{{\"kind\":\"visit\",\"actor\":\"USA\",\"effective\":\"2016\",\"note\":\"{}\"}}\n",
            "y".repeat(length)
        )
    };
    bench.write("a.jsonl", line(65_535));
    let said = bench.run("append --file a.jsonl --dry-run");
    assert_eq!(said, bench.run("append --file a.jsonl"), "a dry run says what an append would say");
    let words = said.err.split("would be ").nth(1).unwrap();
    let bytes: usize = words.split(' ').next().unwrap().parse().unwrap();
    bench.write("a.jsonl", line(65_535 - (bytes - 65_535) + 1));
    assert_eq!(bench.run("append --file a.jsonl").status, 2);
    bench.write("a.jsonl", line(65_535 - (bytes - 65_535)));
    bench.ok("append --file a.jsonl");
    assert!(bench.ok("audit").contains("store    ok"));
}

#[test]
fn what_is_no_ledger_is_not_taken_for_one() {
    let bench = Bench::bare();
    let opening = |words: &str| {
        let ran = bench.run(words);
        assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{words}");
        ran.err
    };
    expect![[r"
        error: there is no ledger at chancery.ledger
        hint: make one with `chancery init`, or name one with --ledger DIR
    "]]
    .assert_eq(&opening("state"));
    std::fs::create_dir(bench.path("holiday")).unwrap();
    bench.write("holiday/photo.jpg", "sea");
    expect![[r"
        error: holiday is not a ledger: it holds no file `journal` that begins as one
        hint: name a ledger with --ledger DIR, or make one elsewhere with `chancery init`
    "]]
    .assert_eq(&opening("--ledger holiday append visit --actor USA --effective 2016"));
    expect![[r"
        error: holiday/photo.jpg is not a ledger: it holds no file `journal` that begins as one
        hint: name a ledger with --ledger DIR, or make one elsewhere with `chancery init`
    "]]
    .assert_eq(&opening("--ledger holiday/photo.jpg head"));
    bench.write("holiday/journal", "Dear diary,\n");
    expect![[r"
        error: holiday is not a ledger: it holds no file `journal` that begins as one
        hint: name a ledger with --ledger DIR, or make one elsewhere with `chancery init`
    "]]
    .assert_eq(&opening("--ledger holiday audit"));
    bench.write("holiday/journal", "chancery journal 2\n");
    let commands = ["append visit --actor USA --effective 2016", "state", "log", "audit", "export"];
    let said: Vec<String> =
        commands.iter().map(|command| opening(&format!("--ledger holiday {command}"))).collect();
    assert!(said.iter().all(|each| *each == said[0]), "{said:?}");
    expect![[r"
        error: the ledger at holiday has format 2; this program reads format 1
        hint: use the version of chancery that wrote it, or a later one
    "]]
    .assert_eq(&said[0]);
    assert_eq!(std::fs::read_dir(bench.path("holiday")).unwrap().count(), 2, "nothing was left there");
    let ran = bench.run("--ledger holiday init");
    assert_eq!(ran.status, 2);
    expect![[r"
        error: holiday exists already
        hint: append to it, or name another place with --ledger DIR
    "]]
    .assert_eq(&ran.err);
    let ran = bench.run("--ledger nowhere/at/all init");
    assert_eq!(ran.status, 3);
    expect![[r"
        error: nowhere/at/all: No such file or directory (os error 2)
        hint: nothing was made; is the directory above it there, and yours to write?
    "]]
    .assert_eq(&ran.err);
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_a_way_out() {
    let bench = Bench::new();
    let ran = bench.run("append --file .");
    assert_eq!(ran.status, 2);
    expect![[r"
        error: .: Is a directory (os error 21)
        hint: name a file in it
    "]]
    .assert_eq(&ran.err);
    let ran = bench.run("append --file none.jsonl");
    assert_eq!(ran.status, 2);
    expect![[r"
        error: none.jsonl: No such file or directory (os error 2)
        hint: is the name right, as seen from the directory you are in?
    "]]
    .assert_eq(&ran.err);
}

/// Says on standard error, past the harness that hides what tests print, that a test was not made.
fn skip(why: &str) {
    use std::io::Write;
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

#[test]
#[cfg(unix)]
fn a_ledger_that_is_not_yours_says_so() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    bench.write("acts.jsonl", r#"{"kind":"visit","actor":"USA","effective":"2016"}"#);
    let journal = bench.path("chancery.ledger/journal");
    let may = |mode| set_permissions(&journal, Permissions::from_mode(mode)).unwrap();
    may(0o000);
    if std::fs::File::open(&journal).is_ok() {
        return skip("no permission: this user may read everything");
    }
    let ran = bench.run("head");
    assert_eq!((ran.status, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("chancery.ledger/journal: Permission denied"), "{}", ran.err);
    may(0o400);
    assert!(bench.ok("head").contains("525 entries"), "to read is enough to ask");
    let ran = bench.run("append --file acts.jsonl");
    assert_eq!((ran.status, ran.out.as_str()), (3, ""));
    assert!(
        ran.err.contains("Permission denied") && ran.err.contains("yours to read and write"),
        "{}",
        ran.err
    );
    may(0o600);
    bench.ok("append --file acts.jsonl");
}

/// Run within a mount namespace of its own: the small disk goes with it.
#[cfg(target_os = "linux")]
const ON_A_FULL_DISK: &str = r#"
mount -t tmpfs -o size=24m tmpfs "$1" || exit 77
here=$PWD
cd "$1"
chancery init --recorded-at 2000-01-01T00:00:00Z > /dev/null
chancery append visit --actor USA --effective 2001 > /dev/null
chancery head > "$here/before"
dd if=/dev/zero of=fill bs=4096 2>/dev/null
chancery append visit --actor USA --effective 2002
echo "status $?"
truncate -s -1572864 fill
chancery append --file "$2"
echo "status $?"
chancery head | cmp - "$here/before" && echo "the head is the same"
rm fill
chancery append --file "$2" | head -n 1
chancery audit | grep -v -e head -e checked
"#;

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_records_nothing_and_harms_nothing() {
    use std::fmt::Write as _;
    let bench = Bench::bare();
    let (mut many, long) = (String::new(), ", and more".repeat(100));
    for number in 0..2_000 {
        writeln!(
            many,
            r#"{{"kind":"visit","actor":"USA","effective":"2003","note":"number {number}{long}"}}"#
        )
        .unwrap();
    }
    bench.write("many.jsonl", many);
    std::fs::create_dir(bench.path("disk")).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_chancery")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let output = std::process::Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            &format!("exec 2>&1\n{ON_A_FULL_DISK}"),
            "sh",
        ])
        .args([bench.path("disk"), bench.path("many.jsonl")])
        .current_dir(bench.path(""))
        .env("PATH", path)
        .env_remove("CHANCERY_LEDGER")
        .output();
    let said = match output {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        _ => return skip("a full disk: no small one could be mounted here"),
    };
    expect![[r"
        error: chancery.ledger/store: No space left on device (os error 28)
        hint: check that the directory is yours to read and write, and that the disk is not full
        status 3
        error: the journal could not be written: No space left on device (os error 28)
        hint: nothing was recorded; is the disk full, or the directory not yours to write?
        status 3
        the head is the same
        recorded entries 527 to 2526
        entries  2526
        journal  ok
        store    ok
        meaning  ok
    "]]
    .assert_eq(&said);
}

#[test]
fn a_dry_run_finds_everything_and_records_nothing() {
    let bench = Bench::new();
    let before = bench.ok("head");
    bench.write("a.jsonl", r#"{"kind":"visit","actor":"USA","effective":"2016"}"#);
    assert_eq!(
        bench.ok("append --file a.jsonl --dry-run"),
        "dry run: 1 new, 0 known already; nothing was recorded\n"
    );
    assert_eq!(bench.run("append visit --actor US --effective 2016 --dry-run").status, 2);
    assert_eq!(bench.ok("head"), before);
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_seen_enough_is_no_error() {
    let bench = Bench::new();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_chancery"))
        .arg("--ledger")
        .arg(bench.path("chancery.ledger"))
        .arg("export")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn there_is_no_colour_outside_a_terminal() {
    let bench = Bench::new();
    for words in
        ["tour", "state --actor US --subject CUB", "log --last 3 --all", "help", "append visit --actor X"]
    {
        let ran = bench.run(words);
        assert!(!ran.out.contains('\x1b') && !ran.err.contains('\x1b'), "{words}");
    }
}

#[test]
fn the_exit_status_says_how_it_ended() {
    let bench = Bench::new();
    let status = |words: &str| bench.run(words).status;
    assert_eq!(status("audit"), 0);
    assert_eq!(status("state --actor USA --subject CUB --as-of 1900"), 0, "nothing is an answer");
    let other = "0".repeat(64);
    assert_eq!(status(&format!("audit --against 525:{other}")), 1);
    assert_eq!(status(&format!("audit --against 526:{other}")), 1, "a head beyond the last entry: cut short");
    assert_eq!(status("state --as-of yesterday"), 2);
    assert_eq!(status("state --register marriage"), 2);
    assert_eq!(status("state --known-at #900"), 2);
    assert_eq!(status("frobnicate"), 2);
    assert_eq!(status("append --file nowhere.jsonl"), 2);
    assert_eq!(status(&format!("append visit --actor USA --effective 2016 --expect-head 1:{other}")), 2);
    assert_eq!(status("append visit --actor USA --effective 2016 --recorded-at 1899-01-01T00:00:00Z"), 2);
    assert_eq!(status("append visit --actor USA --effective 2016 --recorded-at 2999-01-01T00:00:00Z"), 2);
    assert_eq!(status("init"), 2);
    assert_eq!(status("--ledger nowhere head"), 3);
    assert!(bench.ok("head").contains("525 entries"));
}

#[test]
fn no_entry_is_recorded_in_the_future() {
    let bench = Bench::new();
    let visit = "append visit --actor USA --subject CUB --effective 2016";
    assert!(
        bench.run(&format!("{visit} --recorded-at 9000-01-01T00:00:00Z")).err.contains("lies in the future")
    );
    bench.write("exact.jsonl", r#"{"recorded_at":"9000-01-01T00:00:00Z","asserted":true,"kind":"visit","actor":"USA","effective":"2016"}"#);
    let ran = bench.run("append --exact --file exact.jsonl");
    assert_eq!((ran.status, ran.err.contains("lies in the future")), (2, true), "{}", ran.err);
}
