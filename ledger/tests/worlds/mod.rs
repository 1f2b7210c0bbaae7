//! Synthetic registers of any size: states that recognise, relate and send missions, authorities that list targets
//! by the thousand, corrections, dates that nobody knows to the day. The same seed gives the same acts.

use ledger::Act;
use ledger::act::{Draft, Place, Submitted};
use serde_json::{Map, Value, json};

/// How a register is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// How many states there are.
    pub(crate) states: u64,
    /// How many persons and firms are listed.
    pub(crate) listed: u64,
    /// How many collectives there are.
    pub(crate) collectives: u64,
    /// Of a thousand acts, how many are about an earlier one.
    pub(crate) about: u64,
    /// Of a thousand acts, how many are about who parties are and who belongs to what.
    pub(crate) ties: u64,
    /// At most how many parties go on as another.
    pub(crate) continued: u64,
    /// Whether acts carry a claim with a source and a digest, as real ones do: some 330 bytes an act.
    pub(crate) claims: bool,
}

impl Shape {
    /// 200 states, a listed party for every ten acts up to 100,000, two corrections in a hundred acts.
    #[allow(dead_code, reason = "not every user of this file makes large registers")]
    pub(crate) fn real(acts: u64) -> Self {
        let listed = (acts / 10).clamp(10, 100_000);
        Self { states: 200, listed, collectives: 12, about: 20, ties: 2, continued: 20, claims: true }
    }
}

/// The acts of a register, one after another.
pub(crate) struct World {
    shape: Shape,
    random: u64,
    /// How many acts have been made, and how many parties have gone on as another.
    made: u64,
    continued: u64,
    /// For each act whether another may be about it, and whether it is itself about one.
    past: Vec<Past>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Past {
    Declares,
    Moves,
    IsAbout,
}

impl World {
    pub(crate) fn new(shape: Shape, seed: u64) -> Self {
        Self {
            shape,
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            made: 0,
            continued: 0,
            past: Vec::new(),
        }
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % limit.max(1)
    }

    /// Few are chosen often: the square of an even chance.
    fn skewed(&mut self, limit: u64) -> u64 {
        let even = self.below(1 << 20);
        (((even * even) >> 20) * limit) >> 20
    }

    fn state(&mut self) -> String {
        let place = self.skewed(self.shape.states);
        state(place)
    }

    fn other_state(&mut self, than: &str) -> String {
        loop {
            let other = self.state();
            if other != than {
                return other;
            }
        }
    }

    fn listed(&mut self) -> String {
        let place = self.below(self.shape.listed);
        format!("list:{place}")
    }

    fn collective(&mut self) -> String {
        let place = self.below(self.shape.collectives);
        format!("ORG{place}")
    }

    /// A day of eighty years; one in twenty is not known to the day.
    fn date(&mut self) -> String {
        let year = 1945 + self.below(81);
        let (month, day) = (1 + self.below(12), 1 + self.below(28));
        match self.below(60) {
            0 => format!("{year}"),
            1 => format!("{year}-{month:02}"),
            2 => format!("{year}/{}", year + 1),
            _ => format!("{year}-{month:02}-{day:02}"),
        }
    }

