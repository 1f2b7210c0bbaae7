//! Lists in: editions as acts, and nobody delisted by a file that failed. Small lists made by hand; where the real
//! ones lie beside the checkout they are replayed too.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;

use expect_test::expect;
use serde_json::Value;

use crate::bench::Bench;

const MONDAY: &str = "2024-02-26T12:00:00Z";
const FRIDAY: &str = "2024-03-01T12:00:00Z";

/// A row of `sdn.csv`.
pub(crate) fn sdn(number: u32, name: &str, kind: &str, programmes: &str, remarks: &str) -> String {
    format!("{number},\"{name}\",{kind},\"{programmes}\",{}\"{remarks}\"\r\n", "-0- ,".repeat(7))
}

/// The rows as the publisher ends them.
pub(crate) fn ended(rows: &[String]) -> String {
    rows.concat() + "\u{1a}"
}

/// Forty persons nobody knows, so that one removal is a small share.
fn crowd() -> Vec<String> {
    (1..=40).map(|n| sdn(1000 + n, &format!("NOBODY {n}"), "\"individual\"", "CUBA", "DOB 1950.")).collect()
}

fn first_edition() -> Vec<String> {
    let mut rows = vec![
        sdn(1, "DOE, Jane", "\"individual\"", "ZIMBABWE", "DOB 21 Feb 1924; a.k.a. 'THE DOE'."),
        sdn(2, "ROE, Richard", "\"individual\"", "ZIMBABWE", "DOB 10 Mar 1953."),
        sdn(3, "ARMY OF NOWHERE", "-0- ", "SDGT] [FTO", "-0-"),
    ];
    rows.extend(crowd());
    rows
}

/// Roe moves to another programme, Doe is removed, the army has another name, the Tern is new.
fn second_edition() -> Vec<String> {
    let mut rows = vec![
        sdn(2, "ROE, Richard", "\"individual\"", "GLOMAG", "DOB 10 Mar 1953; a.k.a. 'DICK'."),
        sdn(3, "ARMY OF SOMEWHERE", "-0- ", "SDGT] [FTO", "-0-"),
        sdn(4, "TERN", "\"vessel\"", "CUBA", "-0-"),
    ];
    rows.extend(crowd());
    rows
}

fn with_first_edition() -> Bench {
    let bench = Bench::new();
    bench.write("1.csv", ended(&first_edition()));
    bench.ok(&format!("import ofac-sdn 1.csv --observed-at {MONDAY}"));
    bench
}

/// What an edition is refused for; nobody is delisted by it.
pub(crate) fn refused(bench: &Bench, words: &str) -> String {
    let before = listed(bench, "2024-12-31");
    let ran = bench.run(words);
    assert_eq!(ran.status, 1, "{}{}", ran.out, ran.err);
    assert_eq!(listed(bench, "2024-12-31"), before);
    let log = bench.ok("log --kind source.failed --format jsonl");
    assert!(log.contains("source.failed"), "{log}");
    ran.out.lines().next().unwrap().to_owned()
}

fn standings(bench: &Bench, question: &str) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&bench.ok(&format!("state {question} --format json"))).unwrap();
    answer["standings"].as_array().unwrap().clone()
}

/// Who is surely listed at the end of a day.
fn listed(bench: &Bench, day: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for (register, value) in [("sanction", "in_force"), ("terror", "designated")] {
        for standing in standings(bench, &format!("--as-of {day} --register {register}")) {
            if standing["value"] == value && standing["certainty"] == "certain" {
                ids.insert(standing["subject"].as_str().unwrap().to_owned());
            }
        }
    }
    ids
}

