//! Who is meant by a name, and who of a list of names stands on which list.

use expect_test::expect;

use crate::bench::Bench;

/// A ledger with three people, one of them listed for a time.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write(
        "acts.jsonl",
        r#"{"kind":"entity.created","subject":"p:1","party":"person","name":"LUKASHENKO, Aleksandr Grigoryevich","codes":{"un":"BLi.001"}}
{"kind":"entity.alias_added","subject":"p:1","name":"Александр Лукашенко"}
{"kind":"entity.created","subject":"p:2","party":"person","name":"Jane Doe"}
{"kind":"entity.renamed","subject":"p:2","effective":"2020-01-01","name":"Jane Roe"}
{"kind":"entity.created","subject":"p:3","party":"person","name":"José Nuñez"}
{"kind":"sanction.imposed","actor":"USA","subject":"p:1","regime":"BELARUS","measures":["asset_freeze"],"effective":"2006-06-19"}
{"kind":"sanction.lifted","actor":"USA","subject":"p:1","regime":"BELARUS","measures":["asset_freeze"],"effective":"2021"}
"#,
    );
    bench.ok("append --file acts.jsonl --recorded-at 2024-01-01T00:00:00Z");
    bench
}

#[test]
fn a_name_is_found_as_people_write_it() {
    let bench = bench();
    let mut told = String::new();
    for name in [
        "p:1",
        "BLi.001",
        "Jane Doe",
        "nunez jose",
        "Aliaksandr Lukashenka",
        "Alexandr Lukaschenko",
        "Лукашенко",
        "Qwerty",
    ] {
        told.extend([name, "\n"]);
        let found = bench.ok(&format!("find '{name}' --as-of 2024 --format csv"));
        told.extend(found.lines().skip(1).map(|line| format!("  {line}\n")));
    }
    expect![[r#"
        p:1
          p:1,"LUKASHENKO, Aleksandr Grigoryevich",person,id,p:1,1.00
        BLi.001
          p:1,"LUKASHENKO, Aleksandr Grigoryevich",person,code,un:BLi.001,1.00
        Jane Doe
          p:2,Jane Roe,person,name of another day,Jane Doe,1.00
        nunez jose
          p:3,José Nuñez,person,same words in another order,José Nuñez,1.00
        Aliaksandr Lukashenka
          p:1,"LUKASHENKO, Aleksandr Grigoryevich",person,spelt nearly so,Александр Лукашенко,0.92
        Alexandr Lukaschenko
          p:1,"LUKASHENKO, Aleksandr Grigoryevich",person,spelt nearly so,Александр Лукашенко,0.95
        Лукашенко
          p:1,"LUKASHENKO, Aleksandr Grigoryevich",person,"every word, and more",Александр Лукашенко,0.96
        Qwerty
    "#]]
    .assert_eq(&told);
    assert!(
        bench
            .ok("find 'Jane Doe' --known-at 2000-01-01 --as-of 2024")
            .contains("No party is called Jane Doe")
    );
}

#[test]
fn a_screening_can_be_shown_years_later() {
    let bench = bench();
    bench.write("list.csv", "id,name\n,Aleksandr Lukashenko\np:2,\n,Qwerty\n");
    let ask = "screen list.csv --as-of 2019-12-31 --known-at 2024-01-01 --format csv";
    let answer = bench.ok(ask);
    expect![[r#"
        line,sought,party,name,why,likeness,register,by,under,value,certainty,since,until,entries,as_of,known_at,head
        2,Aleksandr Lukashenko,p:1,"LUKASHENKO, Aleksandr Grigoryevich",alias,1.00,sanction,USA,BELARUS asset_freeze,in_force,certain,2006-06-19,,#531,2019-12-31,#532,6d6134e4a8549d0d55a3874e4f1c80264b7130997b1df2f5ecc569a14587d03f
        3,p:2,p:2,Jane Doe,id,1.00,,,,not listed,,,,,2019-12-31,#532,6d6134e4a8549d0d55a3874e4f1c80264b7130997b1df2f5ecc569a14587d03f
        4,Qwerty,,,,,,,,no such party,,,,,2019-12-31,#532,6d6134e4a8549d0d55a3874e4f1c80264b7130997b1df2f5ecc569a14587d03f
    "#]].assert_eq(&answer);
    bench.ok("append entity.created --subject p:4 --party person --name 'Qwerty' --recorded-at 2024-05-01T00:00:00Z");
    assert_eq!(bench.ok(ask), answer);
    let later = bench.ok("screen list.csv --as-of 2021-06-01");
    expect![[r#"
        LINE  SOUGHT                PARTY  NAME                                WHY    BY   UNDER                 VALUE       CERTAINTY  SINCE       ENTRIES
        2     Aleksandr Lukashenko  p:1    LUKASHENKO, Aleksandr Grigoryevich  alias  USA  BELARUS asset_freeze  in_force    possible   2006-06-19  #531
        3     p:2                   p:2    Jane Roe                            id                                not listed
        4     Qwerty                p:4    Qwerty                              name                              not listed

        as of 2021-06-01 (inclusive) · known at #533 33d4a3d8322e83ad… · list blake3:cc918b451dadb0cc…
    "#]].assert_eq(&later);
}
