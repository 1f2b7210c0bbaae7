//! Proofs for strangers: keys, checkpoints, witnesses, proofs, publishing, and every way in which they can be false.

use std::fs;

use crate::bench::Bench;

const RECOGNITION: &str =
    "append recognition.state --actor USA --subject XKX --effective 2008-02-18 --id usa-xkx";

/// A bench with a ledger, the key of its log, a policy that knows it, and one checkpoint of 525 entries, `c1`.
fn bench() -> Bench {
    let bench = Bench::new();
    let key = bench.ok("key new log.example/acts --out log.key");
    bench.write("policy", format!("log {}\nquorum none\n", key.trim()));
    save(&bench, "checkpoint --key log.key", "c1");
    bench
}

/// Runs the program and keeps in a file what it prints.
fn save(bench: &Bench, words: &str, name: &str) {
    bench.write(name, bench.ok(words));
}

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path(name)).unwrap()
}

/// What the program says when it refuses; the exit status must be this.
fn refused(bench: &Bench, words: &str, status: i32) -> String {
    let ran = bench.run(words);
    assert_eq!(ran.status, status, "{words}: {}{}", ran.out, ran.err);
    ran.out + &ran.err
}

/// Checks that the words are in what the program says when it refuses.
fn check_refused(bench: &Bench, command: &str, status: i32, words: &[&str]) {
    let said = refused(bench, command, status);
    for part in words {
        assert!(said.contains(part), "{command}: {part:?} is not in:\n{said}");
    }
}