#[test]
fn an_edition_becomes_acts() {
    let bench = with_first_edition();
    expect![[r#"
        REGISTER           BETWEEN       STANDING    SINCE          UNTIL  MORE                               ENTRIES
        sanction           USA → ofac:3  in_force    ../2024-02-26         regime SDGT, measure asset_freeze  #533
        terror             USA → ofac:3  designated  ../2024-02-26         list FTO                           #534
    "#]]
    .assert_eq(&table(&bench.ok("state --subject ofac:3 --actor USA --as-of 2024-02-26")));
}

/// A table without the registers that the declarations move, and without the citation.
pub(crate) fn table(answer: &str) -> String {
    let told = answer.lines().filter(|line| line.starts_with("REGISTER") || line.contains(" → "));
    let told = told.filter(|line| !line.contains("none"));
    told.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn the_next_edition_adds_only_what_changed() {
    let bench = with_first_edition();
    bench.write("2.csv", ended(&second_edition()));
    let out = bench.ok(&format!("import ofac-sdn 2.csv --observed-at {FRIDAY}"));
    assert!(out.contains("1 newly listed, 1 moved, 2 with other names, 1 removed"), "{out}");
    let kinds: Vec<String> = bench
        .ok("export --exact")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|act| act["recorded_at"].as_str().is_some_and(|at| at.starts_with("2024-03-01")))
        .map(|act| {
            let word = |name: &str| act[name].as_str().unwrap_or_default().to_owned();
            format!("{} {} {} {}", word("kind"), word("subject"), word("effective"), word("group"))
        })
        .collect();
    expect![[r#"
        notice  2024-03-01 
        entity.alias_added ofac:2 2024-02-27/2024-03-01 
        sanction.lifted ofac:2 2024-02-27/2024-03-01 OFAC SDN list 2024-03-01 ofac:2
        sanction.imposed ofac:2 2024-02-27/2024-03-01 OFAC SDN list 2024-03-01 ofac:2
        entity.renamed ofac:3 2024-02-27/2024-03-01 
        entity.created ofac:4  
        sanction.imposed ofac:4 2024-02-27/2024-03-01 
        sanction.lifted ofac:1 2024-02-27/2024-03-01 "#]]
    .assert_eq(&kinds.join("\n"));
    assert!(!listed(&bench, "2024-02-29").contains("ofac:4"));
    assert!(listed(&bench, "2024-03-01").contains("ofac:4"));
    assert!(!listed(&bench, "2024-03-01").contains("ofac:1"));
}

#[test]
fn an_unchanged_edition_says_only_that_it_was_observed() {
    let bench = with_first_edition();
    let again = bench.ok(&format!("import ofac-sdn 1.csv --observed-at {MONDAY}"));
    assert!(again.contains("observed already"), "{again}");
    let later = bench.ok(&format!("import ofac-sdn 1.csv --observed-at {FRIDAY}"));
    assert!(later.contains("recorded entry "), "{later}");
}

#[test]
fn an_edition_that_cannot_be_trusted_delists_nobody() {
    let bench = with_first_edition();
    let bad = |name: &str, text: String| {
        bench.write(name, text);
        refused(&bench, &format!("import ofac-sdn {name} --observed-at {FRIDAY}"))
    };
    let rows = first_edition();
    let few = ended(&rows[5..]);
    let told = [
        bad("empty.csv", String::new()),
        bad("cut.csv", rows.concat()[..900].to_owned()),
        bad("unmarked.csv", rows[1..].concat()),
        bad("few.csv", few),
        bad("web.html", "<html><body>We have moved</body></html>".to_owned()),
        bad("twice.csv", ended(&[rows.clone(), rows.clone()].concat())),
    ];
    expect![[r#"
        empty.csv: not applied: it is empty; nobody was delisted
        cut.csv: not applied: its last line is cut; nobody was delisted
        unmarked.csv: not applied: it would remove 1 of 43, and lacks the mark with which the publisher ends it: it may be cut (--allow-removals of more than 5 % takes it as it is); nobody was delisted
        few.csv: not applied: it would remove 5 of 43, 11.6 %, where 5 % are allowed (--allow-removals); nobody was delisted
        web.html: not applied: byte 6: <html> stands where <sdnList> belongs; nobody was delisted
        twice.csv: not applied: two of its records have the id ofac:1; nobody was delisted"#]].assert_eq(&told.join("\n"));
    bench.write("2.csv", ended(&second_edition()));
    bench.ok(&format!("import ofac-sdn 2.csv --observed-at {FRIDAY}"));
    let old = refused(&bench, "import ofac-sdn 1.csv --observed-at 2024-03-02T00:00:00Z");
    assert!(old.contains("byte for byte, the edition observed on 2024-02-26"), "{old}");
    let old = refused(&bench, "import ofac-sdn 1.csv --observed-at 2024-02-27T00:00:00Z");
    assert!(old.contains("before the edition of 2024-03-01"), "{old}");
}

#[test]
fn removals_beyond_the_usual_can_be_allowed() {
    let bench = with_first_edition();
    bench.write("few.csv", ended(&first_edition()[5..]));
    let out = bench.ok(&format!("import ofac-sdn few.csv --observed-at {FRIDAY} --allow-removals 20%"));
    assert!(out.contains("5 removed"), "{out}");
}

#[test]
fn a_new_id_for_the_same_person_is_reported() {
    let bench = with_first_edition();
    let mut rows = first_edition();
    rows[0] = sdn(99, "DOE, Jane", "\"individual\"", "ZIMBABWE", "DOB 21 Feb 1924; a.k.a. 'THE DOE'.");
    bench.write("2.csv", ended(&rows));
    let out = bench.ok(&format!("import ofac-sdn 2.csv --observed-at {FRIDAY}"));
    assert!(out.contains("ofac:1 is gone and seems to be the same, re-keyed"), "{out}");
}

#[test]
fn a_registrar_is_not_overruled_by_a_list() {
    let bench = with_first_edition();
    bench
        .ok("append sanction.lifted --actor USA --subject ofac:1 --regime ZIMBABWE --measures asset_freeze \
         --effective 2024-02-28 --recorded-at 2024-02-28T20:00:00Z");
    let mut rows = first_edition();
    rows[5] = sdn(7, "SOMEBODY ELSE", "\"individual\"", "CUBA", "-0-");
    bench.write("2.csv", ended(&rows));
    let out = bench.ok(&format!("import ofac-sdn 2.csv --observed-at {FRIDAY}"));
    assert!(out.contains("on another source's word: nothing was entered"), "{out}");
}

#[test]
fn packed_files_are_read_as_they_are() {
    let bench = Bench::new();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(ended(&first_edition()).as_bytes()).unwrap();
    bench.write("1.csv.gz", packed.finish().unwrap());
    let out = bench.ok(&format!("import ofac-sdn 1.csv.gz --observed-at {MONDAY}"));
    assert!(out.contains("43 entries"), "{out}");
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        bomb.write_all(&vec![b'7'; 1024 * 1024]).unwrap();
    }
    bench.write("bomb.gz", bomb.finish().unwrap());
    let out = refused(&bench, &format!("import ofac-sdn bomb.gz --observed-at {FRIDAY}"));
    assert!(out.contains("unfolds beyond all reason"), "{out}");
}

const UN: &str = include_str!("../data/un-sc.xml");

#[test]
fn the_un_gives_days_of_listing() {
    let bench = Bench::new();
    bench.write("un.xml", UN);
    bench.ok("import un-sc un.xml --observed-at 2018-08-25T00:00:00Z");
    expect![[r#"
        REGISTER  BETWEEN          STANDING  SINCE       UNTIL  MORE                                ENTRIES
        sanction  UN → un:KPe.901  in_force  2017-09-11         regime DPRK, measure asset_freeze   #532
        sanction  UN → un:YEi.901  in_force  2015-04-14         regime Yemen, measure asset_freeze  #530
    "#]]
    .assert_eq(&table(&bench.ok("state --actor UN --register sanction")));
    assert!(bench.ok("state --subject 'Jane B' --actor UN --register sanction").contains("un:YEi.901"));
    bench.write("cut.xml", &UN[..UN.len() - 20]);
    assert!(
        refused(&bench, "import un-sc cut.xml --observed-at 2018-08-26T00:00:00Z").contains("breaks off")
    );
    let laughs = UN.replacen("<CONSOLIDATED_LIST", "<!DOCTYPE l [<!ENTITY a \"ha\">]><CONSOLIDATED_LIST", 1);
    bench.write("laughs.xml", laughs);
    let out = refused(&bench, "import un-sc laughs.xml --observed-at 2018-08-26T00:00:00Z");
    assert!(out.contains("declares a document type"), "{out}");
}

const CANADA: &str = include_str!("../data/canada-sema.xml");

const CONSOLIDATED: &str = include_str!("../data/ofac-consolidated.xml");

#[test]
fn canada_and_the_consolidated_list() {
    let bench = Bench::new();
    bench.write("ca.xml", CANADA);
    bench.write("us.xml", CONSOLIDATED);
    bench.ok("import canada-sema ca.xml --observed-at 2024-07-01T00:00:00Z");
    bench.ok("import ofac-xml us.xml --observed-at 2024-07-02T00:00:00Z");
    expect![[r#"
        REGISTER  BETWEEN                          STANDING  SINCE          UNTIL  MORE                                     ENTRIES
        sanction  CAN → canada:belarus:1-part-1:2  in_force  2020-09-28            regime Belarus, measure asset_freeze     #530
        sanction  CAN → canada:russia:1.1:1        in_force  2024-06-13            regime Russia, measure transport         #532
        sanction  USA → ofac:901                   in_force  ../2024-07-02         regime UKRAINE-EO13662, measure finance  #536
    "#]].assert_eq(&table(&bench.ok("state --register sanction --as-of 2024-07-02")));
    bench.write("short.xml", CONSOLIDATED.replace("<Record_Count>1<", "<Record_Count>2<"));
    let out = refused(&bench, "import ofac-xml short.xml --observed-at 2024-07-03T00:00:00Z");
    assert!(out.contains("it says that it holds 2 entries, and holds 1"), "{out}");
}

/// Where the real files lie; the tests that need them are skipped where they are absent, and say so.
pub(crate) fn real(name: &str) -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let data = std::env::var_os("CHANCERY_DATA").map_or_else(beside, PathBuf::from);
    let file = data.join(name);
    if file.exists() {
        return Some(file);
    }
    eprintln!("skipped: {} is not there", file.display());
    None
}

/// The numbers of a real SDN file.
fn numbers(file: &PathBuf) -> BTreeSet<String> {
    let mut text = String::new();
    let mut packed = flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap());
    std::io::Read::read_to_string(&mut packed, &mut text).unwrap();
    let rows = text.lines().filter_map(|line| line.split_once(','));
    rows.map(|(number, _)| format!("ofac:{number}")).collect()
}

#[test]
fn the_two_sdn_editions_of_2024_are_replayed() {
    let names = ["2024-02-28T184333Z.csv.gz", "2024-03-04T184338Z.csv.gz", "2024-05-04T013619Z_EMPTY.csv"];
    let files: Option<Vec<PathBuf>> =
        names.iter().map(|name| real(&format!("ofac_sdn/sdn_{name}"))).collect();
    let Some(files) = files else { return };
    let bench = Bench::new();
    let import = |file: &PathBuf, at: &str| {
        let file = file.display();
        bench.run(&format!("import ofac-sdn '{file}' --observed-at {at} --format json"))
    };
    // One answer a day: an unoptimised program takes seconds for each.
    let on = |day: &str| {
        let found = rows(&bench.ok(&format!("state --actor USA --as-of {day} --format csv")));
        let certain = found.into_iter().filter(|row| row["certainty"] == "certain");
        let stands = certain.filter(|row| ["in_force", "designated"].contains(&row["value"].as_str()));
        let stands: Vec<_> =
            stands.filter(|row| ["sanction", "terror"].contains(&row["register"].as_str())).collect();
        let of_regime = stands.iter().filter(|row| row["regime"] == "ZIMBABWE");
        let zimbabwe: BTreeSet<String> = of_regime.map(|row| row["subject"].clone()).collect();
        (stands.iter().map(|row| row["subject"].clone()).collect::<BTreeSet<String>>(), zimbabwe)
    };
    assert_eq!(import(&files[0], "2024-02-28T18:43:33Z").status, 0);
    let second = import(&files[1], "2024-03-04T18:43:38Z");
    let told: Value = serde_json::from_str(&second.out).unwrap();
    let (listed, before) = on("2024-02-28");
    assert_eq!(listed, numbers(&files[0]));
    let after = numbers(&files[1]);
    let (listed, left) = on("2024-03-04");
    assert_eq!(listed, after);
    let removed = before.iter().filter(|id| !after.contains(*id)).count();
    let figures = format!(
        "ZIMBABWE {} before, {} after; {removed} removed, {} still listed; {} acts",
        before.len(),
        left.len(),
        before.len() - removed,
        told["acts"]
    );
    println!("{figures}");
    assert!(figures.starts_with("ZIMBABWE 98 before, 0 after; 86 removed, 12 still listed"), "{figures}");
    let empty = import(&files[2], "2024-05-04T01:36:19Z");
    assert_eq!(empty.status, 1, "{}", empty.out);
    assert_eq!(on("2024-12-31").0, after);
}

#[test]
fn the_two_un_editions_are_replayed() {
    let Some(first) = real("un_sc/un_consolidated_2018-08-24.xml") else { return };
    let Some(second) = real("un_sc/un_consolidated_2018-10-29.xml") else { return };
    let bench = Bench::new();
    let references = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).unwrap();
        let found = text.split("<REFERENCE_NUMBER>").skip(1);
        found.map(|rest| format!("un:{}", rest.split('<').next().unwrap().trim())).collect::<BTreeSet<_>>()
    };
    for (file, at) in [(&first, "2018-08-24T23:40:35Z"), (&second, "2018-10-29T20:00:00Z")] {
        bench.ok(&format!("import un-sc '{}' --observed-at {at}", file.display()));
    }
    assert_eq!(listed(&bench, "2018-08-24"), references(&first));
    assert_eq!(listed(&bench, "2018-10-29"), references(&second));
    let found = standings(&bench, "--actor UN --register sanction --as-of 2018-08-24");
    assert!(
        found.iter().all(|standing| standing["since"].as_str().unwrap().len() == 10),
        "days from the file"
    );
}

const MISSIONS: &str = include_str!("../data/us-missions.csv");

#[test]
fn missions_are_a_chronicle() {
    let bench = Bench::new();
    bench.write("missions.csv", MISSIONS);
    let out = bench.ok("import us-missions missions.csv --observed-at 2024-01-16T00:00:00Z");
    assert!(out.contains("no party is called Ruritania: it is declared as us-missions:ruritania"), "{out}");
    let intervals = bench.ok("export intervals --register mission --as-of 2024 --format csv");
    expect![[r#"
        register,actor,subject,of,post,person,regime,measure,list,licence,value,detail,from,to,sure_from,sure_to,basis
        mission,USA,AFG,,,,,,,,open,rank=legation,1942-06-06,1989-01-30,1942-06-06,1988-12-31,531
        mission,USA,AFG,,,,,,,,closed,,1989-01-01,,1989-01-31,,533
        mission,USA,AFG,,non-resident,,,,,,open,rank=legation,1935-05-04,1942-06-05,1935-05-04,1942-06-05,529
        mission,USA,AFG,,non-resident,,,,,,closed,,1942-06-06,,1942-06-06,,530
        mission,USA,BHS,,,,,,,,open,rank=embassy,1973-07-10,,1973-07-10,,532
        mission,USA,us-missions:ruritania,,,,,,,,open,rank=consulate,1835-01-01,,1835-12-31,,528
    "#]].assert_eq(&intervals);
    bench.write("missions.csv", MISSIONS.replace("by hand", "found"));
    let out = bench.ok("import us-missions missions.csv --observed-at 2024-02-16T00:00:00Z");
    assert!(out.contains("1 corrected"), "{out}");
    let out = bench.ok("import us-missions missions.csv --observed-at 2024-03-16T00:00:00Z");
    assert!(out.contains("nothing changed"), "{out}");
}

/// What the mission of an interval is in the words of the oracle.
fn status(post: &str, value: &str, detail: &str) -> &'static str {
    match (value, detail.trim_start_matches("rank="), post) {
        ("open", "embassy", "") => "Embassy",
        ("open", "legation", "") => "Legation",
        ("open", "consulate", "") => "Consulate",
        ("open", "liaison_office", "") => "Liaison",
        ("open", "interests_section", "") => "Interests",
        ("open", "embassy", _) => "Ambassador Nonresident",
        ("open", "legation", _) => "Envoy Nonresident",
        ("open", "consulate", _) => "Consul Nonresident",
        _ => "None",
    }
}

/// Rows of CSV by the names of their columns.
fn rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

/// The published intervals agree with ours at both ends, save where they were reconciled by hand.
#[test]
fn the_missions_oracle() {
    let Some(changes) = real("us_missions/2024-01-16_transitions.csv") else { return };
    let Some(oracle) = real("us_missions/mission_status_range_gwm_v0.1.csv") else { return };
    let bench = Bench::new();
    bench.ok(&format!("import us-missions '{}' --observed-at 2024-01-16T00:00:00Z", changes.display()));
    let mut hosts = std::collections::BTreeMap::new();
    let mut heirs = std::collections::BTreeMap::new();
    for line in bench.ok("export").lines() {
        let act: Value = serde_json::from_str(line).unwrap();
        let word = |name: &str| act[name].as_str().unwrap_or_default().to_owned();
        if let Some(name) =
            word("id").strip_prefix("us-missions ").filter(|_| word("kind").starts_with("mission"))
        {
            hosts.insert(name.rsplitn(3, ' ').last().unwrap().to_owned(), word("subject"));
        } else if word("kind") == "entity.continued_by" {
            heirs.insert(word("actor"), word("subject"));
        }
    }
    let intervals = rows(&bench.ok("export intervals --register mission --as-of 2024 --format csv"));
    let at = |host: &str, day: &str| {
        let mut host = host;
        while let Some(heir) = heirs.get(host) {
            host = heir;
        }
        let there = intervals.iter().filter(|row| {
            row["subject"] == host && *row["from"] <= *day && (row["to"].is_empty() || *row["to"] >= *day)
        });
        let last = there.max_by_key(|row| (row["from"].clone(), row["value"] == "open"));
        last.map_or("None", |row| status(&row["post"], &row["value"], &row["detail"]))
    };
    let oracle = rows(&std::fs::read_to_string(oracle).unwrap());
    let comparable: Vec<_> = oracle.iter().filter(|row| !row["country_name_usdos"].is_empty()).collect();
    let mut agreed = 0;
    for row in &comparable {
        let host = &hosts[&row["country_name_usdos"]];
        let (first, last) = (at(host, &row["date_start"]), at(host, &row["date_end"]));
        if first == row["us_mission_status"] && last == row["us_mission_status"] {
            agreed += 1;
        } else {
            let (name, from, to) = (&row["country_name_usdos"], &row["date_start"], &row["date_end"]);
            println!("{name} {from} to {to}: {} there, {first} to {last} here", row["us_mission_status"]);
        }
    }
    println!("{agreed} of {} intervals agree at both ends", comparable.len());
    assert_eq!(comparable.len(), 710);
    assert!(agreed >= 636, "{agreed}");
}

const MAPPING: &str = include_str!("../data/mapping.toml");

#[test]
fn any_csv_by_its_mapping() {
    let bench = Bench::new();
    bench.write("map.toml", MAPPING);
    bench.write("a.csv", "State,Since,Form,Page\nKosovo,18/02/2008,full,3\nSOM,2013,full,4\n");
    let out = bench.ok("import csv a.csv --mapping map.toml --observed-at 2024-01-16T00:00:00Z");
    assert!(out.contains("2 new acts"), "{out}");
    expect![[r#"
        REGISTER           BETWEEN    STANDING    SINCE       UNTIL  MORE              ENTRIES
        recognition.state  USA → SOM  recognised  2013               de_jure, express  #528
        recognition.state  USA → XKX  recognised  2008-02-18         de_jure, express  #527
    "#]]
    .assert_eq(&table(&bench.ok("state --actor USA --register recognition.state")));
    bench.write("b.csv", "State,Since,Form,Page\nKosovo,31/02/2008,full,3\nAtlantis,2013,full,4\n");
    expect![
        "b.csv: not applied: line 2: effective: `31/02/2008` is not written as %d/%m/%Y; nobody was delisted"
    ]
    .assert_eq(&refused(&bench, "import csv b.csv --mapping map.toml --observed-at 2024-02-16T00:00:00Z"));
}

const FTM: &str = include_str!("../data/entities.ftm.json");

#[test]
fn follow_the_money() {
    let bench = Bench::new();
    bench.write("entities.ftm.json", FTM);
    let import = "import ftm entities.ftm.json --source 'A collection' --publisher UN";
    let out = bench.ok(&format!("{import} --observed-at 2024-01-16T00:00:00Z"));
    assert!(out.contains("2 newly listed"), "{out}");
    expect![[r#"
        REGISTER  BETWEEN                                                    STANDING  SINCE          UNTIL  MORE                                   ENTRIES
        sanction  USA → ftm:Q1                                               in_force  2006-06-19            regime BELARUS, measure other          #530
        sanction  ftm:authority-81194252ac25 → ftm:d2b5aa61a4ee310b3966c89c  in_force  ../2024-01-16         regime Bank of Nowhere, measure other  #532
    "#]].assert_eq(&table(&bench.ok("state --register sanction --as-of 2024-01-16")));
    assert!(bench.ok(&format!("{import} --observed-at 2024-01-17T00:00:00Z")).contains("nothing changed"));
}
