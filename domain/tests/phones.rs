//! Ten thousand valid numbers of all regions, in all spellings: each becomes what libphonenumber makes of it
//! (`phones/generate.py`), and no two numbers become one.

use domain::phone_number::{PhoneNumber, former::Suspicion};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A number of the corpus.
struct Sample<'c> {
    region: &'c str,
    /// The region's trunk prefix, empty if it has none.
    trunk: &'c str,
    /// As libphonenumber formats it: `+380 44 123 4567`.
    formatted: &'c str,
    /// Spellings that lead elsewhere than to the number; `-` is nowhere.
    elsewhere: HashMap<char, &'c str>,
}

fn corpus() -> Vec<Sample<'static>> {
    let (mut region, mut trunk, mut samples) = ("", "", vec![]);
    for line in include_str!("phones/numbers.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(head) = line.strip_prefix('=') {
            (region, trunk) = head.split_once(' ').unwrap_or((head, ""));
            continue;
        }
        let mut fields = line.split('\t');
        let formatted = fields.next().expect("a number");
        let elsewhere = fields.map(|field| {
            let (letter, leads) = field.split_once('=').expect("letter=number");
            (letter.chars().next().expect("a letter"), leads)
        });
        samples.push(Sample { region, trunk, formatted, elsewhere: elsewhere.collect() });
    }
    samples
}

impl Sample<'_> {
    fn itself(&self) -> String {
        format!("+{}", digits(self.formatted))
    }

    /// The rules of `generate.py`.
    fn spellings(&self) -> Vec<(char, String)> {
        let number = self.formatted;
        let (head, rest) = number.split_once(' ').expect("a country code");
        let (group, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        let spaced = |between: &str| number.replace(' ', between);
        let mut made = vec![
            ('a', self.itself()),
            ('b', number.to_owned()),
            ('c', spaced("-")),
            ('d', spaced(".")),
            ('e', spaced("/")),
            ('f', format!("({head}) {rest}")),
            ('g', format!("[{head}]{rest}")),
            ('i', format!("tel:{}", spaced("-"))),
            ('j', format!("tel:{};phone-context={head}", rest.replace(' ', "-"))),
            ('k', mapped(number, |c| char::from_u32(0xfee0 + c as u32).filter(|_| c != ' '))),
            ('l', format!("\u{202a}{}\u{202c}", spaced("\u{a0}"))),
            ('m', dashed(number)),
            ('n', number.chars().map(String::from).collect::<Vec<_>>().join("\u{200b}")),
            ('o', format!("00{}", &number[1..])),
            ('p', mapped(number, |c| char::from_u32(0x660 + c.to_digit(10)?))),
            ('q', format!("{head} ({group}) {tail}")),
            ('r', spaced("\u{2009}\u{3000}")),
            ('s', format!("8~10 {}", &number[1..])),
            ('t', digits(number)),
        ];
        if !self.trunk.is_empty() {
            made.push(('h', format!("{head} ({}){rest}", self.trunk)));
        }
        if head == "+7" {
            made.push(('u', format!("8 ({group}) {tail}")));
            made.push(('v', rest.to_owned()));
        }
        made
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn mapped(text: &str, other: impl Fn(char) -> Option<char>) -> String {
    text.chars().map(|c| other(c).unwrap_or(c)).collect()
}

fn dashed(text: &str) -> String {
    let dashes: Vec<char> = "‐‑‒–—−﹣－".chars().collect();
    text.chars().enumerate().map(|(n, c)| if c == ' ' { dashes[n % dashes.len()] } else { c }).collect()
}

fn read(text: &str) -> Option<String> {
    PhoneNumber::parse(text).ok().map(|number| number.as_str().to_owned())
}

#[test]
fn every_spelling_parses_as_in_libphonenumber() {
    let corpus = corpus();
    let regions: HashSet<&str> = corpus.iter().map(|sample| sample.region).collect();
    assert_eq!((regions.len(), corpus.len() >= 10_000), (246, true), "245 regions, and numbers of none");
    let (mut wrong, mut tried) = (vec![], 0);
    for sample in &corpus {
        let itself = sample.itself();
        for (letter, spelling) in sample.spellings() {
            let expected = match sample.elsewhere.get(&letter) {
                Some(&"-") => None,
                Some(&leads) => Some(leads.to_owned()),
                None => Some(itself.clone()),
            };
            let got = read(&spelling);
            tried += 1;
            if got != expected {
                wrong.push(format!("{} {letter} {spelling}: {got:?}, not {expected:?}", sample.region));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}

#[test]
fn distinct_numbers_stay_distinct() {
    let corpus = corpus();
    let mut owners: HashMap<String, String> = HashMap::new();
    for sample in &corpus {
        let itself = sample.itself();
        let became = read(sample.formatted).expect("a valid number");
        assert_eq!(became, itself);
        let other = owners.insert(became, itself.clone());
        assert!(other.is_none(), "{itself} and {other:?}");
    }
}

#[test]
fn leading_eight_is_dropped_only_where_it_is_the_trunk_prefix() {
    let mut dropped = BTreeSet::new();
    for sample in corpus().iter().step_by(7) {
        let (head, rest) = sample.formatted.split_once(' ').expect("a country code");
        if read(&format!("{head}8{}", digits(rest))) == Some(sample.itself()) {
            dropped.insert(head);
        }
    }
    // Russia and Kazakhstan, Lithuania, Belarus, Turkmenistan: these alone, says libphonenumber.
    assert_eq!(dropped, BTreeSet::from(["+7", "+370", "+375", "+993"]));
}

#[test]
fn valid_numbers_are_hardly_ever_suspicious() {
    let corpus = corpus();
    let home: Vec<_> = corpus.iter().filter(|sample| sample.formatted.starts_with("+7 9")).collect();
    assert!(!home.is_empty());
    for sample in home {
        assert_eq!(Suspicion::of(&sample.itself()), None, "{}", sample.formatted);
    }
    // A number that is assigned is at worst listed as one that may be right.
    for sample in corpus.iter().step_by(5) {
        let found = Suspicion::of(&sample.itself());
        assert!(found.as_ref().is_none_or(Suspicion::may_be_right), "{}: {found:?}", sample.formatted);
    }
}