#[test]
fn an_act_is_proved_to_someone_without_a_ledger() {
    let bench = bench();
    bench.ok(RECOGNITION);
    check_refused(
        &bench,
        "prove usa-xkx",
        2,
        &["entry 526 came after the checkpoint", "525", "chancery checkpoint"],
    );
    bench.ok("checkpoint --key log.key");
    for (act, name) in [("usa-xkx", "by-id"), ("#526", "by-number")] {
        save(&bench, &format!("prove {act}"), name);
    }
    assert_eq!(read(&bench, "by-id"), read(&bench, "by-number"));
    fs::rename(bench.path("chancery.ledger"), bench.path("elsewhere")).unwrap();
    let said = bench.ok("verify by-id --policy policy");
    assert!(said.contains("entry 526 was recorded") && said.contains(r#""id":"usa-xkx""#), "{said}");
    let json: serde_json::Value =
        serde_json::from_str(&bench.ok("verify by-id --policy policy --format json")).unwrap();
    assert_eq!((&json["holds"], &json["entry"]), (&true.into(), &526.into()));
}

#[test]
fn a_quorum_of_witnesses_sees_that_the_log_only_grew() {
    let bench = bench();
    let log = read(&bench, "policy").lines().next().unwrap().to_owned();
    let mut policy = format!("{log}\n");
    for name in ["one", "two"] {
        let key = bench.ok(&format!("key new {name}.example --witness --out {name}.key"));
        policy = format!("{policy}witness {name} {key}");
    }
    bench.write("strict", policy + "group both all one two\nquorum both\n");
    save(&bench, "cosign c1 --key one.key --policy policy", "cosigned");
    check_refused(
        &bench,
        "verify cosigned --policy strict",
        1,
        &["too few witnesses", "one", "chancery cosign"],
    );
    save(&bench, "cosign cosigned --key two.key --policy policy", "c1");
    let said = bench.ok("verify c1 --policy strict");
    assert!(said.contains("one at ") && said.contains("two at "), "{said}");

    bench.ok(RECOGNITION);
    save(&bench, "checkpoint --key log.key", "c2");
    let seen = ["nothing shows that it continues the 525 entries", "chancery prove --from"];
    check_refused(&bench, "cosign c2 --key one.key --policy policy", 2, &seen);
    save(&bench, "prove --from c1", "growth");
    assert!(bench.ok("verify growth --policy policy").contains("the 526 entries begin with the 525"));
    save(&bench, "cosign growth --key one.key --policy policy", "cosigned");
    check_refused(&bench, "cosign c1 --key one.key --policy policy", 2, &["this witness has seen 526"]);
    save(&bench, "prove usa-xkx --checkpoint cosigned", "proof");
    bench.ok("verify proof --policy policy");
    check_refused(&bench, "verify proof --policy strict", 1, &["too few witnesses"]);
}

#[test]
fn a_key_never_contradicts_itself_and_a_fork_convicts() {
    let bench = bench();
    bench.ok(RECOGNITION);
    save(&bench, "checkpoint --key log.key", "c2");
    // The ledger is rolled back, and with it its own memory; the key remembers.
    fs::remove_dir_all(bench.path("chancery.ledger")).unwrap();
    bench.ok("init --recorded-at 1900-01-01T00:00:00Z");
    let shorter =
        ["this key has signed", "speaks of 526 entries, and the ledger has 525", "nothing was signed"];
    check_refused(&bench, "checkpoint --key log.key", 2, &shorter);
    bench.ok("append recognition.state --actor GBR --subject XKX --effective 2008-02-18");
    check_refused(
        &bench,
        "checkpoint --key log.key",
        2,
        &["the first 526 entries of the ledger have the root"],
    );
    bench.ok("append recognition.state --actor FRA --subject XKX --effective 2008-02-18");
    check_refused(
        &bench,
        "checkpoint --key log.key",
        2,
        &["the first 526 entries of the ledger have the root"],
    );
    check_refused(
        &bench,
        "audit --against c2 --policy policy",
        1,
        &["fault    entry 526", "the checkpoint says"],
    );

    // Made to forget, it signs a second history of another size; the two together convict it.
    fs::remove_dir_all(bench.path("log.key.signed")).unwrap();
    save(&bench, "checkpoint --key log.key", "c3");
    save(&bench, "fork-proof c2 c3 --policy policy", "fork");
    fs::rename(bench.path("chancery.ledger"), bench.path("elsewhere")).unwrap();
    assert!(bench.ok("verify fork --policy policy").contains("told two histories, and signed both"));
    fs::rename(bench.path("elsewhere"), bench.path("chancery.ledger")).unwrap();
    check_refused(&bench, "fork-proof c1 c3 --policy policy", 2, &["do not contradict each other"]);
    let mutant = read(&bench, "fork").replace("\n527\n", "\n528\n");
    bench.write("mutant", mutant);
    check_refused(
        &bench,
        "verify mutant --policy policy",
        1,
        &["the signature of log.example/acts", "false"],
    );
    check_refused(&bench, "publish out --checkpoint c2", 2, &["the new checkpoint is not of this ledger"]);
}

#[test]
fn a_published_log_gives_the_same_ledger_and_no_altered_one() {
    let bench = bench();
    assert!(bench.ok("publish out").contains("published 525 entries in out: 8 files written"));
    bench.ok(RECOGNITION);
    bench.ok("checkpoint --key log.key");
    assert!(bench.ok("publish out").contains(": 3 files written"));
    bench.ok("--ledger new restore out --policy policy");
    assert_eq!(bench.ok("--ledger new head"), bench.ok("head"));
    assert_eq!(bench.ok("--ledger new export --exact"), bench.ok("export --exact"));
    check_refused(&bench, "--ledger new restore out --policy policy", 2, &["new exists already"]);
    check_refused(&bench, "publish out --checkpoint c1", 2, &["publishes 526 entries already", "of 525"]);

    for (name, place) in [
        ("tile/entries/001", 40),
        ("tile/0/000", 7),
        ("tile/1/000.p/2", 63),
        ("tile/0/002.p/14", 1),
        ("checkpoint", 20),
    ] {
        let path = bench.path("out").join(name);
        let whole = fs::read(&path).unwrap();
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        for altered in [&flipped[..], &whole[..whole.len() - 1], &[&whole[..], b"\n"].concat()] {
            fs::write(&path, altered).unwrap();
            refused(&bench, "--ledger other restore out --policy policy", 2);
            assert!(!bench.path("other").exists() && !bench.path("other.making").exists(), "{name}");
        }
        fs::remove_file(&path).unwrap();
        refused(&bench, "--ledger other restore out --policy policy", 2);
        fs::write(&path, whole).unwrap();
    }
    bench.ok("--ledger other restore out --policy policy");
}

#[test]
fn an_audit_compares_with_a_checkpoint() {
    let bench = bench();
    bench.ok(RECOGNITION);
    let said = bench.ok("audit --against c1 --policy policy");
    assert!(said.contains("over 525 entries") && said.contains(": agrees"), "{said}");
    check_refused(&bench, "audit --against c1", 2, &["--policy FILE"]);
    bench.ok("key new log.example/acts --out other.key");
    fs::remove_file(bench.path("chancery.ledger/checkpoint")).unwrap();
    save(&bench, "checkpoint --key other.key", "c2");
    check_refused(
        &bench,
        "audit --against c2 --policy policy",
        2,
        &["has not signed it; another key of that name"],
    );
}

#[test]
fn bad_keys_are_refused_each_for_its_own_reason() {
    let bench = bench();
    bench.ok("key new w.example --witness --out w.key");
    check_refused(&bench, "checkpoint --key w.key", 2, &["it is the key of a witness"]);
    check_refused(
        &bench,
        "cosign c1 --key log.key --policy policy",
        2,
        &["it is the key of a log", "--witness"],
    );
    check_refused(&bench, "key new log --out log.key", 2, &["log.key", "never written over"]);
    check_refused(&bench, "key new 'a name' --out new.key", 2, &["cannot name a key"]);
    check_refused(&bench, "checkpoint --key none.key", 2, &["none.key: No such file"]);
    bench.write("text.key", "not a key\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str, mode| {
            fs::set_permissions(bench.path(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        assert_eq!(fs::metadata(bench.path("log.key")).unwrap().permissions().mode() & 0o777, 0o600);
        mode("text.key", 0o600);
        mode("log.key", 0o640);
        check_refused(
            &bench,
            "checkpoint --key log.key",
            2,
            &["others may read this key (mode 640)", "chmod 600"],
        );
    }
    check_refused(&bench, "checkpoint --key text.key", 2, &["text.key: not a secret key"]);
    check_refused(&bench, "checkpoint --key no.key", 2, &["no.key", "`chancery key new` makes one"]);
    check_refused(&bench, "checkpoint --key .", 2, &["it is not a file", "`chancery key new` makes one"]);
    let secret = read(&bench, "log.key");
    let printed =
        bench.ok("key new other --out other.key --format json") + &bench.ok("key new third --out third.key");
    assert!(!printed.contains("PRIVATE"), "{printed}");
    assert!(secret.starts_with("PRIVATE+KEY+log.example/acts+"));
}

#[test]
fn checkpoints_of_others_are_refused_each_for_its_own_reason() {
    let bench = bench();
    bench.ok("--ledger other init --bare");
    bench.ok("--ledger other append entity.created --subject AAA --party state --name A");
    check_refused(
        &bench,
        "--ledger other prove '#1' --checkpoint c1",
        2,
        &["speaks of 525 entries, and the ledger has 1"],
    );
    check_refused(
        &bench,
        "--ledger other prove '#1'",
        2,
        &["no checkpoint of this ledger has been signed yet"],
    );
    bench.ok("key new elsewhere --out other.key");
    save(&bench, "--ledger other checkpoint --key other.key", "o1");
    check_refused(
        &bench,
        "prove '#1' --checkpoint o1",
        2,
        &["the first 1 entries of the ledger have the root"],
    );
    check_refused(&bench, "prove --from o1", 2, &["two logs, `elsewhere` and `log.example/acts`"]);
    let unknown = ["the policy knows no log `elsewhere`; it knows `log.example/acts`", "add its key"];
    check_refused(&bench, "verify o1 --policy policy", 1, &unknown);
    check_refused(&bench, "cosign o1 --key log.key --policy policy", 2, &["it is the key of a log"]);
    check_refused(&bench, "prove '#526'", 2, &["no act is `#526`"]);
    bench.write("bad", "log x\nquorum none\n");
    check_refused(&bench, "verify c1 --policy bad", 2, &["bad: line 1: `x` is not a verifier key"]);
    check_refused(&bench, "--ledger none prove '#1'", 3, &["there is no ledger at none"]);
}

/// The same hash in base64 that is not canonical: the last digit before `=` has two bits that say nothing, and
/// must be zero.
fn respelled(text: &str) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = text.as_bytes()[text.len() - 2];
    let place = digits.iter().position(|other| *other == digit).unwrap();
    format!("{}{}=", &text[..text.len() - 2], char::from(digits[place + 1]))
}

#[test]
fn each_mutant_of_a_proof_is_refused_for_its_own_reason() {
    let bench = bench();
    save(&bench, "prove '#300'", "proof");
    bench.ok("verify proof --policy policy");
    let proof = read(&bench, "proof");
    let lines: Vec<&str> = proof.lines().collect();
    let (first, last) = (lines[3], lines[lines.iter().position(|line| line.is_empty()).unwrap() - 1]);
    let root = lines[lines.len() - 3];
    let signature = lines[lines.len() - 1];
    let mutants = [
        (2, proof.trim_end().to_owned(), "does not end with a newline"),
        (2, format!("{proof}\n"), "is not a signature"),
        (2, format!("{proof}more"), "does not end with a newline"),
        (2, format!("{proof}more\n"), "`more` is not a signature"),
        (2, proof.replace("\n525\n", "\n0525\n"), "`0525` is not a size"),
        (2, proof.replace("index 299", "index 0299"), "`index 0299` is not `index` and a number"),
        (2, proof.replace("\n525\n", "\n525\nextra line\n"), "its text has 4 lines"),
        (2, proof.replace("index 299\n", "index 299\nmore\n"), "`more` is not a hash"),
        (2, proof.replace(first, &respelled(first)), "is not a hash: 32 bytes in canonical base64"),
        (2, proof.replace(root, &respelled(root)), "is not a root: 32 bytes in canonical base64"),
        (2, proof.replace(signature, &signature[..signature.len() - 1]), "is not a signature"),
        (2, proof.replace('\n', "\r\n"), "cannot be read"),
        (2, proof.replace("c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2"), "cannot be read"),
        (
            1,
            proof.replace("\nlog.example/acts\n", "\nlog.example/other\n"),
            "the policy knows no log `log.example/other`",
        ),
        (1, proof.replace("\n525\n", "\n524\n"), "the signature of log.example/acts"),
        (
            1,
            proof.replace(&format!("{last}\n"), ""),
            "its path has 9 hashes; from that leaf to that root there are 10",
        ),
        (1, proof.replace(&format!("{last}\n"), &format!("{first}\n")), "does not lead to the root"),
        (1, proof.replace("index 299", "index 298"), "does not lead to the root"),
        (
            1,
            proof.replace("index 299", "index 525"),
            "it proves leaf 525, and the checkpoint speaks of 525 entries",
        ),
        (1, proof.replace(&format!("{}\n", lines[1]), ""), "does not carry the entry"),
    ];
    for (status, mutant, reason) in mutants {
        assert_ne!(mutant, proof, "{reason}");
        bench.write("mutant", &mutant);
        check_refused(&bench, "verify mutant --policy policy", status, &[reason]);
    }
    let stranger = bench.ok("key new log.example/acts --out stranger.key");
    bench.write("strangers", format!("log {}\nquorum none\n", stranger.trim()));
    check_refused(
        &bench,
        "verify proof --policy strangers",
        1,
        &["has not signed it; another key of that name has"],
    );
}

/// Nothing that differs in one byte may hold, and nothing may end in a panic.
#[test]
fn no_proof_with_one_byte_changed_holds() {
    let bench = bench();
    save(&bench, "prove '#525'", "proof");
    let proof = read(&bench, "proof").into_bytes();
    for place in (0..proof.len()).step_by(17) {
        let mut mutant = proof.clone();
        mutant[place] ^= 1;
        bench.write("mutant", &mutant);
        let ran = bench.run("verify mutant --policy policy");
        assert!([1, 2].contains(&ran.status), "byte {place}: {}{}", ran.out, ran.err);
        bench.write("mutant", &proof[..place]);
        assert_eq!(bench.run("verify mutant --policy policy").status, 2, "cut at {place}");
    }
}

#[test]
fn a_checkpoint_that_does_not_serve_says_why() {
    let bench = bench();
    bench.ok("--ledger shorter init --recorded-at 1900-01-01T00:00:00Z");
    bench.ok("--ledger another init --recorded-at 1901-01-01T00:00:00Z");
    bench.ok(RECOGNITION);
    save(&bench, "checkpoint --key log.key", "c2");
    let against = |ledger: &str, file: &str, policy: &str, status: i32, words: &[&str]| {
        let line = format!("--ledger {ledger} audit --against {file} --policy {policy}");
        check_refused(&bench, &line, status, words);
    };
    let larger = ["fault    entry 526", "the checkpoint speaks of 526 entries, and the ledger has 525"];
    against("shorter", "c2", "policy", 1, &larger);
    let other = ["fault    entry 525", "the first 525 entries of the ledger have the root"];
    against("another", "c1", "policy", 1, &other);
    save(&bench, "key new elsewhere.example/log --out elsewhere.key", "elsewhere.vkey");
    bench.write("strangers", format!("log {}quorum none\n", read(&bench, "elsewhere.vkey")));
    let unknown =
        ["the policy knows no log `log.example/acts`", "it knows `elsewhere.example/log`", "add its key"];
    against("chancery.ledger", "c2", "strangers", 2, &unknown);
    bench.write("altered", read(&bench, "c2").replace("\n526\n", "\n527\n"));
    against(
        "chancery.ledger",
        "altered",
        "policy",
        2,
        &["false", "the file was altered after it was signed"],
    );
    bench.write("no-checkpoint", "526\n");
    against(
        "chancery.ledger",
        "no-checkpoint",
        "policy",
        2,
        &["no-checkpoint", "as `chancery checkpoint` or"],
    );
    against("chancery.ledger", "c9", "policy", 2, &["c9"]);
    against("chancery.ledger", "c2", "c2", 2, &["c2"]);
    against("chancery.ledger", "c2", "nowhere", 2, &["nowhere"]);
}
