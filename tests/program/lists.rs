//! Lists with days: the advanced XML of the US Treasury, by itself and beside the other forms of the same list.

use std::fmt::Write as _;
use std::io::Write as _;

use expect_test::expect;

use crate::bench::Bench;
use crate::import::{ended, real, refused, sdn, table};

const ADVANCED: &str = include_str!("../data/ofac-advanced.xml");

#[test]
fn the_advanced_list_gives_days_of_designation() {
    let bench = Bench::new();
    bench.write("advanced.xml", ADVANCED);
    let out = bench.ok("import ofac-advanced advanced.xml --observed-at 2024-03-04T18:43:38Z");
    assert!(out.contains("3 entries, observed at 2024-03-04T18:43:38Z: 3 newly listed"), "{out}");
    expect![[r#"
        REGISTER  BETWEEN       STANDING  SINCE                  UNTIL  MORE                                   ENTRIES
        sanction  USA → ofac:1  in_force  2003-03-07                    regime ZIMBABWE, measure asset_freeze  #530
        sanction  USA → ofac:3  in_force  2001-10-31/2004-01-09         regime SDGT, measure asset_freeze      #532
        sanction  USA → ofac:4  in_force  2019-04                       regime CUBA, measure asset_freeze      #535
    "#]].assert_eq(&table(&bench.ok("state --actor USA --as-of 2024-03-04 --register sanction")));
    expect![[r#"
        REGISTER  BETWEEN       STANDING    SINCE                  UNTIL  MORE      ENTRIES
        terror    USA → ofac:3  designated  2001-10-31/2004-01-09         list FTO  #533
    "#]]
    .assert_eq(&table(&bench.ok("state --actor USA --as-of 2024-03-04 --register terror")));
    let names = bench.ok("find 'jane doe' --as-of 2024-03-04 --format csv");
    assert!(names.contains("ofac:1,\"DOE, Jane\",person"), "{names}");
    assert!(bench.ok("find 'Доу' --as-of 2024-03-04 --format csv").contains("ofac:1"));
    let notice = bench.ok("log --kind notice --format jsonl");
    assert!(notice.contains("\"published\":\"2024-03-04\""), "{notice}");
    let born = bench.ok("log --kind entity.created --format jsonl");
    assert!(born.contains("born 21 Feb 1924"), "{born}");
}

/// The CSV of the same parties: no days, and the army under one programme only.
fn without_days() -> String {
    ended(&[
        sdn(1, "DOE, Jane", "\"individual\"", "ZIMBABWE", "DOB 21 Feb 1924; a.k.a. 'THE DOE'."),
        sdn(3, "ARMY OF NOWHERE & BEYOND", "-0- ", "SDGT", "-0-"),
        sdn(4, "TERN", "\"vessel\"", "CUBA", "-0-"),
    ])
}

/// One list in two forms is one list: nobody is listed twice, days that were inferred are corrected, and what is new
/// since the last edition is not dated from the entry, which is older.
#[test]
fn the_forms_of_one_list_agree() {
    let bench = Bench::new();
    bench.write("sdn.csv", without_days());
    bench.ok("import ofac-sdn sdn.csv --observed-at 2024-02-28T18:43:33Z");
    bench.write("advanced.xml", ADVANCED);
    let out = bench.ok("import ofac-advanced advanced.xml --observed-at 2024-03-04T18:43:38Z");
    expect![
        "advanced.xml: 3 entries, observed at 2024-03-04T18:43:38Z: 1 moved, 1 with other names, 3 corrected"
    ]
    .assert_eq(out.lines().next().unwrap());
    expect![[r#"
        REGISTER  BETWEEN       STANDING  SINCE                  UNTIL  MORE                                   ENTRIES
        sanction  USA → ofac:1  in_force  2003-03-07                    regime ZIMBABWE, measure asset_freeze  #529 #536
        sanction  USA → ofac:3  in_force  2001-10-31/2004-01-09         regime SDGT, measure asset_freeze      #531 #538
        sanction  USA → ofac:4  in_force  2019-04                       regime CUBA, measure asset_freeze      #533 #539
    "#]].assert_eq(&table(&bench.ok("state --actor USA --as-of 2024-03-04 --register sanction")));
    expect![[r#"
        REGISTER  BETWEEN       STANDING    SINCE                  UNTIL  MORE      ENTRIES
        terror    USA → ofac:3  designated  2024-02-29/2024-03-04         list FTO  #537
    "#]]
    .assert_eq(&table(&bench.ok("state --actor USA --as-of 2024-03-04 --register terror")));
    bench.write("sdn.csv", without_days().replace("SDGT", "SDGT] [FTO"));
    let out = bench.ok("import ofac-sdn sdn.csv --observed-at 2024-03-05T18:43:33Z");
    assert!(out.contains("nothing changed"), "{out}");
}

#[test]
fn the_other_lists_of_the_treasury_are_another_source() {
    let bench = Bench::new();
    bench.write("advanced.xml", ADVANCED.replace("ListID=\"1550\"", "ListID=\"91512\""));
    bench.ok("import ofac-advanced advanced.xml --observed-at 2024-03-04T18:43:38Z");
    let notice = bench.ok("log --kind notice --format jsonl");
    assert!(notice.contains("OFAC consolidated non-SDN list"), "{notice}");
    assert!(bench.ok("state --subject ofac:1 --actor USA --as-of 2024-03-04").contains("measure other"));
}

#[test]
fn an_advanced_list_that_cannot_be_trusted_delists_nobody() {
    let bench = Bench::new();
    bench.write("advanced.xml", ADVANCED);
    bench.ok("import ofac-advanced advanced.xml --observed-at 2024-03-04T18:43:38Z");
    let mut told = String::new();
    let laughs = ADVANCED.replacen("<Sanctions ", "<!DOCTYPE l [<!ENTITY a \"ha\">]><Sanctions ", 1);
    let deep = ADVANCED.replacen("<Locations>", &format!("<Locations>{}", "<L>".repeat(100_000)), 1);
    let wide = ADVANCED.replacen("<Comment />", &"<C/>".repeat(500_000), 1);
    let long = ADVANCED.replacen("THE DOE", &"x".repeat(3_000_000), 1);
    let tag = ADVANCED.replacen("<Locations>", &format!("<Locations a=\"{}\">", "x".repeat(3_000_000)), 1);
    for (name, text) in [
        ("cut.xml", ADVANCED[..ADVANCED.len() - 20].to_owned()),
        ("laughs.xml", laughs),
        ("deep.xml", deep),
        ("wide.xml", wide),
        ("long.xml", long),
        ("tag.xml", tag),
        ("nameless.xml", ADVANCED.replace("NamePartValue", "Other")),
        ("unlisted.xml", ADVANCED.replace("ProfileID=\"4\"", "ProfileID=\"5\"")),
        ("undescribed.xml", ADVANCED.replace("<PartyType ", "<Other ").replace("</PartyType>", "</Other>")),
        ("idle.xml", ADVANCED.replace("CUBA", "")),
        ("day.xml", ADVANCED.replace("<Month>10<", "<Month>13<")),
        ("twice.xml", ADVANCED.replace("FixedRef=\"4\"", "FixedRef=\"3\"")),
    ] {
        bench.write(name, text);
        let line =
            refused(&bench, &format!("import ofac-advanced {name} --observed-at 2024-03-05T00:00:00Z"));
        writeln!(told, "{line}").unwrap();
    }
    expect![[r#"
        cut.xml: not applied: byte 8482: syntax error: tag not closed: `>` not found before end of input; nobody was delisted
        laughs.xml: not applied: byte 70: it declares a document type, as no list does; nobody was delisted
        deep.xml: not applied: byte 2320: it nests without end; nobody was delisted
        wide.xml: not applied: byte 1051090: a record is longer than 1048576 bytes; nobody was delisted
        long.xml: not applied: byte 1056768: I/O error: a tag or a text is longer than 1048576 bytes; nobody was delisted
        tag.xml: not applied: byte 1056768: I/O error: a tag or a text is longer than 1048576 bytes; nobody was delisted
        nameless.xml: not applied: byte 5206: 1 has no name; nobody was delisted
        unlisted.xml: not applied: byte 8440: an entry is of profile `5`, which the file does not describe; nobody was delisted
        undescribed.xml: not applied: byte 5262: the file does not say what PartyType `1` is; nobody was delisted
        idle.xml: not applied: byte 8436: the entry of profile 4 names no programme; nobody was delisted
        day.xml: not applied: byte 8109: `2001-13-31` is no date; nobody was delisted
        twice.xml: not applied: two of its records have the id ofac:3; nobody was delisted
    "#]].assert_eq(&told);
}

/// A frame of zstd (RFC 8878) that says little and unfolds to so many times 128 KiB of `7`.
fn swollen(blocks: usize) -> Vec<u8> {
    // The magic number, no flags, a window of 128 KiB; then blocks of one byte, repeated.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    for number in 1..=blocks {
        let header = ((128 * 1024) << 3) | (1 << 1) | u32::from(number == blocks);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b'7');
    }
    frame
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

/// `sdn.csv.zst` was packed by the program `zstd`.
#[test]
fn a_list_packed_with_zstd_is_the_list() {
    let (plain, packed) = (Bench::new(), Bench::new());
    plain.write("sdn.csv", include_bytes!("../data/sdn.csv"));
    packed.write("sdn.csv", include_bytes!("../data/sdn.csv.zst"));
    for bench in [&plain, &packed] {
        bench.ok("import ofac-sdn sdn.csv --observed-at 2024-03-04T00:00:00Z");
    }
    let sanctions = |bench: &Bench| table(&bench.ok("state --register sanction --as-of 2024-03-04"));
    assert!(sanctions(&plain).contains("USA → ofac:"));
    assert_eq!(sanctions(&packed), sanctions(&plain));
}

/// What is packed is never unpacked beyond reason, and what is cut while packed is no edition.
#[test]
fn packed_files_that_cannot_be_trusted_delist_nobody() {
    let bench = Bench::new();
    bench.write("advanced.xml", ADVANCED);
    bench.ok("import ofac-advanced advanced.xml --observed-at 2024-03-04T18:43:38Z");
    let (whole, zst) = (gzip(ADVANCED.as_bytes()), include_bytes!("../data/sdn.csv.zst"));
    let mut told = String::new();
    for (name, format, bytes) in [
        ("bomb.zst", "ofac-sdn", swollen(512)),
        ("bomb.xml.zst", "ofac-advanced", swollen(512)),
        ("cut.xml.gz", "ofac-advanced", whole[..whole.len() / 2].to_vec()),
        ("cut.csv.zst", "ofac-sdn", zst[..zst.len() / 2].to_vec()),
        ("twice.xml.gz", "ofac-advanced", gzip(&whole)),
    ] {
        bench.write(name, bytes);
        let line = refused(&bench, &format!("import {format} {name} --observed-at 2024-03-05T00:00:00Z"));
        writeln!(told, "{line}").unwrap();
    }
    expect![[r#"
        bomb.zst: not applied: it cannot be read to its end: it unfolds beyond all reason; nobody was delisted
        bomb.xml.zst: not applied: byte 1048576: I/O error: a tag or a text is longer than 1048576 bytes; nobody was delisted
        cut.xml.gz: not applied: byte 2456: I/O error: incomplete deflate stream; nobody was delisted
        cut.csv.zst: not applied: it cannot be read to its end: Failed to parse block header: BlockContentReadError(Error { kind: UnexpectedEof, message: "failed to fill whole buffer" }); nobody was delisted
        twice.xml.gz: not applied: byte 21: cannot decode input using UTF-8: invalid utf-8 sequence of 1 bytes from index 1; nobody was delisted
    "#]].assert_eq(&told);
}

#[test]
fn a_line_of_entities_without_end_is_refused() {
    let bench = Bench::new();
    bench.write("long.json", format!("{{\"id\":\"{}\"}}", "x".repeat(5_000_000)));
    bench.write(
        "deep.json",
        format!("{{\"id\":\"a\",\"schema\":\"Person\",\"properties\":{{\"x\":{}", "[".repeat(200_000)),
    );
    bench.write(
        "latin.json",
        b"{\"id\":\"a\",\"schema\":\"Person\",\"properties\":{\"name\":[\"Jos\xe9\"]}}\n",
    );
    let import = |file: &str| {
        refused(
            &bench,
            &format!("import ftm {file} --source A --publisher UN --observed-at 2024-03-05T00:00:00Z"),
        )
    };
    let told = ["long.json", "deep.json", "latin.json"].map(import).join("\n");
    expect![[r#"
        long.json: not applied: line 1 is longer than 4194304 bytes; nobody was delisted
        deep.json: not applied: line 1: EOF while parsing a list at line 1 column 200046; nobody was delisted
        latin.json: not applied: line 1: invalid unicode code point at line 1 column 55; nobody was delisted"#]].assert_eq(&told);
}

/// The days between which somebody was listed, and how many were.
fn days(bench: &Bench, actor: &str, as_of: &str) -> (usize, String, String) {
    let answer =
        bench.ok(&format!("state --register sanction --actor {actor} --as-of {as_of} --format json"));
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let since = |standing: &serde_json::Value| standing["since"].as_str().unwrap().to_owned();
    let days: Vec<String> = answer["standings"].as_array().unwrap().iter().map(since).collect();
    (days.len(), days.iter().min().unwrap().clone(), days.iter().max().unwrap().clone())
}

#[test]
fn the_list_of_canada_is_read_whole() {
    let Some(file) = real("canada_sema/canada_sema_2025.xml") else { return };
    let bench = Bench::new();
    let import = |at: &str| bench.ok(&format!("import canada-sema '{}' --observed-at {at}", file.display()));
    let text = std::fs::read_to_string(&file).unwrap();
    let records = text.matches("<record>").count();
    let out = import("2025-12-01T00:00:00Z");
    assert!(
        out.contains(&format!("{records} entries, observed at 2025-12-01T00:00:00Z: {records} newly listed")),
        "{out}"
    );
    let told = text.split("<DateOfListing>").skip(1).map(|rest| rest[..10].to_owned());
    let told: std::collections::BTreeSet<String> = told.collect();
    let (first, last) = (told.first().unwrap().clone(), told.last().unwrap().clone());
    assert_eq!(days(&bench, "CAN", "2025-12-01"), (records, first, last));
    assert!(import("2025-12-02T00:00:00Z").contains("nothing changed"));
}

#[test]
fn the_consolidated_list_of_the_treasury_is_read_whole() {
    let Some(file) = real("ofac_consolidated/ofac_consolidated_2018-04-06.xml") else { return };
    let bench = Bench::new();
    let import = |at: &str| bench.ok(&format!("import ofac-xml '{}' --observed-at {at}", file.display()));
    let text = std::fs::read_to_string(&file).unwrap();
    let records = text.matches("<sdnEntry>").count();
    let out = import("2018-04-06T00:00:00Z");
    assert!(
        out.contains(&format!("{records} entries, observed at 2018-04-06T00:00:00Z: {records} newly listed")),
        "{out}"
    );
    let listed = days(&bench, "USA", "2018-04-06");
    let programmes = text.matches("<program>").count();
    assert_eq!(listed, (programmes, "../2018-04-06".to_owned(), "../2018-04-06".to_owned()));
    assert!(import("2018-04-07T00:00:00Z").contains("nothing changed"));
    let finance = bench.ok("state --register sanction --actor USA --as-of 2018-04-06");
    assert!(finance.contains("regime UKRAINE-EO13662, measure finance"), "the directives under EO 13662");
}
