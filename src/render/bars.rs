//! Bars over years: what stood when, one line a register.
//!
//! A full bar stands, a hatched one may stand, a dotted one has ended or is suspended, a `!` marks what someone
//! contests. Plain ASCII where the terminal is not UTF-8.

use ledger::Day;
use ledger::standing::value::Phase;
use ledger::standing::{Found, Interval};

use super::standing::{between, key_words};

/// How many characters the years take.
const WIDTH: usize = 60;

struct Marks {
    stands: char,
    may_stand: char,
    ended: char,
    contested: char,
}

const DRAWN: Marks = Marks { stands: '█', may_stand: '▒', ended: '·', contested: '!' };
const PLAIN: Marks = Marks { stands: '#', may_stand: '?', ended: '.', contested: '!' };

/// The lines of the picture, the years above.
pub(crate) fn draw(told: &[(Found<'_>, Vec<Interval>)], as_of: Day, ascii: bool) -> Vec<String> {
    let marks = if ascii { &PLAIN } else { &DRAWN };
    let first_days =
        told.iter().filter_map(|(_, intervals)| intervals.iter().find_map(|interval| interval.from));
    let Some(first) = first_days.min().map(Day::year) else { return Vec::new() };
    let years = Years { first, count: (i32::from(as_of.year()) - i32::from(first) + 1).max(1) };
    let names: Vec<String> = told.iter().map(|(found, _)| name(found)).collect();
    let margin = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let mut lines = vec![format!("{:margin$}  {}", "", years.scale())];
    for ((found, intervals), name) in told.iter().zip(names) {
        let bar: String =
            (0..WIDTH).map(|column| mark(found, intervals, years.day(column, as_of), marks)).collect();
        lines.push(format!("{name:margin$}  {}", bar.trim_end()));
    }
    let legend = [
        (marks.stands, "stands"),
        (marks.may_stand, "may stand"),
        (marks.ended, "ended or suspended"),
        (marks.contested, "contested"),
    ];
    let legend: Vec<String> = legend.iter().map(|(mark, words)| format!("{mark} {words}")).collect();
    lines.push(format!("{:margin$}  {}", "", legend.join("   ")));
    lines
}

struct Years {
    first: i16,
    count: i32,
}

impl Years {
    /// The last day of the span that a column stands for.
    fn day(&self, column: usize, as_of: Day) -> Day {
        let whole = i32::try_from(column + 1).unwrap_or(0) * self.count;
        let width = i32::try_from(WIDTH).unwrap_or(1);
        let year = i32::from(self.first) + (whole - 1) / width;
        // Within a year, the share of its days that the column reaches.
        let share = (whole - 1) % width + 1;
        let day_of_year = if self.count >= width { 365 } else { (share * 365 / width).clamp(1, 365) };
        let january = i16::try_from(year).ok().and_then(|year| Day::new(year, 1, 1).ok());
        let day = january.and_then(|day| day.checked_add(jiff::Span::new().days(day_of_year - 1)).ok());
        day.unwrap_or(as_of).min(as_of)
    }

    /// The first year, the last, and some between, each above its column.
    fn scale(&self) -> String {
        let mut scale = String::new();
        let step = (self.count / 6).max(1);
        for offset in (0..self.count).step_by(usize::try_from(step).unwrap_or(1)) {
            let column =
                usize::try_from(offset).unwrap_or(0) * WIDTH / usize::try_from(self.count).unwrap_or(1);
            let year = (i32::from(self.first) + offset).to_string();
            if column >= scale.chars().count() && column + year.len() <= WIDTH {
                scale.push_str(&" ".repeat(column - scale.chars().count()));
                scale.push_str(&year);
                scale.push(' ');
            }
        }
        scale.trim_end().to_owned()
    }
}

fn mark(found: &Found<'_>, intervals: &[Interval], day: Day, marks: &Marks) -> char {
    let on_day = |interval: &&Interval| {
        interval.from.is_none_or(|from| from <= day) && interval.to.is_none_or(|to| day <= to)
    };
    let Some(interval) = intervals.iter().find(on_day) else { return ' ' };
    let standing = interval.outcomes.iter().filter(|outcome| outcome.value.phase() == Phase::Begin).count();
    let contested = found.timeline.moves().any(|step| {
        let rests = interval.outcomes.iter().any(|outcome| outcome.basis.contains(&step.number));
        rests && step.contested().next().is_some()
    });
    match (standing, interval.outcomes.len()) {
        _ if contested => marks.contested,
        (0, _) => marks.ended,
        (some, all) if some == all => marks.stands,
        _ => marks.may_stand,
    }
}

fn name(found: &Found<'_>) -> String {
    let more = key_words(&found.key);
    let more = if more.is_empty() { more } else { format!(" ({more})") };
    format!("{} {}{more}", found.key.register.word(), between(&found.key))
}