    fn pick<'w>(&mut self, words: &[&'w str]) -> &'w str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }

    /// The next act, as the fields of a line.
    pub(crate) fn next_act(&mut self) -> Map<String, Value> {
        let parties = self.shape.states + self.shape.collectives + self.shape.listed;
        let number = self.made + 1;
        let (past, mut act) = if self.made < parties {
            (Past::Declares, self.declaration())
        } else if self.below(1000) < self.shape.about {
            self.about()
        } else if self.below(1000) < self.shape.ties {
            (Past::Moves, self.tie())
        } else {
            (Past::Moves, self.deed())
        };
        act.insert("id".to_owned(), format!("act-{number}").into());
        if self.shape.claims {
            let digest = blake3::hash(&(number / 7).to_le_bytes()).to_hex();
            let claim = json!({
                "source": "Official Journal, series L", "url": format!("https://journal.example/oj/L/{number}"),
                "published": "2024-05-06", "locator": format!("no. {}, p. {}", number / 100, number % 100),
                "digest": format!("blake3:{digest}"),
            });
            act.insert("claims".to_owned(), json!([claim]));
        }
        self.past.push(past);
        self.made = number;
        act
    }

    fn declaration(&mut self) -> Map<String, Value> {
        let place = self.made;
        let (subject, party, name) = if place < self.shape.states {
            (state(place), "state", format!("State of {place}"))
        } else if place < self.shape.states + self.shape.collectives {
            let place = place - self.shape.states;
            (format!("ORG{place}"), "organisation", format!("Organisation {place}"))
        } else {
            let place = place - self.shape.states - self.shape.collectives;
            (format!("list:{place}"), "person", format!("Person of Interest {place}"))
        };
        fields(json!({ "kind": "entity.created", "subject": subject, "party": party, "name": name }))
    }

    fn deed(&mut self) -> Map<String, Value> {
        let date = self.date();
        let actor = self.state();
        let dice = self.below(100);
        let act = if dice < 48 {
            let imposer = if self.below(4) == 0 { self.collective() } else { actor };
            let regime = format!("Regime {}", self.below(8));
            let kind = self.pick(&[
                "sanction.imposed",
                "sanction.imposed",
                "sanction.renewed",
                "sanction.suspended",
                "sanction.lifted",
            ]);
            let measures = self.pick(&["asset_freeze", "travel_ban", "trade_embargo"]);
            json!({ "kind": kind, "actor": imposer, "subject": self.listed(), "regime": regime, "measures": [measures] })
        } else if dice < 64 {
            let kind = self.pick(&["terror.designated", "terror.designated", "terror.delisted"]);
            json!({ "kind": kind, "actor": actor, "subject": self.listed(), "list": "Proscribed" })
        } else if dice < 66 {
            self.licence(&actor)
        } else {
            self.between_states(&actor, dice)
        };
        let mut act = fields(act);
        if act["kind"] == "sanction.imposed" && self.below(10) == 0 {
            act.insert("until".to_owned(), "2030-12-31".into());
        }
        act.insert("effective".to_owned(), date.into());
        act
    }

    fn licence(&mut self, actor: &str) -> Value {
        let (regime, licence) = (format!("Regime {}", self.below(8)), format!("Licence {}", self.below(40)));
        match self.below(6) {
            0 => json!({ "kind": "regime.terminated", "actor": actor, "regime": regime }),
            1 => json!({ "kind": "regime.created", "actor": actor, "regime": regime }),
            2 => json!({ "kind": "licence.revoked", "actor": actor, "regime": regime, "licence": licence }),
            3 => json!({
                "kind": "licence.granted", "actor": actor, "regime": regime, "licence": licence, "subject": self.listed()
            }),
            _ => json!({ "kind": "licence.granted", "actor": actor, "regime": regime, "licence": licence }),
        }
    }

    fn between_states(&mut self, actor: &str, dice: u64) -> Value {
        let subject = self.other_state(actor);
        let kind = match dice {
            66..72 => self.pick(&["recognition.state", "recognition.state", "recognition.withdrawn"]),
            72..80 => self.pick(&[
                "relations.established",
                "relations.severed",
                "relations.restored",
                "relations.suspended",
            ]),
            80..84 => self.pick(&["consular.established", "consular.severed"]),
            _ => self.pick(&["mission.opened", "mission.closed", "mission.suspended", "mission.resumed"]),
        };
        json!({ "kind": kind, "actor": actor, "subject": subject })
    }

    /// Who goes on as whom, who belongs to what.
    fn tie(&mut self) -> Map<String, Value> {
        let (actor, date) = (self.state(), self.date());
        let act = if self.below(12) == 0 && self.continued < self.shape.continued {
            self.continued += 1;
            let subject = self.other_state(&actor);
            json!({ "kind": "entity.continued_by", "actor": actor, "subject": subject, "effective": date })
        } else {
            let kind = self.pick(&["membership.joined", "membership.left", "binding.began", "binding.ended"]);
            json!({ "kind": kind, "actor": actor, "subject": self.collective(), "effective": date })
        };
        fields(act)
    }

    /// An act about an earlier one: mostly about a recent one.
    fn about(&mut self) -> (Past, Map<String, Value>) {
        let (number, past) = loop {
            let back = 1 + self.below(self.made.min(5000));
            let number = self.made + 1 - back;
            let past = self.past[usize::try_from(number - 1).unwrap()];
            if past != Past::Declares {
                break (number, past);
            }
            if self.past.iter().rev().take(64).all(|past| *past == Past::Declares) {
                return (Past::Moves, self.deed());
            }
        };
        let target = if self.below(3) == 0 { format!("#{number}") } else { format!("act-{number}") };
        let dice = self.below(10);
        let act = if past == Past::IsAbout {
            json!({ "kind": "act.retracted", "act": target })
        } else {
            match dice {
                0..4 => {
                    json!({ "kind": "act.corrected", "act": target, "set": { "effective": self.date() } })
                }
                4..6 => json!({ "kind": "act.corrected", "act": target, "set": { "actor": self.state() } }),
                6 => json!({ "kind": "act.retracted", "act": target }),
                7 => json!({ "kind": "act.disputed", "act": target, "actor": self.state() }),
                8 => json!({ "kind": "act.denied", "act": target, "actor": self.state() }),
                _ => json!({ "kind": "act.rescheduled", "act": target, "effective": self.date() }),
            }
        };
        (Past::IsAbout, fields(act))
    }

    /// The next act, ready to be recorded.
    #[allow(dead_code, reason = "not every user of this file records acts in process")]
    pub(crate) fn next_submitted(&mut self) -> Submitted {
        let fields = self.next_act();
        let line = usize::try_from(self.made).unwrap();
        let mut draft = Draft::new(line);
        for (name, value) in fields.clone() {
            draft.push(&name, value, Place { line, column: 0 });
        }
        Act::read(draft).unwrap_or_else(|problems| panic!("{fields:?}: {problems:?}")).into()
    }
}

/// The id of a state: three letters.
pub(crate) fn state(place: u64) -> String {
    let letter = |n: u64| char::from(b'A' + u8::try_from(n % 26).unwrap());
    [letter(place / 26), letter(place), letter(place / 7)].into_iter().collect()
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(fields) = value { fields } else { Map::new() }
}
